"""Triggers that raise no further than another one on the same event (semantics L10, A11)."""

from __future__ import annotations

from collections.abc import Iterator

from shared.policy.cases import Cases
from shared.policy.escalation import NEXT_LEVEL, Trigger
from shared.policy.workflow import WorkflowPolicy

from .subject import Remark, Subject


def redundant_triggers(subject: Subject) -> Iterator[Remark]:
    """L043: what sets such a trigger off sets a broader one off, too, and that raises as high."""
    triggers = subject.policy.escalation.triggers
    cases = Cases([trigger.tree for trigger in triggers])
    for index, trigger in enumerate(triggers):
        broader = [
            other.name
            for number, other in enumerate(triggers)
            if number != index
            and _reaches(other, trigger, subject.policy)
            and not cases.possible(index, [number])
            and (number < index or cases.possible(number, [index]))
        ]
        if not broader:
            continue
        rest = (
            ""
            if not trigger.audience
            else f"; only whom it tells counts ({', '.join(trigger.audience)})"
        )
        yield Remark(
            "L043",
            "triggers",
            ("escalation", "triggers", index),
            f"{trigger.name} raises no further than {broader[0]}, which acts whenever it does{rest}",
            "narrow the broader one if this one is to make the difference",
        )


def _reaches(other: Trigger, trigger: Trigger, policy: WorkflowPolicy) -> bool:
    """Whether `other` hears all that `trigger` hears, and leads at least as high."""
    hears = other.on == trigger.on and other.threshold in (None, trigger.threshold)
    if not hears or trigger.to is None or other.to is None or trigger.priority_boost:
        return False
    if NEXT_LEVEL in (trigger.to, other.to):
        return trigger.to == other.to
    rank = policy.escalation.rank
    return rank(other.to) >= rank(trigger.to) and other.starting == trigger.starting
