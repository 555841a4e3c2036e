"""How soon a notification has to be read, and whether it may wait for the morning (semantics D4, L1, L6)."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

from shared.contracts import (
    EscalationAdvanced,
    EscalationRaised,
    EscalationResolved,
    Event,
    SlaBreached,
)
from shared.contracts.vocabulary import Priority
from shared.policy import WorkflowPolicy

from .notification import About, Kind, Notification, Status, Urgency
from .ticket import Ticket
from .voiding import BREACH

CRITICAL: Final = Priority.CRITICAL.value

#: From the most urgent to the one that waits longest.
_ORDER: Final = (Urgency.PAGE, Urgency.NORMAL, Urgency.CALM)


@dataclass(frozen=True, slots=True)
class Weight:
    """What a fact weighs: its ticket's priority, the level it is about, whether that is the last one."""

    priority: str | None
    level: str | None
    at_the_top: bool

    @property
    def is_critical(self) -> bool:
        """The ticket is critical."""
        return self.priority == CRITICAL


@dataclass(frozen=True, slots=True)
class Mark:
    """What a rule says of its messages: they may wait for a digest, or must leave at once."""

    digest: bool = False
    immediate: bool = False


def weight_of(event: Event, ticket: Ticket, policy: WorkflowPolicy) -> Weight:
    """The weight of a fact: what it says itself, else what is known of the ticket."""
    priority, level = ticket.priority, ticket.level
    match event.payload:
        case SlaBreached() as said:
            priority = said.priority.value
        case EscalationRaised(level=to) | EscalationAdvanced(to_level=to) as said:
            priority, level = said.priority.value, to
        case EscalationResolved() as said:
            level = said.level
    return Weight(priority, level, at_the_top=level == policy.levels[-1].name)


def urgency_of(
    about: About, weight: Weight, mark: Mark, *, is_first: bool, is_start: bool
) -> Urgency:
    """How soon it has to be read. `is_first`: the recipient has heard nothing of this ticket while it was
    critical; `is_start`: the ticket only begins at that level, which pages nobody (semantics G11, V11).
    """
    raised = about.kind is Kind.ESCALATION and not is_start
    heavy = weight.is_critical and (is_first or about.threshold == BREACH)
    if mark.immediate or heavy or (raised and (weight.is_critical or weight.at_the_top)):
        return Urgency.PAGE
    return Urgency.CALM if mark.digest and not weight.is_critical else Urgency.NORMAL


def is_first_critical(known: Iterable[Notification], recipient_id: str, about: About) -> bool:
    """The recipient has not been told of this ticket while it was critical, and is not about to be."""
    return not any(
        told.recipient_id == recipient_id
        and told.is_critical
        and (told.is_open or told.may_have_told)
        and told.about.fact_id != about.fact_id
        and not _gives_way(told, about)
        for told in known
    )


def is_deferrable(urgency: Urgency, weight: Weight, policy: WorkflowPolicy) -> bool:
    """It may wait until quiet hours are over: never a critical ticket, never the last level (L7)."""
    if urgency is Urgency.PAGE or weight.is_critical or weight.at_the_top:
        return False
    quiet = policy.notification.noise.quiet
    return quiet is None or not (
        weight.level in quiet.levels or weight.priority in quiet.priorities
    )


def most_urgent(urgencies: Iterable[Urgency]) -> Urgency:
    """The one that has to be read first. Raises ValueError for none."""
    return min(urgencies, key=_ORDER.index)


def _gives_way(told: Notification, about: About) -> bool:
    """It has not begun, and is superseded by the later threshold of its clock (semantics L9)."""
    return (
        told.status is Status.PENDING
        and told.attempts == 0
        and about.kind is Kind.CLOCK
        and told.about.clock == about.clock
        and (told.about.threshold or 0) < (about.threshold or 0)
    )
