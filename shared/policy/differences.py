"""What is otherwise in another workflow: targets cell by cell, everything else by its name."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import timedelta

from shared.contracts.vocabulary import Metric

from .sla import Targets
from .workflow import WorkflowPolicy

#: What a value is made into for a comparison, not said by anybody.
_COMPILED = ("tree", "matches")


@dataclass(frozen=True, slots=True)
class TargetChange:
    """One metric of a cell of the SLA matrix; None where a workflow promises nothing."""

    cell: str
    metric: str
    before: timedelta | None
    after: timedelta | None


def target_changes(old: WorkflowPolicy, new: WorkflowPolicy) -> list[TargetChange]:
    """The cells that promise something else, in the order of the new matrix."""
    cells = dict.fromkeys([*new.sla.matrix, *old.sla.matrix])
    found = []
    for priority, tier in cells:
        before, after = old.sla.matrix.get((priority, tier)), new.sla.matrix.get((priority, tier))
        for metric in _metrics():
            was, will = (None if t is None else getattr(t, metric) for t in (before, after))
            if was != will:
                found.append(TargetChange(f"{priority}/{tier}", metric, was, will))
    return found


def other_changes(old: WorkflowPolicy, new: WorkflowPolicy) -> list[str]:
    """A line for every other part that is new, gone or otherwise: `trigger legal_words: new`."""
    before, after = dict(_parts(old)), dict(_parts(new))
    lines = []
    for name in dict.fromkeys([*before, *after]):
        if name not in after:
            lines.append(f"{name}: gone")
        elif name not in before:
            lines.append(f"{name}: new")
        elif before[name] != after[name]:
            lines.append(f"{name}: changed")
    return lines


def _metrics() -> list[str]:
    """What a cell promises, and not in which way."""
    known = (field.name for field in dataclasses.fields(Targets))
    return [name for name in known if name in set(Metric)]


def _parts(policy: WorkflowPolicy) -> Iterator[tuple[str, object]]:
    """Everything but targets and the calendars themselves, each under a name a person knows."""
    sla, escalation = policy.sla, policy.escalation
    for (priority, tier), targets in sla.matrix.items():
        if targets.thresholds is not None:
            yield f"thresholds of {priority}/{tier}", _plain(targets.thresholds)
        if targets.calendars:
            yield f"calendars of {priority}/{tier}", _plain(targets.calendars)
    for field in dataclasses.fields(sla):
        if field.name != "matrix":
            yield f"sla {field.name.replace('_', ' ')}", _plain(getattr(sla, field.name))
    yield from ((f"level {one.name}", _plain(one)) for one in policy.levels)
    for name, rules in escalation.levels.items():
        yield f"escalation matrix {name}", _plain(rules)
    yield "escalation matrix, from anywhere", _plain(escalation.anywhere)
    yield from ((f"trigger {one.name}", _plain(one)) for one in escalation.triggers)
    for field in dataclasses.fields(escalation):
        if field.name not in ("levels", "anywhere", "triggers", *_COMPILED):
            value = _plain(getattr(escalation, field.name))
            yield f"escalation {field.name.replace('_', ' ')}", value
    yield from ((f"routing rule {one.name}", _plain(one)) for one in policy.routing.rules)
    yield from ((f"notification rule {one.name}", _plain(one)) for one in policy.notification.rules)
    yield "customer tiers", _plain(policy.customers)


def _plain(value: object) -> object:
    """`value` without what was compiled from it."""
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        names = (field.name for field in dataclasses.fields(value))
        return {n: _plain(getattr(value, n)) for n in names if n not in _COMPILED}
    if isinstance(value, Mapping):
        return {key: _plain(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(item) for item in value]
    return None if isinstance(value, Callable) else value  # type: ignore[arg-type]
