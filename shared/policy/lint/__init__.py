"""The lint: what a workflow says that cannot happen, does not count, or contradicts itself (semantics X10).

`lint(text)` reads a workflow and gives a `Report`; every kind of finding has a code in `CATALOGUE`. A check
is a function in a file of its own, listed in `linting.py`.
"""

from .catalogue import CATALOGUE, Kind, Severity
from .linting import lint
from .people import People
from .report import Found, Report

__all__ = ["CATALOGUE", "Found", "Kind", "People", "Report", "Severity", "lint"]
