"""The SLA matrix as people write it: tuple keys in YAML, or the whole Python literal as a text."""

from __future__ import annotations

import ast
from collections.abc import Iterable, Mapping
from datetime import timedelta
from typing import Annotated

from pydantic import BeforeValidator, ValidationInfo

from shared.contracts.vocabulary import Priority

from .kinds import CalendarByMetric, Minutes, Section, Thresholds, complaint, names_of
from .problems import nearest
from .sla import ANY, Targets
from .source import read_matrix_text
from .vocabulary import Complaint

CellKey = tuple[str, str]


class CellSection(Section):
    """The targets of one cell: bare numbers are minutes. What a cell leaves out is looked for further
    along the chain; `next_response` is the cell's `first_response` unless it is given, and nobody is
    owed a `periodic_update` unless it is (semantics K8). `thresholds` are percents as in `sla`,
    `metric_calendars` come before those of `sla` (C5).
    """

    first_response: Minutes | None = None
    next_response: Minutes | None = None
    resolution: Minutes | None = None
    periodic_update: Minutes | None = None
    thresholds: Thresholds | None = None
    metric_calendars: CalendarByMetric | None = None


def _cell_key(value: object, info: ValidationInfo) -> CellKey:
    """`('critical', 'any')` or `critical/any` as a pair of known words."""
    text = str(value).strip()
    try:
        pair = ast.literal_eval(text) if text.startswith("(") else tuple(text.split("/"))
    except (ValueError, SyntaxError):
        pair = ()
    if not isinstance(pair, tuple) or len(pair) != 2:
        raise complaint(Complaint(f"('priority', 'customer tier') is expected, not {text}"))
    priority, tier = (str(word).strip().lower() for word in pair)
    known = ((priority, list(Priority), "priority"), (tier, _tiers(info), "customer tier"))
    wrong = [
        Complaint(f'no {kind} "{word}"', nearest(word, words))
        for word, words, kind in known
        if word not in (*words, ANY)
    ]
    if wrong:
        raise complaint(*wrong)
    return priority, tier


def _tiers(info: ValidationInfo) -> list[str]:
    return list(names_of(info).tables["customer tier"])


def _cells(value: object) -> object:
    """A text block is read as a Python literal."""
    if not isinstance(value, str):
        return value
    try:
        return read_matrix_text(value)
    except ValueError as error:
        raise complaint(Complaint(str(error))) from None


MatrixCells = Annotated[
    dict[Annotated[CellKey, BeforeValidator(_cell_key)], CellSection], BeforeValidator(_cells)
]


def look_up(
    matrices: Iterable[Mapping[CellKey, CellSection]], priority: Priority, tier: str
) -> Targets | tuple[str, ...]:
    """The targets of a pair, each metric for itself along (priority, tier) → (priority, any) →
    (any, tier) → (any, any), in the first matrix that has it; else the names of the metrics without
    a target (semantics K6).
    """
    chain = ((priority.value, tier), (priority.value, ANY), (ANY, tier), (ANY, ANY))
    cells = [(key, m[key]) for m in matrices for key in chain if key in m]
    first = _first(cells, "first_response")
    resolution = _first(cells, "resolution")
    if not first or not resolution:
        return tuple(
            name
            for name, found in (("first_response", first), ("resolution", resolution))
            if not found
        )
    following = _first(cells, "next_response")
    periodic = _first(cells, "periodic_update")
    return Targets(
        policy_id="/".join(first[0]),
        first_response=first[1],
        next_response=following[1] if following else first[1],
        resolution=resolution[1],
        periodic_update=periodic[1] if periodic else None,
        thresholds=next((c.thresholds for _, c in cells if c.thresholds is not None), None),
        calendars=next(
            (tuple(sorted(c.metric_calendars.items())) for _, c in cells if c.metric_calendars), ()
        ),
    )


def _first(
    cells: Iterable[tuple[CellKey, CellSection]], metric: str
) -> tuple[CellKey, timedelta] | None:
    """The first cell that has a target for `metric`."""
    for key, cell in cells:
        target = getattr(cell, metric)
        if target is not None:
            return key, target
    return None
