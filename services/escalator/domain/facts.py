"""What SLA clocks are made of: the few facts of a ticket that start, stop, pause or price them.

A case keeps them until seven days after its ticket closed, so that a late one can be put in its place
and everything be folded again (semantics T2, T3). Nothing else of a ticket is needed for that.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

import msgspec

from shared.contracts import (
    Event,
    TicketAccepted,
    TicketAssigned,
    TicketClosed,
    TicketMerged,
    TicketMessageAdded,
    TicketOpened,
    TicketPaused,
    TicketReclassified,
    TicketReopened,
    TicketResolved,
    TicketResumed,
    TicketUnmerged,
)
from shared.contracts.vocabulary import AuthorKind, Metric, PauseReason, Priority
from shared.policy import WorkflowPolicy

from .terms import Terms
from .ticket import Ticket

_UNKNOWN: Final = Ticket()


class Opened(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True, tag="opened"):
    """The ticket exists. `sla_target` is that of the routing rule it matched (semantics K10), `contract`
    the calendar that the customer's own contract names (C5).
    """

    priority: Priority
    tier: str
    outbound: bool = False
    sla_target: timedelta | None = None
    contract: str | None = None


class Wrote(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True, tag="wrote"):
    """Somebody wrote. `answers`: a public reply that counts as one (semantics K3). `level` is that of
    the agent who has the ticket, when it was they. `courtesy`: nothing but thanks (R2).
    """

    message_id: UUID
    by_customer: bool = False
    answers: bool = False
    level: str | None = None
    courtesy: bool = False


class Reclassified(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True, tag="priced"):
    """Priority or customer tier became another."""

    priority: Priority | None = None
    tier: str | None = None


class Paused(msgspec.Struct, frozen=True, kw_only=True, tag="paused"):
    """The ticket waits for somebody else."""

    reason: PauseReason


class Resumed(msgspec.Struct, frozen=True, tag="resumed"):
    """Whatever it waited for, it waits no longer."""


class Resolved(msgspec.Struct, frozen=True, tag="resolved"):
    """The problem is solved."""


class Reopened(msgspec.Struct, frozen=True, tag="reopened"):
    """It was not."""


class Closed(msgspec.Struct, frozen=True, tag="closed"):
    """The end of the ticket's life."""


class Merged(msgspec.Struct, frozen=True, tag="merged"):
    """The ticket goes on as another one."""


class Unmerged(msgspec.Struct, frozen=True, tag="unmerged"):
    """The ticket goes its own way again."""


class Entered(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True, tag="entered"):
    """The ticket is at a level now: what its people were given then (semantics X2, X7).

    `accept` and `work` are wishes, None where the level has none; `share` and `floor` bound them by what
    is left of the promise to the customer. `initially`: the ticket came in at this level. `calendar` is that
    of its team, if it has one (C5).
    """

    level: str
    initially: bool = False
    accept: timedelta | None = None
    work: timedelta | None = None
    waits_for_reply: bool = False
    share: float
    floor: timedelta
    calendar: str | None = None


class Accepted(msgspec.Struct, frozen=True, kw_only=True, tag="accepted"):
    """An agent of `level` works on it."""

    level: str


class Promise(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A clock of another ticket that still counted when that one was merged into this one."""

    metric: Metric
    since: datetime
    budget: timedelta
    consumed: timedelta
    calendar: str
    policy_id: str
    digest: str


class Absorbed(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True, tag="absorbed"):
    """Another ticket goes on as this one (semantics M2). `waits`: its customer waits for an answer."""

    source: UUID
    priority: Priority
    tier: str
    promises: tuple[Promise, ...] = ()
    waits: bool = False


What = (
    Opened
    | Wrote
    | Reclassified
    | Paused
    | Resumed
    | Resolved
    | Reopened
    | Closed
    | Merged
    | Unmerged
    | Entered
    | Accepted
    | Absorbed
)


#: A fact's place among those of its ticket.
Order = tuple[bool, datetime, int, str, int]


class Fact(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One kept fact with its place in the order of T2. `terms` are those in force when it was heard,
    where it may start or price a clock.
    """

    at: datetime
    source: str
    sequence: int
    what: What
    terms: Terms | None = None

    @property
    def order(self) -> Order:
        """Engine time, producer, sequence; the opening before all else, whatever its time says, and
        with it the level at which the ticket came in.
        """
        what = self.what
        opening = isinstance(what, Opened) or (isinstance(what, Entered) and what.initially)
        return (not opening, self.at, self._turn, self.source, self.sequence)

    @property
    def _turn(self) -> int:
        """Its turn among the facts of one instant: a reply of that instant answers those who were merged."""
        if isinstance(self.what, Absorbed):
            return 0
        return 2 if self.follows_time else 1

    @property
    def follows_time(self) -> bool:
        """Does it come of what fell due at its instant, and not before it (semantics T4)?"""
        return isinstance(self.what, Entered)


def contract_of(fact: Fact, known: Terms | None) -> str | None:
    """The calendar of the customer's own contract: what the opening said (semantics C5)."""
    if isinstance(fact.what, Opened):
        return fact.what.contract
    return known.contract if known else None


def fact_of(event: Event, policy: WorkflowPolicy, ticket: Ticket = _UNKNOWN) -> Fact | None:
    """What the clocks need of `event`, or None when it is nothing to them. `ticket` says who has it."""
    what = _what(event, policy, ticket)
    if what is None:
        return None
    return Fact(at=event.time, source=event.source, sequence=event.sequence, what=what)


def _what(event: Event, policy: WorkflowPolicy, ticket: Ticket) -> What | None:  # noqa: C901 - one line a fact
    match event.payload:
        case TicketOpened() as opened:
            return _opened(opened, event.time, policy)
        case TicketMessageAdded() as message:
            return _wrote(message, ticket)
        case TicketReclassified() as reclassified:
            return _reclassified(reclassified, policy)
        case TicketPaused(reason=reason):
            return Paused(reason=reason)
        case TicketResumed():
            return Resumed()
        case TicketResolved():
            return Resolved()
        case TicketReopened():
            return Reopened()
        case TicketClosed():
            return Closed()
        case TicketMerged():
            return Merged()
        case TicketUnmerged():
            return Unmerged()
        case TicketAccepted(level=level) | TicketAssigned(level=level, accept_by=None):
            return Accepted(level=level)
    return None


def _opened(opened: TicketOpened, at: datetime, policy: WorkflowPolicy) -> Opened:
    return Opened(
        priority=opened.priority,
        tier=policy.customers.tier_of(opened.customer.tier),
        outbound=bool(opened.outbound),
        sla_target=policy.routing.route(policy.opening_facts(opened, at)).sla_target,
        contract=policy.customers.contracts.get(opened.customer.customer_id),
    )


def _wrote(message: TicketMessageAdded, ticket: Ticket) -> Wrote | None:
    """A message by the system answers only when it is marked as not automatic; a note never does."""
    by = message.author.kind
    answers = message.public and (
        (by is AuthorKind.AGENT and not message.automatic)
        or (by is AuthorKind.SYSTEM and message.automatic is False)
    )
    by_customer = by is AuthorKind.CUSTOMER and not message.automatic
    if not answers and not by_customer:
        return None
    theirs = by is AuthorKind.AGENT and message.author.id == ticket.assignee
    return Wrote(
        message_id=message.message_id,
        by_customer=by_customer,
        answers=answers,
        level=ticket.assignee_level if answers and theirs else None,
        courtesy=bool(message.courtesy),
    )


def _reclassified(event: TicketReclassified, policy: WorkflowPolicy) -> Reclassified | None:
    priority, tier = event.changes.get("priority"), event.changes.get("customer_tier")
    if priority is None and tier is None:
        return None
    return Reclassified(
        priority=Priority(priority.to.lower()) if priority else None,
        tier=policy.customers.tier_of(tier.to) if tier else None,
    )
