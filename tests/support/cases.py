"""A ticket's story as the escalator hears it, told with clock times of Monday 2026-06-01 (UTC)."""

from __future__ import annotations

import functools
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from services.escalator.domain.case import Case
from services.escalator.domain.decide import next_due, respond
from services.escalator.domain.items import Heard, Said, TimePassed
from shared.contracts import (
    Author,
    Change,
    Customer,
    Event,
    Payload,
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
    type_of,
)
from shared.contracts.vocabulary import (
    CloseReason,
    Complexity,
    Grade,
    Metric,
    PauseReason,
    Priority,
)
from shared.ids import derived_id
from shared.policy import WorkflowPolicy, parse_workflow
from tests.support.builders import (
    AGENT,
    CUSTOMER,
    MONDAY_10,
    OTHER_TICKET,
    SYSTEM,
    TICKET,
    an_event,
)

MIDNIGHT = MONDAY_10.replace(hour=0)

#: In the examples fast-track is off and every ticket enters at tier_1 (semantics, "Examples").
NO_FAST_TRACK = """
version: 1
conditions: {vip: "customer_vip"}
routing_rules:
  - action: assign_to_frontline
"""


@functools.cache
def a_policy(text: str = NO_FAST_TRACK) -> WorkflowPolicy:
    """The packaged workflow without fast-track, or with other sections over it."""
    return parse_workflow(text)


def at(clock: str) -> datetime:
    """`"10:20"`, `"10:20:00.001"`, or `"+2 09:00"` two days later."""
    days, _, time = clock.rpartition(" ")
    hours, minutes, *seconds = time.split(":")
    return MIDNIGHT + timedelta(
        days=int(days or 0),
        hours=int(hours),
        minutes=int(minutes),
        seconds=float(seconds[0]) if seconds else 0,
    )


def opened(priority: str, tier: str, **changes: Any) -> TicketOpened:
    """`ticket.opened` of a product ticket that no routing rule picks."""
    plain: dict[str, Any] = {
        "channel": "email",
        "customer": Customer(customer_id="acme", tier=tier),
        "subject_line": "It does not work",
        "category": "account",
        "complexity": Complexity.L1,
        "priority": Priority(priority),
        "impact": Grade.MEDIUM,
        "urgency": Grade.MEDIUM,
        "opened_at": MONDAY_10,
        "contact_number": 1,
        "reopened_count": 0,
        "recent_reopened": 0,
    }
    return TicketOpened(ticket_id=TICKET, **{**plain, **changes})


def message(number: int, author: Author, **changes: Any) -> TicketMessageAdded:
    """The `number`-th message of the ticket."""
    plain: dict[str, Any] = {"public": True, "at": MONDAY_10}
    return TicketMessageAdded(
        ticket_id=TICKET, message_id=UUID(int=number), author=author, **{**plain, **changes}
    )


def without_level_clocks(policy: WorkflowPolicy) -> WorkflowPolicy:
    """A workflow whose levels may take what time they like."""
    untimed = {name: replace(r, timeout=None) for name, r in policy.escalation.levels.items()}
    return replace(
        policy,
        levels=tuple(replace(level, respond_within=None) for level in policy.levels),
        escalation=replace(policy.escalation, levels=untimed),
    )


class Story:
    """One case, told step by step. Every verb returns what was said because of it.

    Its levels have no time of their own unless the story is about that: `levels`.
    """

    def __init__(self, policy: WorkflowPolicy | None = None, *, levels: bool = False) -> None:
        self.levels = levels
        self.policy = policy or a_policy()
        self.case = Case(ticket_id=TICKET)
        self.said: list[Said] = []
        self.sequence = 0

    @property
    def policy(self) -> WorkflowPolicy:
        """The workflow the case is judged by from now on."""
        return self._policy

    @policy.setter
    def policy(self, policy: WorkflowPolicy) -> None:
        self._policy = policy if self.levels else without_level_clocks(policy)

    def hear(self, heard: Heard, now: datetime) -> list[Said]:
        """Hear anything, recorded at `now`."""
        self.case, said = respond(self.case, heard, policy=self.policy, now=now)
        self.said += said
        return said

    def tell(self, payload: Payload, clock: str, *, heard: str | None = None) -> list[Said]:
        """An event of engine time `clock`, heard at the same time or at `heard`."""
        self.sequence += 1
        event = an_event(payload, at=at(clock), sequence=self.sequence)
        return self.hear(event, at(heard or clock))

    def event(self, payload: Payload, clock: str) -> Event:
        """An event that is not heard yet."""
        self.sequence += 1
        return an_event(payload, at=at(clock), sequence=self.sequence)

    def pass_to(self, clock: str, *, now: str | None = None) -> list[Said]:
        """Time passes as a timer sees it: each due instant by itself, up to `clock`."""
        said: list[Said] = []
        while (due := next_due(self.case, self.policy)) is not None and due <= at(clock):
            before = self.case
            said += self.hear(TimePassed(as_of=due), at(now) if now else due)
            assert before != self.case
        return said

    def wake_at(self, clock: str) -> list[Said]:
        """One look at the clock after a long sleep."""
        return self.hear(TimePassed(as_of=at(clock)), at(clock))

    def open(self, priority: str, tier: str, clock: str = "10:00", **changes: Any) -> list[Said]:
        return self.tell(opened(priority, tier, **changes), clock)

    def customer_writes(
        self, clock: str, *, heard: str | None = None, **changes: Any
    ) -> list[Said]:
        written = message(self.sequence + 1, CUSTOMER, **changes)
        return self.tell(written, clock, heard=heard)

    def agent_replies(
        self, clock: str, *, heard: str | None = None, agent: Author = AGENT, **changes: Any
    ) -> list[Said]:
        return self.tell(message(self.sequence + 1, agent, **changes), clock, heard=heard)

    def pending(
        self,
        clock: str,
        reason: PauseReason = PauseReason.WAITING_ON_CUSTOMER,
        *,
        heard: str | None = None,
    ) -> list[Said]:
        return self.tell(
            TicketPaused(ticket_id=TICKET, reason=reason, by=AGENT), clock, heard=heard
        )

    def resumed(self, clock: str) -> list[Said]:
        return self.tell(TicketResumed(ticket_id=TICKET, reason="status", by=AGENT), clock)

    def reclassified(self, clock: str, **changes: str) -> list[Said]:
        """`priority="critical"`, `customer_tier="enterprise"`."""
        named = {name: Change(from_="", to=value) for name, value in changes.items()}
        payload = TicketReclassified(ticket_id=TICKET, changes=named, reason="x", by=AGENT)
        return self.tell(payload, clock)

    def resolved(self, clock: str, *, heard: str | None = None) -> list[Said]:
        payload = TicketResolved(ticket_id=TICKET, by=AGENT, first_contact=False)
        return self.tell(payload, clock, heard=heard)

    def reopened(self, clock: str) -> list[Said]:
        payload = TicketReopened(ticket_id=TICKET, by=CUSTOMER, reopened_count=1, recent_reopened=1)
        return self.tell(payload, clock)

    def closed(self, clock: str) -> list[Said]:
        payload = TicketClosed(ticket_id=TICKET, by=SYSTEM, reason=CloseReason.CONFIRMED)
        return self.tell(payload, clock)

    def merged(self, clock: str) -> list[Said]:
        return self.tell(TicketMerged(ticket_id=TICKET, into_ticket_id=OTHER_TICKET), clock)

    def unmerged(self, clock: str) -> list[Said]:
        return self.tell(TicketUnmerged(ticket_id=TICKET, from_ticket_id=OTHER_TICKET), clock)


def words(said: list[Said]) -> list[str]:
    """What was said as lines: `10:12:00 sla.warning first_response 80`."""
    return [_line(item) for item in said]


def of_clocks(said: list[Said], metric: Metric | None = None) -> list[str]:
    """As `words`, only what the clocks said, or one of them."""
    kept = [item for item in said if item.step or "sla." in type_of(item.payload).name]
    return [_line(item) for item in kept if metric is None or _metric(item) == metric]


def of_ladder(said: list[Said]) -> list[str]:
    """As `words`, only what the ladder said."""
    return [_line(item) for item in said if "escalation." in type_of(item.payload).name]


def _metric(said: Said) -> object:
    return getattr(said.payload, "metric", None)


def _line(said: Said) -> str:
    payload: Any = said.payload
    name = type_of(payload).name
    day = (said.time - MIDNIGHT).days
    clock = said.time.strftime("%H:%M:%S") + (
        f".{ms:03}" if (ms := said.time.microsecond // 1000) else ""
    )
    parts = [f"+{day} {clock}" if day else clock, name]
    if name.startswith("sla."):
        parts.append(str(payload.metric))
    fields = ("threshold_percent", "level", "to_level", "reason", "outcome", "cause")
    values = (getattr(payload, field, None) for field in fields)
    parts += [str(value) for value in values if value is not None]
    return " ".join(parts)


def same_id(name: str) -> UUID:
    """The id of a time fact on the ticket of the stories (semantics T9)."""
    return derived_id(TICKET, name)
