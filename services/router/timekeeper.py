"""The timekeeper: tells tickets and agents that time has passed (semantics G2, G4, G7, G8).

There are no timer rows. A row says when time changes it next, and what it does then is decided by the same
core as everything else. Any number of replicas may keep time: each takes rows that no other has.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Final

from services.router.domain.passing import passed
from services.router.domain.relaxing import STEPS
from services.router.domain.roster import Agent
from services.router.domain.work import WorkItem
from services.router.metrics import RouterMetrics
from services.router.store import attendance, roster, work
from services.router.store.attending import attend
from services.router.store.ledger import Ledger
from services.router.store.shifts import Shifts
from shared.contracts import Cause, FollowUp, Payload, TicketQueued, TicketUnassigned
from shared.contracts.vocabulary import QueueReason
from shared.db.engine import Transaction
from shared.ids import TIERLINE, derived_id
from shared.policy import WorkflowPolicy
from shared.runtime.traced import Step
from shared.runtime.writer import Writer

STEP: Final = Step("time passed", by_time=True)

#: Tickets, or agents, of one transaction.
LIMIT: Final = 200

#: How long the timekeeper sleeps at most: what other replicas have written is not told to it.
LONGEST_SLEEP: Final = 1.0

#: And at least: what is due and held by another replica is not asked for without end.
SHORTEST_SLEEP: Final = 0.02

#: How often the gauge over the agents is read anew.
GAUGES_EVERY: Final = timedelta(seconds=5)

#: What agents look like in the gauge.
STANDINGS: Final = ("online", "busy", "away", "suspect", "off_shift", "offline")


@dataclass(slots=True)
class Kept:
    """What one step did: how many rows it looked at, and what it said."""

    rows: int = 0
    timed_out: Counter[str] = field(default_factory=Counter)
    relaxed: Counter[str] = field(default_factory=Counter)
    next_at: datetime | None = None
    now: datetime | None = None


class Timekeeper:
    """Steps until nothing is due; wakes whoever gives out work when something was."""

    def __init__(
        self,
        writer: Writer,
        policy: WorkflowPolicy,
        metrics: RouterMetrics,
        shifts: Shifts,
        wake: Callable[[], None],
    ) -> None:
        self._writer = writer
        self._policy = policy
        self._metrics = metrics
        self._shifts = shifts
        self._wake = wake
        self._began = False
        self._idle = LONGEST_SLEEP
        self._gauges_read: datetime | None = None

    def idle_seconds(self) -> float:
        """How long to sleep after a step that found nothing due: until something is."""
        return self._idle

    async def step(self) -> bool:
        """One look at the clock; True when something was due and there may be more."""
        kept = await self._writer.write(self.keep_tickets, step=STEP)
        people = await self._writer.write(self.keep_agents)
        self._began = True
        for level, count in kept.timed_out.items():
            self._metrics.acceptances_timed_out.labels(level=level).inc(count)
        for step, count in kept.relaxed.items():
            self._metrics.relaxations.labels(step=step).inc(count)
        if kept.rows or people.rows:
            self._wake()
            return True
        self._idle = _seconds_until(people)
        return False

    async def keep_tickets(self, tx: Transaction, now: datetime) -> tuple[Kept, list[FollowUp]]:
        """Let time pass for the tickets that are due, inside `tx`."""
        items = await work.due(tx, now, limit=LIMIT)
        kept = Kept(rows=len(items))
        if not items:
            return kept, []
        held = [item.agent_id for item in items.values() if item.agent_id is not None]
        agents = await roster.lock_some(tx, held)
        ledger = Ledger(items=items, agents=agents, policy=self._policy, now=now)
        for item in items.values():
            self._pass(ledger, item, now, kept)
        return kept, await ledger.save(tx)

    def _pass(self, ledger: Ledger, item: WorkItem, now: datetime, kept: Kept) -> None:
        """Say what is due about one ticket, one thing after the other, until nothing is.

        The cause is that it was queued last: time ends every place in the line once, so whoever says so
        says it under the same id.
        """
        ledger.renew(item)
        while item.queued is not None and (due := passed(item, self._policy, now)):
            _count(kept, item, due)
            item = ledger.say(item, item.queued, due, mark="passed")

    async def keep_agents(self, tx: Transaction, now: datetime) -> tuple[Kept, list[FollowUp]]:
        """Let time pass for the agents who are due, inside `tx`; tells when anybody is due next.

        The first time it looks at everybody who works a shift: the workflow's calendars may be others now.
        """
        await self._read_gauges(tx, now)
        due = await attendance.due(tx, now, limit=LIMIT)
        if not self._began:
            due = sorted({*due, *await attendance.on_shifts(tx)})
        if not due:
            return Kept(next_at=await _next(tx), now=now), []
        await roster.dispatch_lock(tx)
        worked = await self._shifts.named(tx, await attendance.shifts_of(tx, due), now)
        ledger = await attend(
            tx,
            now,
            self._policy,
            becoming=dict.fromkeys(due, _as_they_are),
            shifts=worked,
            cause=_because_of_time,
        )
        return Kept(rows=len(due), now=now), await ledger.save(tx)

    async def _read_gauges(self, tx: Transaction, now: datetime) -> None:
        """Set the gauge over the agents, at most every few seconds."""
        if self._gauges_read is not None and now - self._gauges_read < GAUGES_EVERY:
            return
        self._gauges_read = now
        counts = await attendance.standing(tx)
        for standing in STANDINGS:
            self._metrics.agents.labels(standing=standing).set(counts.get(standing, 0))


async def _next(tx: Transaction) -> datetime | None:
    """When time next changes anything."""
    instants = (await work.next_due(tx), await attendance.next_change(tx))
    return min((at for at in instants if at is not None), default=None)


def _seconds_until(kept: Kept) -> float:
    """How long to sleep after a step in which nothing was due."""
    if kept.next_at is None or kept.now is None:
        return LONGEST_SLEEP
    left = (kept.next_at - kept.now).total_seconds()
    return min(LONGEST_SLEEP, max(SHORTEST_SLEEP, left))


def _as_they_are(agent: Agent | None) -> Agent | None:
    return agent


def _because_of_time(agent_id: str, agent: Agent) -> Cause:
    """The cause of what time makes of an agent as they were saved last."""
    itself = derived_id(TIERLINE, f"agent:{agent_id}")
    passed_by = derived_id(itself, f"attended:{agent.version}")
    return Cause(id=passed_by, correlation_id=passed_by)


def _count(kept: Kept, item: WorkItem, said: Sequence[Payload]) -> None:
    """Count a time-out by level, and a step of relaxation by its name."""
    assert item.place is not None
    for payload in said:
        if isinstance(payload, TicketUnassigned):
            kept.timed_out[item.place.level] += 1
        elif isinstance(payload, TicketQueued) and payload.reason is QueueReason.RELAXED:
            kept.relaxed[STEPS[(payload.relaxed or 1) - 1]] += 1
