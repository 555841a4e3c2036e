"""The dispatcher: the one that gives waiting tickets to free agents, a batch at a time (semantics G6)."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

from services.router.domain.decide import assigned
from services.router.domain.eligible import Nobody
from services.router.domain.matching import Match, match
from services.router.domain.work import WorkItem
from services.router.metrics import RouterMetrics
from services.router.store import roster, views, work
from services.router.store.ledger import Ledger
from shared.contracts import FollowUp, TicketUnroutable
from shared.db.engine import Transaction
from shared.policy import WorkflowPolicy
from shared.runtime.writer import Writer

log = logging.getLogger(__name__)

#: Tickets looked at a lane, and given out at most, in one transaction. Because both are the same,
#: nobody behind the tickets looked at can have stood before one that got an agent.
BATCH: Final = 100

#: How often the gauges over the line and the desks are read anew.
GAUGES_EVERY: Final = timedelta(seconds=5)


@dataclass(frozen=True, slots=True)
class Dispatched:
    """What one step did: who got what, and which tickets were announced as unroutable."""

    matches: Sequence[Match] = ()
    unroutable: Sequence[WorkItem] = ()
    now: datetime | None = None


class Dispatcher:
    """Steps until nobody who waits can be given to anybody."""

    def __init__(self, writer: Writer, policy: WorkflowPolicy, metrics: RouterMetrics) -> None:
        self._writer = writer
        self._policy = policy
        self._metrics = metrics
        self._gauges_read: datetime | None = None

    async def step(self) -> bool:
        """One transaction of dispatching; True when it changed something."""
        done = await self._writer.write(self.dispatch_once)
        for found in done.matches:
            waited = found.item.waited_seconds(done.now) if done.now else 0
            self._metrics.assignment_wait.labels(queue=_queue(found.item)).observe(waited)
        for item in done.unroutable:
            self._metrics.unroutable.labels(queue=_queue(item)).inc()
        if done.matches:
            self._metrics.dispatch_matches.one.observe(len(done.matches))
        _tell(done)
        return bool(done.matches or done.unroutable)

    async def dispatch_once(
        self, tx: Transaction, now: datetime
    ) -> tuple[Dispatched, list[FollowUp]]:
        """Match the line to the roster inside `tx`. Does nothing while another dispatcher is at it."""
        await self._read_gauges(tx, now)
        if not await roster.try_dispatch_lock(tx):
            return Dispatched(), []
        waiting = await work.waiting(tx, a_lane=BATCH)
        if not waiting:
            return Dispatched(), []
        agents = await roster.lock_all(tx)
        found = match(waiting.values(), agents, policy=self._policy, now=now, limit=BATCH)
        causes = {lane: nobody.cause for lane, nobody in found.nobody.items()}
        untold = await work.untold(tx, causes, limit=BATCH)
        ledger = Ledger(
            items={**waiting, **untold},
            agents={agent.agent_id: agent for agent in agents},
            policy=self._policy,
            now=now,
        )
        for one in found.matches:
            self._give(ledger, one, now)
        for item in untold.values():
            _announce(ledger, item, found.nobody[item.lane])
        done = Dispatched(found.matches, tuple(untold.values()), now)
        return done, await ledger.save(tx)

    def _give(self, ledger: Ledger, found: Match, now: datetime) -> None:
        """Give the ticket of a match to its agent; what it rests on is kept (semantics G16)."""
        item = found.item
        assert item.queued is not None
        agent = ledger.agents[found.agent_id]
        payload = assigned(item, agent, found.reason, now, policy=self._policy, fit=found.skill_fit)
        ledger.say(item, item.queued, [payload], explanation=_explanation(found))

    async def _read_gauges(self, tx: Transaction, now: datetime) -> None:
        """Set the gauges from the tables, at most every few seconds."""
        if self._gauges_read is not None and now - self._gauges_read < GAUGES_EVERY:
            return
        self._gauges_read = now
        depths = {depth.queue: depth for depth in await views.depths(tx)}
        for queue in depths.keys() | self._policy.routing.queues.keys():
            depth = depths.get(queue)
            oldest = (now - depth.oldest).total_seconds() if depth else 0.0
            self._metrics.queue_depth.labels(queue=queue).set(depth.waiting if depth else 0)
            self._metrics.queue_oldest.labels(queue=queue).set(max(0.0, oldest))
        self._metrics.agent_utilisation.clear()
        for team, share in (await views.utilisation(tx)).items():
            self._metrics.agent_utilisation.labels(team=team).set(share)


def _announce(ledger: Ledger, item: WorkItem, nobody: Nobody) -> None:
    """Publish, once a cause, that nobody could take the ticket; it goes on waiting (semantics G5)."""
    assert item.queued is not None
    assert item.place is not None
    payload = TicketUnroutable(
        ticket_id=item.ticket_id,
        queue=item.place.queue,
        cause=nobody.cause,
        missing_skills=list(nobody.missing_skills),
    )
    ledger.say(item, item.queued, [payload], mark=nobody.cause.value)


def _explanation(found: Match) -> dict[str, Any]:
    place = found.item.place
    assert place is not None
    return {
        "rule": place.rule,
        "boosts": place.boosts,
        "required_skills": place.required_skills,
        "any_skills": place.any_skills,
        "preferred_skills": place.preferred_skills,
        "candidates": found.candidates,
        "skill_fit": round(found.skill_fit, 3),
        "load_ratio": round(found.load_ratio, 3),
    }


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
