"""docs/metrics.md as data: what an operator has been promised."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Final, NamedTuple

_FILE: Final = Path(__file__).parents[2] / "docs" / "metrics.md"
_ROW: Final = re.compile(r"^\| `(\w+)` \| (\w+) \| (.*?) \| (.*) \|$", re.MULTILINE)


class Documented(NamedTuple):
    """One row."""

    name: str
    kind: str
    labels: tuple[str, ...]
    meaning: str


def documented(service: str) -> list[Documented]:
    """The metrics every service has, and those of this one."""
    sections = dict(_section(part) for part in _FILE.read_text(encoding="utf-8").split("\n## ")[1:])
    return sections["Every service"] + sections[service.title()]


def _section(text: str) -> tuple[str, list[Documented]]:
    title, _, rest = text.partition("\n")
    rows = [
        Documented(name, kind, tuple(re.findall(r"`(\w+)`", labels)), meaning)
        for name, kind, labels, meaning in _ROW.findall(rest)
    ]
    return title, rows
