"""What is to be said about clocks: the steps nobody has announced, and the announced ones that were wrong.

The difference between what the fold holds at `as_of` and what was announced (semantics T3, T6).
"""

from __future__ import annotations

from datetime import datetime

from shared.contracts import SlaWithdrawn
from shared.contracts.vocabulary import Metric
from shared.ids import derived_id
from shared.policy import WorkflowPolicy

from .case import Case, is_held
from .items import Said, TimePassed
from .steps import Step, StepKind
from .wording import payload_of


def withdraw(case: Case) -> list[Said]:
    """Take back what a late fact has disproved, in the order in which it was said."""
    wrong = sorted(case.disproved.items(), key=lambda entry: case.announced[entry[0]].at)
    return [_withdrawn(case, key, happened_at) for key, happened_at in wrong]


def _withdrawn(case: Case, key: str, happened_at: datetime) -> Said:
    kind, metric, cycle, threshold = key.split(":")
    told = case.announced[key]
    assert told.deadline is not None
    payload = SlaWithdrawn(
        ticket_id=case.ticket_id,
        metric=Metric(metric),
        cycle=int(cycle),
        deadline=told.deadline,
        happened_at=happened_at,
        threshold_percent=int(threshold) if kind == StepKind.WARNING else None,
    )
    name = f"sla.withdrawn:{metric}:{cycle}:{threshold}:{case.withdrawn.get(key, 0)}"
    return Said(payload=payload, time=happened_at, id=derived_id(case.ticket_id, name))


def announce(
    case: Case, policy: WorkflowPolicy, *, now: datetime, passed: TimePassed | None = None
) -> list[Said]:
    """The pending steps whose time has come. Of one clock they are said in order: behind a step that
    is still held, the rest of that clock waits.
    """
    holding: set[tuple[Metric, int]] = set()
    said: list[Said] = []
    for step in case.pending:
        clock = (step.metric, step.cycle)
        if clock in holding or is_held(step, case.as_of, policy):
            holding.add(clock)
        else:
            said.append(_said(case, step, now=now, provisional=_is_provisional(step, passed)))
    return said


def _is_provisional(step: Step, passed: TimePassed | None) -> bool:
    """Fired by the clock, ahead of the log (ruling 1)?"""
    if passed is None or not step.by_time:
        return False
    return passed.as_of is None or step.at > passed.as_of


def _said(case: Case, step: Step, *, now: datetime, provisional: bool) -> Said:
    place = step.key.split(":", 3)[3] if "@" not in step.key else f"{_ms(step)}.{step.turn}"
    undoing = f"~{step.correction}" if step.correction else ""
    told = f"{step.kind}:{step.metric}:{step.cycle}:{place}{undoing}"
    name = f"{told}:{case.withdrawn.get(step.key, 0)}"
    payload = payload_of(step, case.ticket_id, now=now, provisional=provisional)
    return Said(payload=payload, time=step.at, id=derived_id(case.ticket_id, name), step=step)


def _ms(step: Step) -> int:
    """The step's instant, where it tells repeated steps of one clock apart."""
    return round(step.at.timestamp() * 1000)
