"""What would happen to a ticket that does not exist: its place, and who would get it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

import msgspec

from shared.contracts import Cause, Payload, TicketOpened, TicketQueued
from shared.contracts.vocabulary import Presence, QueueReason
from shared.policy import WorkflowPolicy

from .folding import evolve
from .matching import Match, match
from .roster import Agent, with_limit
from .routing import queued
from .standing import EMPTY, Familiar
from .work import UNIT, Fact, WorkItem

#: The id of the ticket that does not exist.
NO_TICKET: Final = UUID(int=0)


@dataclass(frozen=True, slots=True)
class RosterChange:
    """How an agent is imagined to be; None leaves things as they are. `capacity` in weight units."""

    presence: Presence | None = None
    on_shift: bool | None = None
    capacity: int | None = None


@dataclass(frozen=True, slots=True)
class Preview:
    """Where the ticket would wait, as `item`, and its match; None: nobody would get it now.

    `sla_target` is what its routing rule says of the first response (semantics K10).
    """

    item: WorkItem
    place: TicketQueued
    sla_target: timedelta | None
    match: Match | None


def preview(
    opened: TicketOpened,
    roster: Sequence[Agent],
    *,
    policy: WorkflowPolicy,
    now: datetime,
    familiar: Familiar = EMPTY,
) -> Preview:
    """What routing and matching make of the ticket at `now`, as if no other was waiting."""
    item = _heard(WorkItem(ticket_id=opened.ticket_id), opened, opened.opened_at)
    place = queued(item, QueueReason.NEW, policy)
    item = _heard(item, place, now)
    facts = policy.opening_facts(opened, opened.opened_at)
    found = match([item], roster, policy=policy, now=now, limit=1, familiar=familiar)
    return Preview(
        item=item,
        place=place,
        sla_target=policy.routing.route(facts).sla_target,
        match=found.matches[0] if found.matches else None,
    )


def imagined(roster: Sequence[Agent], changes: Mapping[str, RosterChange]) -> list[Agent]:
    """The roster with `changes` by agent id; every one of them must be in it."""
    known = {agent.agent_id: agent for agent in roster}
    for agent_id, change in changes.items():
        known[agent_id] = _changed(known[agent_id], change)
    return list(known.values())


def _changed(agent: Agent, change: RosterChange) -> Agent:
    """Whoever is imagined to be online is not suspected to be gone."""
    if change.presence is not None:
        agent = msgspec.structs.replace(agent, presence=change.presence, suspect=False)
    if change.on_shift is not None:
        agent = msgspec.structs.replace(agent, on_shift=change.on_shift)
    return agent if change.capacity is None else with_limit(agent, change.capacity * UNIT)


def _heard(item: WorkItem, payload: Payload, at: datetime) -> WorkItem:
    cause = Cause(id=NO_TICKET, correlation_id=NO_TICKET)
    return evolve(item, Fact(payload=payload, at=at, cause=cause))
