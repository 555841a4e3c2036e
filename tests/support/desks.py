"""Agents and waiting tickets for tests of the router, in few words."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from functools import cache
from typing import Any
from uuid import UUID

from services.router.domain.folding import evolve
from services.router.domain.roster import Agent
from services.router.domain.work import UNIT, Fact, WorkItem, WorkStatus, said
from shared.contracts import Cause, Customer, Payload, TicketOpened, TicketQueued
from shared.contracts.vocabulary import (
    Complexity,
    Grade,
    Presence,
    Priority,
    QueueReason,
    UnroutableCause,
)
from shared.ids import derived_id
from shared.policy import WorkflowPolicy, load_workflow
from tests.support.builders import MONDAY_10, TICKET

NOW = MONDAY_10 + timedelta(minutes=2)


@cache
def policy() -> WorkflowPolicy:
    """The packaged workflow, loaded once."""
    return load_workflow(None)


def ticket_id(number: int) -> UUID:
    """The id of the n-th ticket; ids rise with the numbers."""
    return UUID(int=number)


def a_ticket(ticket: UUID = TICKET, **changes: Any) -> TicketOpened:
    """`ticket.opened` of an ordinary ticket: medium, l1, professional, nothing special."""
    customer = changes.pop("customer", Customer(customer_id="acme", tier="professional"))
    plain: dict[str, Any] = {
        "channel": "email",
        "customer": customer,
        "subject_line": "How do I change my address?",
        "category": "account",
        "complexity": Complexity.L1,
        "priority": Priority.MEDIUM,
        "impact": Grade.MEDIUM,
        "urgency": Grade.MEDIUM,
        "opened_at": MONDAY_10,
        "contact_number": 1,
        "reopened_count": 0,
        "recent_reopened": 0,
    }
    return TicketOpened(ticket_id=ticket, **{**plain, **changes})


def an_agent(name: str, **changes: Any) -> Agent:
    """An agent of tier_1, online, with 8 units of capacity; loads and capacities in units."""
    for figure in ("capacity", "load", "capacity_target"):
        if figure in changes:
            changes[figure] = round(changes[figure] * UNIT)
    plain: dict[str, Any] = {
        "agent_id": name,
        "name": name.title(),
        "team": "frontline",
        "level": "tier_1",
        "capacity": 8 * UNIT,
        "presence": Presence.ONLINE,
    }
    return Agent(**{**plain, **changes})


def a_waiting(
    number: int = 1,
    *,
    opened: TicketOpened | None = None,
    priority: Priority = Priority.MEDIUM,
    weight: int = 1,
    rank: int = 50,
    level: str = "tier_1",
    required: dict[str, int] | None = None,
    any_of: dict[str, int] | None = None,
    preferred: dict[str, int] | None = None,
    reason: QueueReason = QueueReason.NEW,
    since: datetime = MONDAY_10,
    previous: str | None = None,
    declined: Sequence[str] = (),
    told: Sequence[UnroutableCause] = (),
    paused: bool = False,
    prefer: str | None = None,
) -> WorkItem:
    """A ticket that waits in a queue, opened and queued at `since`."""
    who = ticket_id(number)
    place = TicketQueued(
        ticket_id=who,
        queue=f"queue of {level}",
        level=level,
        rank=rank,
        weight=weight,
        reason=reason,
        required_skills=required or {},
        any_skills=any_of or {},
        preferred_skills=preferred or {},
        prefer=prefer,
    )
    return WorkItem(
        ticket_id=who,
        status=WorkStatus.WAITING,
        opened=opened or a_ticket(who, priority=priority, opened_at=since),
        opened_at=since,
        place=place,
        queued=a_cause(f"queued {number}"),
        waiting_since=since,
        previous_agent_id=previous,
        declined=tuple(declined),
        told=tuple(told),
        paused=paused,
    )


def a_cause(name: str) -> Cause:
    """A cause whose id follows from `name`."""
    made = derived_id(TICKET, name)
    return Cause(id=made, correlation_id=made)


def heard(payload: Payload, at: datetime = MONDAY_10, name: str = "") -> Fact:
    """`payload` as a fact that reached us, the same each time it is told."""
    return Fact(payload=payload, at=at, cause=a_cause(f"{name}{payload!r}{at}"))


def after(item: WorkItem, *payloads: Payload, at: datetime = NOW) -> WorkItem:
    """`item` after the router has heard or said `payloads`."""
    for payload in payloads:
        item = evolve(item, said(a_cause(f"{payload!r}"), payload, at))
    return item
