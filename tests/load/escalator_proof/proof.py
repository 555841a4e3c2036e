"""The proof itself: traffic, trouble, and the auditor's word on what was published."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path
from typing import Final
from uuid import UUID, uuid4

from msgspec.structs import replace

from services.auditor.reading import TOPICS
from services.auditor.report import Report
from services.auditor.verdict import audit
from shared.clock import SystemClock
from shared.contracts import SLA, TICKETS, Event, decode
from tests.load.router_proof.ground import Ground
from tests.load.router_proof.replicas import Replicas
from tests.load.router_proof.rounds import beside, connected
from tests.support.running import until

from .feed import Feed
from .plan import Plan, Verdict
from .stepped import step
from .trouble import Trouble

_MODULE: Final = "tests.load.escalator_proof.stepped"

#: What is still to come: facts not heard, cases due, events not published.
_LEFT: Final = f"""
SELECT $1 - (SELECT coalesce(sum(sequence), 0)::bigint FROM escalator.stream WHERE topic = '{TICKETS}') AS unheard,
    (SELECT count(*) FROM escalator.sla_case WHERE next_due_at <= now()) AS due,
    (SELECT count(*) FROM escalator.outbox WHERE published_at IS NULL) AS unpublished,
    (SELECT count(*) FROM escalator.outbox WHERE topic = '{SLA}') AS said,
    (SELECT coalesce(array_agg(format('%s %s: %s', key, reason, error)), '{{}}') FROM escalator.dead_letter) AS parked
"""


class Proof:
    """Runs a plan on some ground. `progress` hears of thresholds announced so far."""

    def __init__(
        self,
        plan: Plan,
        ground: Ground,
        folder: Path,
        *,
        progress: Callable[[int], None] = lambda _: None,
    ) -> None:
        self.found = Verdict()
        self._plan = plan
        self._ground = ground
        self._folder = folder
        self._progress = progress
        self._events: dict[UUID, Event] = {}
        self._since = SystemClock().now()
        self._clock_file = folder / "clock"
        self._policy = plan.workflow()

    async def run(self) -> Verdict:
        """Traffic under trouble, then peace, then the verdict."""
        found, since = self.found, self._since
        began = asyncio.get_running_loop().time()
        step(self._clock_file, timedelta(0))
        await self._ground.renew()
        feed = Feed(self._plan, self._ground.kafka)
        async with self._escalators() as escalators:
            trouble = Trouble(self._plan, self._ground, escalators, self._clock_file)
            async with beside(feed.run(), self._read()):
                await self._work(feed, trouble)
            found.kills, found.own_ends = escalators.kills, escalators.own_ends
        found.faults = dict(trouble.done)
        found.held = sum(m.log.read_text().count('"clock_held"') for m in escalators.members)
        found.tickets, found.facts = len(feed.sequences), feed.sequences.total()
        found.seconds = asyncio.get_running_loop().time() - began
        found.report = self._judge(since)
        return found

    def _escalators(self) -> Replicas:
        workflow = self._folder / "workflow.yaml"
        workflow.write_text(self._plan.workflow_text())
        return Replicas(
            self._plan.replicas,
            {**self._ground.environment, "TIERLINE_WORKFLOW_FILE": str(workflow)},
            self._folder,
            service="escalator",
            command=("-m", _MODULE, str(self._clock_file)),
        )

    async def _work(self, feed: Feed, trouble: Trouble) -> None:
        """Until all tickets are opened and every fault was there; then until nothing is left to say."""
        async with beside(trouble.kill_now_and_then(random.Random(self._plan.seed))):
            await trouble.make(lambda: feed.all_opened)
        await asyncio.sleep(self._plan.longest)
        feed.solve_all()
        await self._quiet(feed)

    async def _quiet(self, feed: Feed) -> None:
        """Wait until everything is heard, fired, published and read, or patience is over."""

        async def is_quiet() -> bool:
            async with connected(self._ground) as database:
                left = await database.fetchrow(_LEFT, feed.sequences.total())
            self.found.unheard, self.found.letters = left["unheard"], left["parked"]
            read = sum(event.topic == SLA for event in self._events.values())
            open_ends = (left["unheard"], left["due"], left["unpublished"], left["said"] - read)
            return feed.all_written and not any(open_ends)

        try:
            await until(is_quiet, "everything is said", seconds=self._plan.patience)
        except AssertionError:
            self.found.unheard = max(1, self.found.unheard)

    async def _read(self) -> None:
        """Follow the topics as the auditor does: by the log, from its beginning."""
        group = f"tierline.proof.{uuid4().hex[:8]}"
        consumer = self._ground.kafka.consumer(group, TOPICS, on_revoked=_nothing)
        await consumer.start()
        try:
            while True:
                for record in await consumer.poll(timeout_seconds=0.1, max_records=2000):
                    event = decode(record.value)
                    self.found.repeats += event.id in self._events
                    self._events[event.id] = _by_a_clock_that_is_right(event, self._since)
                self._progress(len(self._events))
                await asyncio.sleep(0)
        finally:
            await consumer.stop()

    def _judge(self, since: datetime) -> Report:
        until_ = SystemClock().now()
        events = self._events.values()
        return audit(events, self._policy, since=since, until=until_, grace=timedelta(0))


def _by_a_clock_that_is_right(event: Event, since: datetime) -> Event:
    """A transaction that was under way while its clock was stepped back writes an instant before everything
    began, and whatever it says looks early by two hours. When it was read bounds when it was written.
    """
    if event.recorded_time >= since:
        return event
    return replace(event, recorded_time=SystemClock().now())


async def _nothing(_: object) -> None:
    """A reader that commits nothing has nothing to finish."""
