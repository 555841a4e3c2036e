"""The dashboards as Grafana would read them: their panels, queries and variables."""

from __future__ import annotations

import functools
import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

FOLDER: Final = Path(__file__).parents[2] / "deploy" / "grafana" / "dashboards"


@dataclass(frozen=True, slots=True)
class Asked:
    """One query of a panel. `empty`: what the panel shows when it finds no series; `at_once`: only the
    end of the period is asked for, else its whole course.
    """

    board: str
    panel: str
    expr: str
    empty: str = ""
    at_once: bool = True

    def resolved(self, *, period: str, window: str, chosen: str = ".*") -> str:
        """As Grafana sends it: over `period`, rates over `window`, every variable at `chosen`."""
        expr = self.expr.replace("$__range", period).replace("$__rate_interval", window)
        for name in variables(self.board):
            expr = expr.replace(f"${name}", chosen)
        return expr


@functools.cache
def boards() -> dict[str, dict[str, Any]]:
    """Every dashboard, by its file's name without ending."""
    return {
        path.stem: json.loads(path.read_text("utf-8")) for path in sorted(FOLDER.glob("*.json"))
    }


def panels(board: str) -> list[dict[str, Any]]:
    """The panels of a dashboard, rows left out."""
    return [panel for panel in boards()[board]["panels"] if panel["type"] != "row"]


def variables(board: str) -> dict[str, dict[str, Any]]:
    """The variables of a dashboard, by name."""
    return {one["name"]: one for one in boards()[board]["templating"]["list"]}


def asked() -> Iterator[Asked]:
    """Every query of every panel of every dashboard."""
    for board in boards():
        for panel in panels(board):
            empty = panel.get("fieldConfig", {}).get("defaults", {}).get("noValue", "")
            for target in panel.get("targets", []):
                yield Asked(board, panel["title"], target["expr"], empty, target["instant"])
