"""The dispatcher: the one that gives waiting tickets to free agents, a batch at a time (semantics G6).

A step serves one routing domain under its lock. It matches on a memory of the roster that is renewed by what
has changed, locks only the agents it has chosen, and matches again when one of them is not as remembered.
"""

from __future__ import annotations

import asyncio
import logging
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from itertools import takewhile
from typing import Final, TypeAlias
from uuid import UUID

from services.router.domain.desks import Crowd, Desks
from services.router.domain.domains import routing_domains
from services.router.domain.eligible import Nobody
from services.router.domain.matching import Match, Matching, match
from services.router.domain.roster import Agent
from services.router.domain.work import WorkItem
from services.router.gauges import Gauges
from services.router.giving import announce, give
from services.router.metrics import RouterMetrics
from services.router.store import acquaintances, locks, work
from services.router.store.ledger import Ledger
from services.router.store.memory import RosterMemory
from shared.contracts import FollowUp
from shared.db.engine import Transaction
from shared.policy import WorkflowPolicy
from shared.runtime.traced import Step
from shared.runtime.writer import Writer

#: What decides who gets which ticket; called as `match` is.
Matcher: TypeAlias = Callable[..., Matching]

log = logging.getLogger(__name__)

STEP: Final = Step("dispatch")

#: Tickets given out at most in one transaction.
BATCH: Final = 500

#: How long a step waits before the next when somebody else has the lock it needs.
BUSY_SECONDS: Final = 0.05

#: How often a step matches again because an agent was not as remembered.
ATTEMPTS: Final = 3


@dataclass(frozen=True, slots=True)
class Dispatched:
    """What one step did: who got what, and which tickets were announced as unroutable.

    `agents` are as the step leaves them. `stale`: the memory of the roster was out of date. `busy`:
    somebody else had a lock.
    """

    matches: Sequence[Match] = ()
    unroutable: Sequence[WorkItem] = ()
    agents: Sequence[Agent] = ()
    stale: bool = False
    busy: bool = False
    now: datetime | None = None

    @property
    def anything(self) -> bool:
        """Whether the next step may find more."""
        return bool(self.matches or self.unroutable or self.stale)


@dataclass(slots=True)
class _Domain:
    """What waits in a routing domain: its lanes, those of them with room, those without anybody."""

    lanes: list[str] = field(default_factory=list)
    wanted: Mapping[str, int] = field(default_factory=dict)
    nobody: dict[str, Nobody] = field(default_factory=dict)


class Dispatcher:
    """Steps until nobody who waits can be given to anybody."""

    def __init__(
        self,
        writer: Writer,
        policy: WorkflowPolicy,
        metrics: RouterMetrics,
        *,
        matcher: Matcher = match,
    ) -> None:
        self._writer = writer
        self._policy = policy
        self._metrics = metrics
        self._matcher = matcher
        self._domains = routing_domains(policy.routing)
        self._memory = RosterMemory(Desks(policy))
        self._served_last = ""
        self._gauges = Gauges(policy, metrics)

    async def step(self) -> bool:
        """One transaction of dispatching; True when the next may find more.

        After one that found a lock taken it waits for a moment.
        """
        done = await self._writer.write(self.dispatch_once, step=STEP)
        self._memory.saved(done.agents)
        for found in done.matches:
            waited = found.item.waited_seconds(done.now) if done.now else 0
            self._metrics.assignment_wait.labels(queue=_queue(found.item)).observe(waited)
        for item in done.unroutable:
            self._metrics.unroutable.labels(queue=_queue(item)).inc()
        if done.matches:
            self._metrics.dispatch_matches.one.observe(len(done.matches))
        _tell(done)
        if done.busy and not done.anything:
            # whoever has the lock may have looked before our tickets came
            await asyncio.sleep(BUSY_SECONDS)
        return done.anything or done.busy

    async def dispatch_once(
        self, tx: Transaction, now: datetime
    ) -> tuple[Dispatched, list[FollowUp]]:
        """Match a domain's line to the roster inside `tx`: the next one that has something to do.

        Nothing is done for a domain that another dispatcher is at, or while a command changes desks.
        """
        await self._gauges.read(tx, now)
        moment = await locks.enter(tx)
        if moment is None:
            return Dispatched(busy=True), []
        await self._memory.renew(tx, moment, now)
        busy = False
        for name, domain in self._in_turn(await self._waiting(tx)):
            if not await locks.take_domain(tx, name):
                busy = True
                continue
            done, said = await self._serve(tx, domain, now)
            if done.anything:
                self._served_last = name
                return done, said
        return Dispatched(busy=busy), []

    async def _waiting(self, tx: Transaction) -> Mapping[str, _Domain]:
        """What could be done now, by domain."""
        desks = self._memory.desks
        heads = await work.lanes(tx)
        unknown = [head.ticket_id for head in heads if not desks.knows(head.lane)]
        for item in (await work.read(tx, unknown)).values() if unknown else ():
            desks.meet(item)
        domains: dict[str, _Domain] = defaultdict(_Domain)
        for head in heads:
            if not desks.knows(head.lane):
                continue  # its first ticket has just been moved: the next step meets it
            domain = domains[self._domains.get(head.queue, head.queue)]
            if (nobody := desks.nobody(head.lane)) is not None:
                domain.nobody[head.lane] = nobody
            else:
                domain.lanes.append(head.lane)
        for domain in domains.values():
            domain.wanted = self._rooms(domain.lanes)
        return domains

    def _rooms(self, lanes: Iterable[str]) -> dict[str, int]:
        """How many tickets of each lane could be given out; lanes without room are left out."""
        rooms = {lane: self._memory.desks.room(lane, most=BATCH) for lane in lanes}
        return {lane: room for lane, room in rooms.items() if room}

    def _in_turn(self, domains: Mapping[str, _Domain]) -> Iterator[tuple[str, _Domain]]:
        """The domains with something to do, beginning behind the one that was served last."""
        names = sorted(domains)
        later = [name for name in names if name > self._served_last]
        for name in [*later, *(name for name in names if name <= self._served_last)]:
            if domains[name].wanted or domains[name].nobody:
                yield name, domains[name]

    async def _serve(
        self, tx: Transaction, domain: _Domain, now: datetime
    ) -> tuple[Dispatched, list[FollowUp]]:
        causes = {lane: nobody.cause for lane, nobody in domain.nobody.items()}
        untold = await work.untold(tx, causes, limit=BATCH)
        waiting, matches, agents, stale = await self._choose(tx, domain, now)
        ledger = Ledger(items={**waiting, **untold}, agents=agents, policy=self._policy, now=now)
        crowds: dict[str, Crowd] = {}
        for one in matches:
            lane = one.item.lane
            if lane not in crowds:
                crowds[lane] = self._memory.desks.crowd(lane)
            give(ledger, one, crowds[lane], self._policy, now)
        for item in untold.values():
            announce(ledger, item, domain.nobody[item.lane])
        said = await ledger.save(tx)
        left = tuple(ledger.agents.values())
        return Dispatched(matches, tuple(untold.values()), left, stale=stale, now=now), said

    async def _choose(
        self, tx: Transaction, domain: _Domain, now: datetime
    ) -> tuple[Mapping[UUID, WorkItem], Sequence[Match], Mapping[str, Agent], bool]:
        """The tickets looked at, who gets which, the agents locked for it, and whether one was stale.

        Where an agent is not as remembered, everything is matched again; what would still rest on
        somebody unlocked is left to the next step, and so is all that stands behind it in the line.
        """
        waiting, matches = await self._match(tx, domain.wanted, now, {})
        locked: dict[str, Agent] = {}
        stale = False
        for attempt in range(ATTEMPTS):
            missing = {one.agent_id for one in matches} - locked.keys()
            if not missing:
                break
            now_locked, changed = await self._memory.lock(tx, missing, wait=not attempt)
            locked |= now_locked
            if not changed:
                break
            stale = True
            waiting, matches = await self._match(tx, self._rooms(domain.lanes), now, waiting)
        safe = list(takewhile(lambda one: one.agent_id in locked, matches))
        return waiting, safe, {one.agent_id: locked[one.agent_id] for one in safe}, stale

    async def _match(
        self,
        tx: Transaction,
        wanted: Mapping[str, int],
        now: datetime,
        waiting: Mapping[UUID, WorkItem],
    ) -> tuple[Mapping[UUID, WorkItem], Sequence[Match]]:
        """Match the first of the line as remembered; look further where agents have given heads back.

        No lane ends before its room does, so nobody behind the tickets looked at can have stood before
        one that got an agent.
        """
        limit = BATCH
        while True:
            waiting = await work.heads(tx, wanted, limit=limit, locked=waiting)
            agents = self._memory.desks.free(wanted)
            familiar = await acquaintances.of(tx, _customers(waiting.values()), now)
            matches = self._matcher(
                waiting.values(),
                agents,
                policy=self._policy,
                now=now,
                limit=BATCH,
                familiar=familiar,
            ).matches
            deeper = _deeper(wanted, waiting, matches)
            cut = len(waiting) == limit
            if not deeper and (matches or not cut):
                return waiting, matches
            wanted = {**wanted, **deeper}
            limit *= 2


def _deeper(
    wanted: Mapping[str, int], waiting: Mapping[UUID, WorkItem], matches: Sequence[Match]
) -> dict[str, int]:
    """How far to look into lanes all of whose heads were given out or had been given back before.

    Any other ticket without an agent shows that nobody who serves its lane has room left.
    """
    if len(matches) == BATCH:
        return {}
    given = {one.item.ticket_id for one in matches}
    left = [item for ticket_id, item in waiting.items() if ticket_id not in given]
    if not any(item.declined for item in left):
        return {}
    seen = Counter(item.lane for item in waiting.values())
    exhausted = {item.lane for item in left if not item.declined}
    return {
        lane: 2 * wanted[lane]
        for lane in {item.lane for item in left} - exhausted
        if seen[lane] >= wanted[lane]
    }


def _customers(items: Iterable[WorkItem]) -> list[str]:
    return [item.opened.customer.customer_id for item in items if item.opened is not None]


def _queue(item: WorkItem) -> str:
    return item.place.queue if item.place else "none"


def _tell(done: Dispatched) -> None:
    if done.matches:
        log.debug(
            "%d tickets were assigned", len(done.matches), extra={"action": "tickets_assigned"}
        )
    if done.unroutable:
        log.warning(
            "%d tickets wait for somebody who is not there",
            len(done.unroutable),
            extra={"action": "tickets_unroutable"},
        )
