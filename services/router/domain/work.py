"""The router's view of a ticket: a work item, folded from everything heard and said about it."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from typing import Final
from uuid import UUID

import msgspec

from shared.contracts import (
    Cause,
    EscalationAdvanced,
    EscalationRaised,
    EscalationResolved,
    FollowUp,
    Handoff,
    NotificationAnswered,
    Payload,
    SlaCancelled,
    SlaClosedLate,
    SlaMet,
    SlaPaused,
    SlaRepriced,
    SlaResumed,
    SlaStarted,
    TicketAssignmentRequested,
    TicketClosed,
    TicketMerged,
    TicketMessageAdded,
    TicketOpened,
    TicketPaused,
    TicketQueued,
    TicketReclassified,
    TicketReopened,
    TicketResolved,
    TicketResumed,
    TicketUnmerged,
    type_of,
)
from shared.contracts.vocabulary import Answer, AuthorKind, UnroutableCause
from shared.ids import derived_id

#: The events of other services that mean something here.
HEARD: Final = (
    TicketOpened,
    TicketReclassified,
    TicketPaused,
    TicketResumed,
    TicketResolved,
    TicketReopened,
    TicketClosed,
    TicketMerged,
    TicketUnmerged,
    TicketAssignmentRequested,
    NotificationAnswered,
    TicketMessageAdded,
    EscalationRaised,
    EscalationAdvanced,
    EscalationResolved,
    SlaStarted,
    SlaPaused,
    SlaResumed,
    SlaRepriced,
    SlaMet,
    SlaClosedLate,
    SlaCancelled,
)

#: Quarters in one weight unit: a paused ticket costs a quarter, and sums must stay exact (G1).
UNIT: Final = 4

replace = msgspec.structs.replace


def concerns_us(payload: Payload) -> bool:
    """Whether the router has anything to learn: of messages, only what agents write accepts a ticket; of
    answers to pages, that somebody takes it.
    """
    if isinstance(payload, TicketMessageAdded):
        return payload.author.kind is AuthorKind.AGENT
    if isinstance(payload, NotificationAnswered):
        return payload.answer is Answer.TAKE
    return isinstance(payload, HEARD)


class WorkStatus(StrEnum):
    """Where a ticket stands for the router."""

    UNOPENED = "unopened"
    WAITING = "waiting"
    ASSIGNED = "assigned"
    DONE = "done"


class Fact(msgspec.Struct, frozen=True, kw_only=True):
    """Something heard or said: when it happened, and itself as the cause of what follows."""

    payload: Payload
    at: datetime
    cause: Cause


class Raise(msgspec.Struct, frozen=True, kw_only=True):
    """A level an escalation named, and whether the ticket moves there (None: the ladder decides)."""

    level: str
    transfer: bool | None = None


class WorkItem(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One ticket. `place` is the last `ticket.queued`, `queued` that event as a cause.

    `opened_at` is the opening's engine time. `told` are the causes of `ticket.unroutable` published
    since it was queued, `declined` the agents not to be asked again before somebody has accepted it.
    `merged`: it was open when it went on as another ticket, and is again when it goes its own way
    (semantics M4). `handoff` is what the level it was raised from leaves the next (X4). `deadlines` are those of the running customer-facing clocks, by metric. `entries`
    counts how often it came to each level, `entered_at` is when it came to the present one. An agent
    who has it works on it unless `accept_by` is set: then they have not accepted it yet.
    """

    ticket_id: UUID
    status: WorkStatus = WorkStatus.UNOPENED
    opened: TicketOpened | None = None
    opened_at: datetime | None = None
    paused: bool = False
    place: TicketQueued | None = None
    queued: Cause | None = None
    waiting_since: datetime | None = None
    agent_id: str | None = None
    previous_agent_id: str | None = None
    raised: tuple[Raise, ...] = ()
    handoff: Handoff | None = None
    boosted: bool = False
    told: tuple[UnroutableCause, ...] = ()
    declined: tuple[str, ...] = ()
    merged: bool = False
    deadlines: dict[str, datetime] = {}
    entries: dict[str, int] = {}
    entered_at: datetime | None = None
    accept_by: datetime | None = None
    assigned_at: datetime | None = None

    @property
    def is_open(self) -> bool:
        """Somebody works on it or it waits for somebody."""
        return self.status in {WorkStatus.WAITING, WorkStatus.ASSIGNED}

    @property
    def weight(self) -> int:
        """What it costs, in weight units; 0 before it is queued."""
        return self.place.weight if self.place else 0

    @property
    def cost(self) -> int:
        """What it costs of an agent's capacity now, in quarters of a unit (semantics G1)."""
        return self.weight if self.paused else self.full_cost

    @property
    def full_cost(self) -> int:
        """What it costs when nobody else has to act, in quarters of a unit."""
        return UNIT * self.weight

    @property
    def lane(self) -> str:
        """Tickets of one lane ask the same of an agent: the same people qualify, and as much room.

        Whoever cannot take its first ticket can therefore take none of it, that ticket's own history
        with them apart.
        """
        return f"{self.asks}/{self.cost}{'/paused' if self.paused else ''}"

    @property
    def asks(self) -> str:
        """What it asks of an agent, room apart; empty before it is queued."""
        if self.place is None or self.opened is None:
            return ""
        place = self.place
        skills = "/".join(
            [
                _spelt(place.required_skills),
                _spelt(place.any_skills),
                _spelt(place.preferred_skills),
            ]
        )
        teams = "*" if place.other_teams else ",".join(place.teams)
        return f"{place.level}/{teams}/{self.opened.channel}/{skills}"

    def waited_seconds(self, now: datetime) -> int:
        """How long it has had nobody, in whole seconds."""
        return int((now - self.waiting_since).total_seconds()) if self.waiting_since else 0


def _spelt(skills: dict[str, int]) -> str:
    """Skills as a lane's name has them; most tickets ask for few or none."""
    return ",".join([f"{name}:{least}" for name, least in sorted(skills.items())]) if skills else ""


def said(cause: Cause, payload: Payload, now: datetime, *, mark: str = "0") -> Fact:
    """What we say because of `cause`, with the id that a repeat would give it again.

    `mark` tells apart what one cause makes us say several times.
    """
    event_id = derived_id(cause.id, f"{type_of(payload).event_type}:{mark}")
    itself = Cause(id=event_id, correlation_id=cause.correlation_id, traceparent=cause.traceparent)
    return Fact(payload=payload, at=now, cause=itself)


def follow_up(cause: Cause, fact: Fact) -> FollowUp:
    """`fact`, said because of `cause`, for the outbox."""
    return FollowUp(cause=cause, payload=fact.payload, time=fact.at, id=fact.cause.id)
