"""The results of a simulation: a table for each way of working, and the figures."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from statistics import median
from typing import Final

from rich.console import Console
from rich.table import Table

from tests.support.figures import Figure, over_rounds

from .desk import Model
from .measures import Quality, ratio
from .plot import Sweep
from .rivals import LEAST_LOADED, OURS

#: What our share of late tickets may be of least-loaded's.
MOST: Final = 0.5

MEASURES: Final[Mapping[str, tuple[str, Callable[[Quality], float]]]] = {
    "late": ("%", lambda one: 100 * one.late),
    "late first response": ("%", lambda one: 100 * one.late_response),
    "late resolution": ("%", lambda one: 100 * one.late_resolution),
    "late, critical only": ("%", lambda one: 100 * one.critical_late),
    "mean wait": ("min", lambda one: one.mean_wait),
    "p95 wait": ("min", lambda one: one.p95_wait),
    "Gini of work": ("", lambda one: one.gini),
}


def tables(sweeps: Mapping[Model, Sweep]) -> None:
    """Print the medians of all rounds, by utilisation and who gives out the tickets."""
    for model, sweep in sweeps.items():
        columns = [f"{name} {unit}".strip() for name, (unit, _) in MEASURES.items()]
        table = Table("wished", "measured", "", *columns, title=f"tickets worked on {model.name}")
        for wished, found in sweep.items():
            for name, rounds in found.items():
                measured = median(one.utilisation for one in rounds)
                row = [f"{_middle(rounds, of):.4g}" for _, of in MEASURES.values()]
                table.add_row(f"{wished:.0%}", f"{measured:.1%}", name, *row)
        Console(width=150).print(table)


def figures(sweeps: Mapping[Model, Sweep], target: float) -> list[Figure]:
    """The figures of every way of working at the utilisation `target`, then late tickets at the others."""
    told = []
    for model, sweep in sweeps.items():
        told += _judged(model, target, sweep[target])
        told += [
            over_rounds(_name(model, wished, who, "late"), _values(rounds, "late"), "%")
            for wished, found in sweep.items()
            if wished != target
            for who, rounds in found.items()
        ]
    return told


def _judged(model: Model, target: float, found: Mapping[str, Sequence[Quality]]) -> list[Figure]:
    pairs = zip(found[OURS], found[LEAST_LOADED], strict=True)
    ratios = [ratio(ours.late, theirs.late, ours.tickets) for ours, theirs in pairs]
    measured = [100 * one.utilisation for one in found[OURS]]
    name = _name(model, target, OURS, "late ÷ least-loaded")
    return [
        over_rounds(name, ratios, "", at_most=MOST),
        over_rounds(_name(model, target, "all", "measured utilisation"), measured, "%"),
        *(
            over_rounds(_name(model, target, who, measure), _values(rounds, measure), unit)
            for who, rounds in found.items()
            for measure, (unit, _) in MEASURES.items()
        ),
    ]


def _name(model: Model, utilisation: float, who: str, measure: str) -> str:
    return f"{model.name}, {utilisation:.0%}, {who}: {measure}"


def _values(rounds: Sequence[Quality], measure: str) -> list[float]:
    of = MEASURES[measure][1]
    return [of(one) for one in rounds]


def _middle(rounds: Sequence[Quality], of: Callable[[Quality], float]) -> float:
    return median(map(of, rounds))
