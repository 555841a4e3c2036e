"""The courier: lease and attempt row (one transaction), request outside any, outcome (another)."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from services.notifier.in_flight import InFlight
from shared.clock import Clock
from shared.contracts import FollowUp
from shared.db.engine import Transaction
from shared.failpoints import failpoint
from shared.http.egress import Egress
from shared.runtime.writer import Writer

from .domain.delivery import Delivery, Outcome, Status, Verdict, lease
from .metrics import SubscriptionMetrics
from .recording import Recorded, ended, record, record_lost
from .sending import attempt
from .settings import SubscriptionSettings
from .store import deliveries, secrets
from .store.deliveries import Finished, Taken

log = logging.getLogger(__name__)

#: While requests are in flight, what has come due meanwhile is looked for this often.
_LOOK_SECONDS: Final = 0.25

#: How long a stop waits for requests in flight; what is later counts as lost.
_STOP_SECONDS: Final = 2.0


@dataclass(frozen=True, slots=True)
class _Leased:
    """One attempt that has been written down, and what it is signed with."""

    taken: Taken
    secrets: list[str]


class Courier:
    """Delivers what is due, many at a time, few to one endpoint, each with a time limit."""

    def __init__(
        self,
        *,
        writer: Writer,
        clock: Clock,
        egress: Egress,
        settings: SubscriptionSettings,
        jitter: Callable[[], float],
        metrics: SubscriptionMetrics,
    ) -> None:
        self._writer = writer
        self._clock = clock
        self._egress = egress
        self._settings = settings
        self._jitter = jitter
        self._metrics = metrics
        self._in_flight: InFlight[Finished] = InFlight()

    async def step(self) -> bool:
        """Record what has ended, begin what is due, wait a moment for what is under way.

        True while there is something to go on with. Outcomes that could not be recorded stay in hand.
        """
        await self._record()
        began = await self._begin()
        if self._in_flight:
            await self._in_flight.wait(_LOOK_SECONDS)
        return began or bool(self._in_flight or self._in_flight.ended)

    def wake(self) -> None:
        """Something may have come due: look now, not when one of those in flight has ended."""
        self._in_flight.wake()

    async def close(self) -> None:
        """Let what is in flight end, for a moment, and record it."""
        await self._in_flight.finish(_STOP_SECONDS)
        await self._record()

    async def _record(self) -> None:
        if finished := list(self._in_flight.ended):

            async def work(tx: Transaction, now: datetime) -> tuple[Recorded, list[FollowUp]]:
                return await record(tx, finished, now, self._jitter), []

            recorded = await self._writer.write(work)
            del self._in_flight.ended[: len(finished)]
            self._tell(recorded)

    async def _begin(self) -> bool:
        """Lease what is due as far as there is room, and begin it once that is committed."""
        room = self._settings.concurrency - len(self._in_flight)
        if room <= 0:
            return False

        async def work(
            tx: Transaction, now: datetime
        ) -> tuple[tuple[list[_Leased], Recorded], list[FollowUp]]:
            lost = await record_lost(tx, now, room, self._jitter)
            return (await self._take(tx, now, room), lost), []

        leased, lost = await self._writer.write(work)
        self._tell(lost)
        self._metrics.attempts.labels(outcome=Outcome.LOST.value).inc(len(lost.settled))
        self._in_flight.begin(self._attempt(one) for one in leased)
        return bool(leased or lost.settled)

    async def _take(self, tx: Transaction, now: datetime, room: int) -> list[_Leased]:
        due = await deliveries.take_due(
            tx, now, per_endpoint=self._settings.per_endpoint, limit=room
        )
        if not due:
            return []
        until = now + timedelta(seconds=self._settings.lease_seconds)
        taken = [Taken(lease(t.delivery, until=until), t.url, t.document) for t in due]
        leased = [t.delivery for t in taken]
        await deliveries.update(tx, leased)
        await deliveries.begin(tx, leased, now)
        known = await secrets.in_force(tx, [d.subscription_id for d in leased], now)
        return [_Leased(t, known.get(t.delivery.subscription_id, [])) for t in taken]

    async def _attempt(self, leased: _Leased) -> Finished:
        failpoint("subscriptions.before_send")
        began = time.perf_counter()
        verdict = await self._verdict(leased)
        seconds = time.perf_counter() - began
        failpoint("subscriptions.after_send")
        self._metrics.attempts.labels(outcome=verdict.outcome.value).inc()
        self._metrics.seconds.one.observe(seconds)
        delivery = leased.taken.delivery
        return Finished(
            delivery.subscription_id,
            delivery.event_id,
            delivery.attempts,
            verdict,
            round(seconds * 1000),
        )

    async def _verdict(self, leased: _Leased) -> Verdict:
        """What came of the attempt; never raises."""
        try:
            return await attempt(
                leased.taken,
                leased.secrets,
                self._egress,
                timeout_seconds=self._settings.timeout_seconds,
                now=self._clock.now(),
            )
        except Exception as error:
            named = {"action": "subscription_send_failed"} | _named(leased.taken.delivery)
            log.exception("A webhook failed for a reason nobody foresaw", extra=named)
            return Verdict(outcome=Outcome.UNKNOWN, detail=f"unforeseen: {type(error).__name__}")

    def _tell(self, recorded: Recorded) -> None:
        """Metrics, and a line for what its subscriber will not hear without doing something."""
        for status in (Status.SENT, Status.DEAD):
            self._metrics.deliveries.labels(outcome=status.value).inc(ended(recorded, status))
        for delivery in recorded.settled:
            if delivery.status is Status.DEAD:
                named = {"action": "subscription_delivery_dead"} | _named(delivery)
                log.error("An event was not delivered to its subscription", extra=named)
        for subscription_id, because in recorded.disabled.items():
            named = {"action": "subscription_disabled", "reason": because.value}
            log.error("The subscription %s was disabled", subscription_id, extra=named)


def _named(delivery: Delivery) -> dict[str, object]:
    return {"subscription_id": delivery.subscription_id, "event_id": delivery.event_id}
