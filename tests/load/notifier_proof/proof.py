"""The proof itself: facts, a notifier that is killed again and again, and the account at the end."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Callable
from pathlib import Path
from typing import Final
from uuid import UUID, uuid4

import httpx2

from shared.contracts import NOTIFICATIONS, decode, type_of
from shared.contracts.notifications import NotificationPayload
from tests.load.router_proof.ground import Ground
from tests.load.router_proof.replicas import Replicas
from tests.load.router_proof.rounds import beside, connected
from tests.support.running import until

from .feed import Feed
from .judge import Row, judge
from .plan import WORKFLOW, Plan, Verdict
from .receivers import Receivers, receivers

_PEOPLE: Final = 100

_KNOWN: Final = "SELECT count(*) FROM notifier.ticket"

#: How far it is: planned, ended, and facts that are still to be published.
_PROGRESS: Final = """
SELECT count(*) AS planned, count(*) FILTER (WHERE status IN ('sent', 'dead', 'suppressed')) AS ended,
    (SELECT count(*) FROM notifier.outbox WHERE published_at IS NULL) AS owed,
    (SELECT count(*) FROM notifier.outbox) AS said,
    (SELECT count(*) FROM notifier.dead_letter) AS parked
FROM notifier.notification
"""

_ROWS: Final = """
SELECT notification_id, coalesce(bundle_id, notification_id) AS message, status,
    array(SELECT outcome FROM notifier.attempt a
          WHERE a.notification_id = n.notification_id ORDER BY a.n) AS outcomes
FROM notifier.notification n
"""


class Proof:
    """Runs a plan on some ground. `progress` hears how many notifications have ended, and of how many."""

    def __init__(
        self,
        plan: Plan,
        ground: Ground,
        folder: Path,
        *,
        progress: Callable[[int, int], None] = lambda _ended, _planned: None,
    ) -> None:
        self.found = Verdict()
        self._plan = plan
        self._ground = ground
        self._folder = folder
        self._progress = progress
        self._chance = random.Random(plan.seed)
        self._told: set[tuple[str, UUID]] = set()
        self._heard: set[UUID] = set()

    async def run(self) -> Verdict:
        """Everybody told under fire, then the account."""
        await self._ground.renew()
        async with receivers(self._plan) as sinks:
            feed = Feed(
                self._plan.breaches,
                list(sinks.hooks),
                paged=sinks.well,
                pages=self._plan.pages,
                seldom=sinks.never,
                seed=self._plan.seed,
            )
            async with self._notifier(sinks) as notifier, beside(self._read()):
                await self._tell(feed, notifier, sinks)
            self.found.own_ends = notifier.own_ends
            self.found.trapped = sinks.trap.connections
            await self._account(feed, sinks)
        return self.found

    def _notifier(self, sinks: Receivers) -> Replicas:
        workflow = self._folder / "workflow.yaml"
        workflow.write_text(WORKFLOW.format(bundle=self._plan.bundle))
        told = {"TIERLINE_WORKFLOW_FILE": str(workflow), **sinks.environment}
        environment = {**self._ground.environment, **told}
        return Replicas(1, environment, self._folder, service="notifier")

    async def _tell(self, feed: Feed, notifier: Replicas, sinks: Receivers) -> None:
        await _introduce(notifier, sinks)
        await feed.assign(self._ground.kafka)
        await until(lambda: self._knows(len(feed.tickets)), "the tickets are known", seconds=60)
        began = asyncio.get_running_loop().time()
        async with beside(self._kill(notifier)):
            await feed.breach(self._ground.kafka)
            await self._moving(len(feed.expected))
        self.found.seconds = asyncio.get_running_loop().time() - began
        await notifier.ready()
        await self._quiet()
        notifier.kills = 0  # they were taken out of the restarts one by one

    async def _kill(self, notifier: Replicas) -> None:
        """`kill -9` after every so many seconds of the notifier's life, until cancelled."""
        [member] = notifier.members
        while True:
            await notifier.ready()
            await asyncio.sleep(self._plan.kill_every * self._chance.uniform(0.6, 1.4))
            restarts = member.restarts
            notifier.kill(0)
            self.found.kills += 1
            await until(lambda before=restarts: member.restarts > before, "it ends")  # type: ignore[misc]
            member.restarts -= 1  # so that it is started again at once

    async def _moving(self, wanted: int) -> None:
        """Until all has ended, as long as something happens; what stands still is found in the account."""
        loop = asyncio.get_running_loop()
        before, since = -1, loop.time()
        while loop.time() - since < self._plan.patience:
            async with connected(self._ground) as database:
                row = await database.fetchrow(_PROGRESS)
            assert row is not None
            self._progress(row["ended"], max(wanted, row["planned"]))
            if row["ended"] == row["planned"] >= wanted:
                return
            if row["ended"] + row["planned"] != before:
                before, since = row["ended"] + row["planned"], loop.time()
            await asyncio.sleep(0.5)

    async def _quiet(self) -> None:
        """Until every fact is published and read, or patience is over."""

        async def is_quiet() -> bool:
            async with connected(self._ground) as database:
                row = await database.fetchrow(_PROGRESS)
            return row is not None and not row["owed"] and row["said"] <= len(self._heard)

        try:
            await until(is_quiet, "all is published and read", seconds=self._plan.patience)
        except AssertionError:
            return  # the account shows what is missing

    async def _account(self, feed: Feed, sinks: Receivers) -> None:
        async with connected(self._ground) as database:
            rows = [Row(**dict(row)) for row in await database.fetch(_ROWS)]
            progress = await database.fetchrow(_PROGRESS)
        assert progress is not None
        self.found.parked = progress["parked"]
        judge(
            self.found,
            rows,
            expected=feed.expected,
            told=self._told,
            captures=sinks.captures,
        )

    async def _knows(self, tickets: int) -> bool:
        async with connected(self._ground) as database:
            return int(await database.fetchval(_KNOWN)) >= tickets

    async def _read(self) -> None:
        """Follow what the notifier publishes as anybody may, from the beginning."""
        group = f"tierline.proof.{uuid4().hex[:8]}"
        consumer = self._ground.kafka.consumer(group, [NOTIFICATIONS], on_revoked=_nothing)
        await consumer.start()
        try:
            while True:
                for record in await consumer.poll(timeout_seconds=0.2, max_records=2000):
                    event = decode(record.value)
                    self._heard.add(event.id)
                    if isinstance(event.payload, NotificationPayload):
                        name = type_of(event.payload).name
                        self._told.add((name, event.payload.notification_id))
                await asyncio.sleep(0)
        finally:
            await consumer.stop()


async def _introduce(notifier: Replicas, sinks: Receivers) -> None:
    """Put everybody into the directory."""
    url = f"{notifier.members[0].url}/v1/recipients"
    async with httpx2.AsyncClient(trust_env=False, headers={"x-api-key": notifier.key}) as client:
        for first in range(0, len(sinks.people), _PEOPLE):
            body = {"recipients": sinks.people[first : first + _PEOPLE]}
            (await client.put(url, json=body)).raise_for_status()


async def _nothing(_: object) -> None:
    """A reader that commits nothing has nothing to finish."""
