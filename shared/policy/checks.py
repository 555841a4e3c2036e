"""What no single value shows: holes in the matrix, orders that must rise, and what a colleague would
point at (semantics K6, X10).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta

from shared.contracts.vocabulary import Grade, Priority

from .document import Document, NotificationSection, TriggerSection
from .durations import format_duration
from .matrix import CellKey, CellSection, look_up
from .notification import OVERDUE
from .routing_checks import check_routing
from .sla import ANY, Targets
from .trouble import Finding


@dataclass(frozen=True, slots=True)
class Findings:
    """The errors and warnings of a document, and the SLA matrix looked up for every pair."""

    errors: tuple[Finding, ...]
    warnings: tuple[Finding, ...]
    matrix: Mapping[tuple[Priority, str], Targets]


def check(
    document: Document, own: Mapping[str, object], packaged: Mapping[CellKey, CellSection]
) -> Findings:
    """Look at the document as a whole. `own` are the sections of the file itself, `packaged` the
    matrix of the packaged workflow.
    """
    matrix, holes, filled = _matrix(document, own, packaged)
    errors = [
        *holes,
        *_thresholds(document),
        *_grades(document),
        *_ladder(document),
        *_tiers(document),
    ]
    warnings = [
        *filled,
        *check_routing(document, own),
        *_slow_levels(document, matrix),
        *_loose_rules(document, matrix),
        *_inverted(matrix),
    ]
    return Findings(tuple(errors), tuple(warnings), matrix)


def _matrix(
    document: Document, own: Mapping[str, object], packaged: Mapping[CellKey, CellSection]
) -> tuple[dict[tuple[Priority, str], Targets], list[Finding], list[Finding]]:
    """Every pair's targets; the pairs without one are errors.

    A file that keeps the packaged tiers keeps the packaged cells for what its matrix leaves out; a file
    that declares its own tiers has to give every cell.
    """
    tiers = document.customers.tiers or (ANY,)
    fallback = packaged if "customers" not in own else {}
    matrices = [document.SLA_MATRIX]
    found: dict[tuple[Priority, str], Targets] = {}
    holes, filled = [], []
    for priority in Priority:
        for tier in tiers:
            targets = look_up(matrices, priority, tier)
            cell = f"{priority}/{tier}"
            if isinstance(targets, tuple):
                missing, targets = targets, look_up([*matrices, fallback], priority, tier)
                if isinstance(targets, tuple):
                    message = f"no {' and no '.join(targets)} for {cell}: give ('{priority}', '{tier}') or ('{priority}', 'any')"
                    holes.append(Finding(("SLA_MATRIX",), message, key=True, code="L010"))
                    continue
                message = f"no {' and no '.join(missing)} for {cell}: the packaged {_shown(targets)} applies"
                filled.append(Finding(("SLA_MATRIX",), message, key=True, code="L011"))
            found[priority, tier] = targets
    return found, holes, filled


def _shown(targets: Targets) -> str:
    """Both targets of a cell."""
    return f"{format_duration(targets.first_response)} / {format_duration(targets.resolution)}"


def _thresholds(document: Document) -> Iterator[Finding]:
    """Thresholds rise and end with the breach; reminders lie above it (semantics K11, L6)."""
    thresholds, overdue = document.sla.thresholds, document.sla.overdue
    own = {key: cell.thresholds for key, cell in document.SLA_MATRIX.items() if cell.thresholds}
    for (priority, tier), percents in own.items():
        if not _rises_to_breach(percents):
            message = f"thresholds of {priority}/{tier}: percents rise and end with 100, the breach"
            yield Finding(("SLA_MATRIX",), message, key=True)
    if not _rises_to_breach(thresholds):
        yield Finding(("sla", "thresholds"), "percents rise and end with 100, the breach")
    if list(overdue) != sorted(set(overdue)) or any(percent <= 100 for percent in overdue):
        yield Finding(("sla", "overdue"), "percents rise and are above 100")
    known = {*thresholds, *overdue, *(percent for percents in own.values() for percent in percents)}
    rules: list[tuple[tuple[str | int, ...], TriggerSection | NotificationSection]] = [
        *((("escalation", "triggers", n), t) for n, t in enumerate(document.escalation.triggers)),
        *((("notifications", "rules", n), r) for n, r in enumerate(document.notifications.rules)),
    ]
    for place, rule in rules:
        path = (*place, "threshold")
        if rule.threshold is None:
            continue
        if rule.on != "sla.warning":
            yield Finding(path, "a threshold belongs to sla.warning; 100 is sla.breached")
        elif rule.threshold not in {*known, OVERDUE} - {100}:
            message = f"{rule.threshold} is not among sla.thresholds and sla.overdue"
            yield Finding(path, message, code="L040")


def _rises_to_breach(percents: Sequence[int]) -> bool:
    return list(percents) == sorted(set(percents)) and percents[-1] == 100


def _grades(document: Document) -> Iterator[Finding]:
    """The priority matrix has all nine cells, and every complexity has a weight."""
    for impact in Grade:
        for urgency in Grade:
            if urgency not in document.triage.priority_matrix.get(impact, {}):
                path = ("triage", "priority_matrix")
                yield Finding(path, f"no priority for impact {impact} and urgency {urgency}")
    missing = {"l1", "l2", "l3"} - set(document.weights)
    if missing:
        yield Finding(("weights",), f"no weight for {', '.join(sorted(missing))}")
    if "default" not in document.sla.calendar:
        yield Finding(("sla", "calendar"), "is missing for default")


def _ladder(document: Document) -> Iterator[Finding]:
    """Escalations go up, and every level above the first has a queue to go to."""
    ladder = list(document.levels)
    for level, block in document.escalation_matrix.items():
        target = block.escalate_to
        if target is not None and ladder.index(target) <= ladder.index(level):
            path = ("escalation_matrix", level, "escalate_to")
            yield Finding(path, f'"{target}" is not above "{level}"')
    for level in ladder[1:]:
        if level not in document.escalated_to:
            yield Finding(("escalated_to",), f'no queue for level "{level}"')


def _tiers(document: Document) -> Iterator[Finding]:
    """A tier called `any` would make the matrix ambiguous."""
    if ANY in document.customers.tiers:
        yield Finding(("customers", "tiers"), f'"{ANY}" stands for every tier and cannot be one')


def _slow_levels(
    document: Document, matrix: Mapping[tuple[Priority, str], Targets]
) -> Iterator[Finding]:
    """Level timeouts that end at or after a response they serve (semantics X10)."""
    for level, block in document.escalation_matrix.items():
        timeout = block.timeout
        if timeout is None:
            continue
        served = {
            targets.policy_id: targets.first_response
            for targets in matrix.values()
            if targets.first_response <= timeout
        }
        if served:
            cells = ", ".join(f"{cell} ({format_duration(t)})" for cell, t in served.items())
            yield Finding(
                ("escalation_matrix", level, "timeout"),
                f"{format_duration(timeout)} is no shorter than the first response of {cells}; "
                "there, half of what is left counts",
                code="L020",
            )


def _loose_rules(
    document: Document, matrix: Mapping[tuple[Priority, str], Targets]
) -> Iterator[Finding]:
    """`sla_target`s that can tighten nothing (semantics K10)."""
    longest = max((t.first_response for t in matrix.values()), default=timedelta(0))
    for index, rule in enumerate(document.routing_rules):
        if rule.sla_target is not None and rule.sla_target >= longest:
            path = ("routing_rules", index, "sla_target")
            message = "tightens nothing: no first response is longer"
            yield Finding(path, message, code="L032")


def _inverted(matrix: Mapping[tuple[Priority, str], Targets]) -> Iterator[Finding]:
    """Cells that promise less than the same cell one priority lower."""
    order = list(Priority)
    for (priority, tier), targets in matrix.items():
        lower = matrix.get((order[min(priority.rank + 1, 3)], tier), targets)
        slower = (
            targets.first_response > lower.first_response or targets.resolution > lower.resolution
        )
        if slower:
            message = f"{priority}/{tier} ({_shown(targets)}) promises less than {order[priority.rank + 1]}/{tier}"
            yield Finding(("SLA_MATRIX",), message, key=True, code="L013")
