"""What people ask of the router, each as one transaction: the roster, assigning by hand."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from datetime import datetime
from functools import partial
from typing import TypeAlias, TypeVar
from uuid import UUID

import msgspec

from services.router.domain.attendance import Shift
from services.router.domain.by_hand import (
    RefusedError,
    accept,
    assign,
    claim,
    decline,
    release,
)
from services.router.domain.roster import Agent, with_limit
from services.router.domain.work import UNIT, WorkItem, WorkStatus
from services.router.store import roster, work
from services.router.store.attending import attend
from services.router.store.ledger import Ledger
from services.router.store.shifts import Shifts, listed
from services.router.wishes import deed, known_agent, new_cause
from shared.contracts import FollowUp, Payload
from shared.contracts.vocabulary import Presence
from shared.db import audit
from shared.db.engine import Transaction
from shared.http.problems import DomainError, FieldError
from shared.policy import WorkflowPolicy
from shared.policy.problems import nearest
from shared.runtime.writer import Work, Writer

T = TypeVar("T")

#: What somebody decides about a ticket and an agent now; raises RefusedError.
Wish: TypeAlias = Callable[[WorkItem, Agent, datetime], Sequence[Payload]]


class Profile(msgspec.Struct, frozen=True, kw_only=True):
    """An agent as the roster's keeper describes them; `capacity` in weight units.

    Without a presence the agent keeps theirs; somebody new is offline.
    """

    agent_id: str
    name: str
    team: str
    level: str
    skills: dict[str, int]
    channels: tuple[str, ...]
    capacity: int
    presence: Presence | None = None
    shift: str | None = None
    channel_caps: dict[str, int] = {}
    auto_accept: bool = False


class Commands:
    """Runs commands in the router's own transactions and wakes the dispatcher after each."""

    def __init__(
        self, writer: Writer, policy: WorkflowPolicy, wake: Callable[[], None], *, shifts: Shifts
    ) -> None:
        self._writer = writer
        self._policy = policy
        self._wake = wake
        self._shifts = shifts

    async def put_agents(
        self, profiles: Sequence[Profile], *, by: str, dry_run: bool = False
    ) -> list[Agent]:
        """Make these agents what their profiles say; agents not named are left alone.

        A dry run only tells what they would be.

        Raises DomainError 422 for a level the workflow does not have, and for a shift nobody knows.
        """
        wanted = {profile.agent_id: self._at_known_level(profile) for profile in profiles}

        async def command(tx: Transaction, now: datetime) -> tuple[list[Agent], list[FollowUp]]:
            await roster.dispatch_lock(tx)
            shifts = await self._known_shifts(tx, wanted.values(), now)
            becoming = {name: partial(_described, wish) for name, wish in wanted.items()}
            cause = new_cause()
            ledger = await attend(
                tx, now, self._policy, becoming=becoming, shifts=shifts, cause=lambda *_: cause
            )
            if dry_run:
                return [ledger.agents[profile.agent_id] for profile in profiles], []
            said = await ledger.save(tx)
            await audit.record(tx, deed(by, "put_agents", sorted(wanted)), now)
            return [ledger.agents[profile.agent_id] for profile in profiles], said

        return await self._write(command)

    async def assign(self, ticket_id: UUID, agent_id: str, *, by: str) -> WorkItem:
        """Give the ticket to the agent, never beyond their capacity (semantics G6).

        Raises DomainError: 404 for an unknown ticket or agent, 409 for what the rules refuse.
        """
        policy = self._policy
        return await self._decide(
            "assign", ticket_id, agent_id, lambda i, a, now: assign(i, a, now, policy), by=by
        )

    async def claim(self, ticket_id: UUID, agent_id: str, *, by: str) -> WorkItem:
        """The agent takes the waiting ticket themselves. Raises DomainError as `assign` does."""
        policy = self._policy
        return await self._decide(
            "claim", ticket_id, agent_id, lambda i, a, now: claim(i, a, now, policy), by=by
        )

    async def accept(self, ticket_id: UUID, agent_id: str, *, by: str) -> WorkItem:
        """The agent works on the ticket they were given (semantics G8). Raises DomainError."""
        return await self._decide(
            "accept", ticket_id, agent_id, lambda i, a, now: accept(i, a.agent_id, now), by=by
        )

    async def decline(self, ticket_id: UUID, agent_id: str, *, by: str) -> WorkItem:
        """The agent gives the ticket back and is not asked again (semantics G8). Raises DomainError."""
        policy = self._policy
        return await self._decide(
            "decline", ticket_id, agent_id, lambda i, a, _: decline(i, a.agent_id, policy), by=by
        )

    async def release(self, ticket_id: UUID, *, by: str) -> WorkItem:
        """Take the ticket from its agent and queue it; nothing changes for one that waits.

        Raises DomainError 404 for an unknown ticket.
        """

        async def command(tx: Transaction, now: datetime) -> tuple[WorkItem, list[FollowUp]]:
            ledger, item = await self._open_ticket(tx, now, ticket_id)
            ledger.say(item, new_cause(), release(item, self._policy))
            said = await ledger.save(tx)
            await audit.record(tx, deed(by, "release", [str(ticket_id)]), now)
            return ledger.items[ticket_id], said

        return await self._write(command)

    async def _decide(
        self, action: str, ticket_id: UUID, agent_id: str, wish: Wish, *, by: str
    ) -> WorkItem:
        """Do what somebody wishes of a ticket and an agent; a repeat changes nothing."""

        async def command(tx: Transaction, now: datetime) -> tuple[WorkItem, list[FollowUp]]:
            ledger, item = await self._open_ticket(tx, now, ticket_id, agents=[agent_id])
            agent = known_agent(ledger, agent_id, field="body.agent_id")
            ledger.say(item, new_cause(), wish(item, agent, now), explanation={"by": by})
            said = await ledger.save(tx)
            await audit.record(tx, deed(by, action, [str(ticket_id), agent_id]), now)
            return ledger.items[ticket_id], said

        return await self._write(command)

    async def _write(self, command: Work[T]) -> T:
        """Run a command; what the core refuses is a 409."""
        try:
            answer = await self._writer.write(command)
        except RefusedError as refused:
            raise DomainError(409, refused.title, refused.detail) from refused
        self._wake()
        return answer

    async def _open_ticket(
        self, tx: Transaction, now: datetime, ticket_id: UUID, agents: Sequence[str] = ()
    ) -> tuple[Ledger, WorkItem]:
        """A ledger of one ticket, its agent and some others."""
        await roster.dispatch_lock(tx)
        if not await work.read(tx, [ticket_id]):
            raise _unknown_ticket(ticket_id)
        items = await work.load(tx, [ticket_id])
        item = items[ticket_id]
        if item.status is WorkStatus.UNOPENED:
            raise _unknown_ticket(ticket_id)
        holders = [item.agent_id] if item.agent_id else []
        locked = await roster.lock_some(tx, [*agents, *holders])
        return Ledger(items=items, agents=locked, policy=self._policy, now=now), item

    async def _known_shifts(
        self, tx: Transaction, profiles: Iterable[Profile], now: datetime
    ) -> dict[str, Shift]:
        """The shifts of these profiles. Raises DomainError 422 for one that nobody knows."""
        wanted = {profile.shift for profile in profiles if profile.shift is not None}
        found = await self._shifts.named(tx, wanted, now)
        stored = [shift.name for shift in await listed(tx)] if wanted - found.keys() else []
        for name in sorted(wanted - found.keys() - set(stored)):
            near = nearest(name, [*stored, *self._policy.calendars])
            hint = f', did you mean "{near}"?' if near else ""
            fault = FieldError(
                "body.shift", f"neither a stored shift nor a calendar of the workflow{hint}"
            )
            raise DomainError(422, "Unknown shift", f"No shift {name!r}{hint}.", errors=[fault])
        return found

    def _at_known_level(self, profile: Profile) -> Profile:
        """The profile with its level's own name. Raises DomainError 422."""
        try:
            level = self._policy.level(profile.level)
        except KeyError:
            known = ", ".join(level.name for level in self._policy.levels)
            fault = FieldError("body.level", f"the workflow has no such level; it has {known}")
            raise DomainError(
                422, "Unknown level", f"No level {profile.level!r}.", errors=[fault]
            ) from None
        return msgspec.structs.replace(profile, level=level.name)


def _described(profile: Profile, agent: Agent | None) -> Agent:
    """The agent a profile describes, with what the old one holds; a presence that stays keeps its lease."""
    limit = profile.capacity * UNIT
    if agent is None:
        agent = Agent(agent_id=profile.agent_id, name="", team="", level="", capacity=limit)
    presence = profile.presence or agent.presence
    changed = msgspec.structs.replace(
        agent,
        name=profile.name,
        team=profile.team,
        level=profile.level,
        skills=profile.skills,
        channels=profile.channels,
        presence=presence,
        renewed_at=agent.renewed_at if presence is agent.presence else None,
        shift=profile.shift,
        channel_caps=profile.channel_caps,
        auto_accept=profile.auto_accept,
    )
    return with_limit(changed, limit)


def _unknown_ticket(ticket_id: UUID) -> DomainError:
    fault = FieldError("path.ticket_id", "the router has not met such a ticket")
    return DomainError(404, "Unknown ticket", f"No ticket {ticket_id}.", errors=[fault])
