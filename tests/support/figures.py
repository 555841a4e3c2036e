"""Measured figures: a readable table on the terminal, and the same as records in `build/`."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from statistics import median
from typing import Final, Literal

import msgspec
from rich.console import Console
from rich.table import Table

#: Columns where nobody says how wide it is: names are long, and a file has room.
_IN_A_FILE: Final = 150

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


def published(kind: Literal["bench", "prove"], name: str) -> list[Figure]:
    """What the last `publish` wrote; nothing where there was none."""
    path = BUILD / kind / f"{name}.json"
    return msgspec.json.decode(path.read_bytes(), type=list[Figure]) if path.exists() else []


def publish(kind: Literal["bench", "prove"], name: str, figures: Sequence[Figure]) -> Path:
    """Print `figures` as a table and write them to `build/<kind>/<name>.json`; returns that path."""
    table = Table("figure", "value", "unit", "target", "met", "range", "rounds", title=name)
    for figure in figures:
        low_high = f"{shown(figure.range[0])} - {shown(figure.range[1])}" if figure.range else ""
        met = {True: "yes", False: "NO", None: ""}[figure.met]
        table.add_row(
            figure.name, shown(figure.value), figure.unit, figure.target or "", met, low_high,
            str(figure.rounds),
        )  # fmt: skip
    terminal = Console()
    (terminal if terminal.is_terminal else Console(width=_IN_A_FILE)).print(table)
    path = BUILD / kind / f"{name}.json"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps([asdict(figure) for figure in figures], indent=2) + "\n")
    return path


def shown(value: float) -> str:
    """Four digits, or all of a large number's."""
    return f"{value:,.0f}" if abs(value) >= 1000 else f"{value:.4g}"
