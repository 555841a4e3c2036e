"""When a note is written on a ticket, and what it says: at the warning that puts a promise at risk, once a clock."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Final
from uuid import UUID

from services.notifier.domain.facts import facts_of
from services.notifier.domain.ticket import Ticket
from services.notifier.domain.voiding import clock_of
from services.notifier.domain.wording import at_clock, in_words, lasting
from shared.contracts import Event, SlaWarning, SlaWithdrawn
from shared.ids import derived_id
from shared.policy import NEXT_LEVEL, Trigger, WorkflowPolicy

#: The trigger of the workflow whose rule asks for the note.
AT_RISK: Final = "sla_at_risk"


@dataclass(frozen=True, slots=True, kw_only=True)
class Note:
    """A note to be written. Its id follows from the event, so that intake knows a repeat; `clock` is noted
    once, whichever `threshold`, in percent, shows it first.
    """

    note_id: UUID
    ticket_id: UUID
    clock: str
    threshold: int
    body: str


@dataclass(frozen=True, slots=True, order=True)
class Mark:
    """The threshold of a clock, in percent, that a note tells of."""

    ticket_id: UUID
    clock: str
    threshold: int


def note_of(event: Event, ticket: Ticket, policy: WorkflowPolicy) -> Note | None:
    """The note that follows from `event`; None for all but a warning of that trigger (semantics L11).

    A clock that was re-priced may jump over the trigger's threshold; the next one stands for it (P2).
    """
    said = event.payload
    if not isinstance(said, SlaWarning) or said.metric.of_level:
        return None
    trigger = _trigger(event, said, ticket, policy)
    if trigger is None:
        return None
    return Note(
        note_id=derived_id(event.id, "note"),
        ticket_id=said.ticket_id,
        clock=clock_of(said),
        threshold=said.threshold_percent,
        body=_words(said, trigger),
    )


def changes(
    events: Sequence[Event], tickets: Mapping[UUID, Ticket], policy: WorkflowPolicy
) -> tuple[list[Note], set[Mark]]:
    """The notes that follow from `events`, heard in this order, and the marks that nothing noted before stands
    for any more: their warnings are withdrawn (semantics T3). A ticket that is not known has no notes.
    """
    notes: dict[Mark, Note] = {}
    withdrawn: set[Mark] = set()
    for event in events:
        mark = withdrawn_by(event)
        if mark is not None:
            withdrawn.add(mark)
            notes.pop(mark, None)
        ticket = tickets.get(UUID(event.subject))
        note = note_of(event, ticket, policy) if ticket is not None else None
        if note is not None:
            notes.setdefault(Mark(note.ticket_id, note.clock, note.threshold), note)
    return list(notes.values()), withdrawn


def withdrawn_by(event: Event) -> Mark | None:
    """What `event` says was never reached; None for all but a withdrawn warning."""
    said = event.payload
    if not isinstance(said, SlaWithdrawn) or said.threshold_percent is None:
        return None
    return Mark(said.ticket_id, clock_of(said), said.threshold_percent)


def _trigger(
    event: Event, said: SlaWarning, ticket: Ticket, policy: WorkflowPolicy
) -> Trigger | None:
    facts = facts_of(ticket, event, policy)
    for trigger in policy.escalation.triggers:
        if trigger.name != AT_RISK or trigger.threshold is None:
            continue
        jumped = said.cause is not None and trigger.threshold < said.threshold_percent < 100
        if said.threshold_percent == trigger.threshold or jumped:
            fired = policy.escalation.fired("sla.warning", facts, threshold=trigger.threshold)
            if trigger in fired:
                return trigger
    return None


def _words(said: SlaWarning, trigger: Trigger) -> str:
    left = lasting(timedelta(seconds=max(0, said.remaining_seconds)))
    to = trigger.to or NEXT_LEVEL
    goes = "the next level" if to == NEXT_LEVEL else f"{in_words(to)}, if it was not there yet"
    return (
        f"{said.threshold_percent} % of the {in_words(said.metric)} time is used: {left} left, "
        f"until {at_clock(said.deadline)}. The ticket was escalated to {goes}."
    )
