"""Prometheus' own judge of metrics, configuration and rules."""

from __future__ import annotations

import os
import shutil

import pytest


def promtool_or_skip() -> str:
    """Where promtool is. Without one the test is skipped, but fails in CI (`.ci/debian-prometheus`)."""
    found = os.environ.get("TIERLINE_PROMTOOL") or shutil.which("promtool")
    if found is None and os.environ.get("CI") == "true":
        pytest.fail("no promtool: set TIERLINE_PROMTOOL", pytrace=False)
    if found is None:
        pytest.skip("no promtool on PATH or in TIERLINE_PROMTOOL")
    return found
