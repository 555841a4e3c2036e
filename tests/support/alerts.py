"""The alert rules, their tests and their pages, as data."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any, Final

from ruamel.yaml import YAML

ROOT: Final = Path(__file__).parents[2]
PROMETHEUS: Final = ROOT / "deploy" / "prometheus"
ALERTS: Final = PROMETHEUS / "rules" / "alerts.yml"
RECORDING: Final = PROMETHEUS / "rules" / "recording.yml"
RUNBOOK: Final = ROOT / "docs" / "operations.md"

#: The runbook's part with a page for every alert.
PAGES: Final = "\n## Alerts\n"

_ASKED: Final = re.compile(r'ALERTS\{alertname="(\w+)",alertstate="firing"\}')


@dataclass(frozen=True, slots=True)
class Page:
    """One page of the runbook: an alert's name, and what stands there."""

    alert: str
    text: str


@cache
def loaded(path: Path) -> Any:
    """A YAML file."""
    return YAML(typ="safe").load(path.read_text(encoding="utf-8"))


def rules(path: Path) -> list[dict[str, Any]]:
    """Every rule of a rule file, in its order."""
    return [rule for group in loaded(path)["groups"] for rule in group["rules"]]


def expectations() -> list[tuple[str, bool]]:
    """Every question that a promtool test asks: which alert, and whether it shall fire."""
    asked = [
        (question["expr"], bool(question["exp_samples"]))
        for path in sorted((PROMETHEUS / "tests").glob("*.yml"))
        for test in loaded(path)["tests"]
        for question in test.get("promql_expr_test", ())
    ]
    return [
        (found[1], fires) for expr, fires in asked if (found := _ASKED.fullmatch(expr)) is not None
    ]


def pages() -> list[Page]:
    """Every page about an alert, in the runbook's order."""
    _, _, alerts = RUNBOOK.read_text(encoding="utf-8").partition(PAGES)
    alerts = alerts.partition("\n## ")[0]
    return [
        Page(title, text)
        for title, _, text in (part.partition("\n") for part in alerts.split("\n### ")[1:])
    ]
