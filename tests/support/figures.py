"""Measured figures: a readable table on the terminal, and the same as records in `build/`."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from statistics import median
from typing import Literal

from rich.console import Console
from rich.table import Table

BUILD = Path(__file__).resolve().parents[2] / "build"


@dataclass(frozen=True, slots=True)
class Figure:
    """One measured value. `target` is told as text ("≥ 0.9"), None for a value without one."""

    name: str
    value: float
    unit: str
    target: str | None = None
    met: bool | None = None
    range: tuple[float, float] | None = None
    rounds: int = 1


def over_rounds(
    name: str,
    values: Sequence[float],
    unit: str,
    *,
    at_least: float | None = None,
    at_most: float | None = None,
) -> Figure:
    """The median of several rounds with its range, judged by the median."""
    middle = median(values)
    target, met = None, None
    if at_least is not None:
        target, met = f"≥ {at_least:g}", middle >= at_least
    elif at_most is not None:
        target, met = f"≤ {at_most:g}", middle <= at_most
    return Figure(name, middle, unit, target, met, (min(values), max(values)), len(values))


def publish(kind: Literal["bench", "prove"], name: str, figures: Sequence[Figure]) -> Path:
    """Print `figures` as a table and write them to `build/<kind>/<name>.json`; returns that path."""
    table = Table("figure", "value", "unit", "target", "met", "range", "rounds", title=name)
    for figure in figures:
        low_high = f"{figure.range[0]:.4g} - {figure.range[1]:.4g}" if figure.range else ""
        met = {True: "yes", False: "NO", None: ""}[figure.met]
        table.add_row(
            figure.name, f"{figure.value:.4g}", figure.unit, figure.target or "", met, low_high,
            str(figure.rounds),
        )  # fmt: skip
    Console().print(table)
    path = BUILD / kind / f"{name}.json"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps([asdict(figure) for figure in figures], indent=2) + "\n")
    return path
