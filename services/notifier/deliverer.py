"""The deliverer: lease and attempt row (one transaction), send outside any, outcome (another).

Whatever dies in between leaves an attempt without an outcome, which counts as unknown when its lease
runs out and is sent again with the same id (reliability P7-P9).
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Final

from shared.clock import Clock
from shared.contracts import FollowUp
from shared.db.engine import Transaction
from shared.failpoints import failpoint
from shared.observability.spans import OFF, Tracer
from shared.observability.tracing import trace_id
from shared.runtime.writer import Writer

from .beside import begin_beside
from .composing import Composer
from .domain.delivery import Outcome, Result, Settled
from .domain.message import POSSIBLE_REPEAT
from .domain.notification import Notification, Status
from .in_flight import InFlight
from .leasing import Leased, LeaseTerms, Taken, take
from .metrics import NotifierMetrics
from .recording import RecordTerms, follow_ups, record, record_expired
from .senders.base import Sender
from .store import targets
from .store.deliveries import Finished
from .tracing import delivered

log = logging.getLogger(__name__)

#: While messages are in flight, what has come due meanwhile is looked for this often.
_LOOK_SECONDS: Final = 0.25

#: How often the gauge over the targets is read anew.
_GAUGE_EVERY: Final = timedelta(seconds=5)

#: How long a stop waits for messages in flight; what is later counts as unknown.
_STOP_SECONDS: Final = 2.0


class Deliverer:
    """Sends what is due, many at a time, few to one target, each with a time limit.

    A target that hangs holds its own few places and nothing else.
    """

    def __init__(
        self,
        *,
        writer: Writer,
        clock: Clock,
        senders: Mapping[str, Sender],
        composer: Composer,
        concurrency: int,
        send_seconds: float,
        lease_terms: LeaseTerms,
        record_terms: RecordTerms,
        metrics: NotifierMetrics,
        tracer: Tracer = OFF,
    ) -> None:
        self._writer = writer
        self._clock = clock
        self._senders = senders
        self._composer = composer
        self._concurrency = concurrency
        self._send_seconds = send_seconds
        self._lease_terms = lease_terms
        self._record_terms = record_terms
        self._metrics = metrics
        self._tracer = tracer
        self._in_flight: InFlight[list[Finished]] = InFlight()
        self._gauge_read_at: datetime | None = None

    @property
    def channels(self) -> tuple[str, ...]:
        """The channels that are on, the preferred one first."""
        return tuple(self._senders)

    @property
    def senders(self) -> Mapping[str, Sender]:
        """The senders of those channels."""
        return self._senders

    @property
    def record_terms(self) -> RecordTerms:
        """What outcomes are judged by."""
        return self._record_terms

    async def step(self) -> bool:
        """Record what has ended, begin what is due, wait a moment for what is under way.

        True while there is something to go on with. Outcomes that could not be recorded stay in hand
        for the next step, and nothing new is begun before they are.
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
        if ended := list(self._in_flight.ended):
            finished = [one for message in ended for one in message]

            async def work(tx: Transaction, now: datetime) -> tuple[list[Settled], list[FollowUp]]:
                settled = await record(tx, finished, now, self._record_terms)
                return settled, follow_ups(settled)

            settled = await self._writer.write(work)
            del self._in_flight.ended[: len(ended)]
            self._count(settled)

    async def _begin(self) -> bool:
        """Lease what is due as far as there is room, and begin to send it once that is committed."""
        room = self._concurrency - len(self._in_flight)
        if room <= 0:
            return False

        async def work(
            tx: Transaction, now: datetime
        ) -> tuple[tuple[Taken, list[Settled], int], list[FollowUp]]:
            settled = await record_expired(tx, now, room, self._record_terms)
            beside = await begin_beside(tx, now, room, self._record_terms)
            await self._read_gauge(tx, now)
            taken = await take(tx, now, room, self._lease_terms)
            settled += taken.settled
            return (taken, settled, beside), follow_ups(settled)

        taken, settled, beside = await self._writer.write(work)
        self._metrics.pages_beside.labels().inc(beside)
        self._count(settled)
        self._count_waiting(taken)
        self._in_flight.begin(self._attempt(one) for one in taken.leased)
        return bool(taken.leased or settled)

    async def _read_gauge(self, tx: Transaction, now: datetime) -> None:
        """Set the gauge over the targets, unless that was done a moment ago."""
        if self._gauge_read_at is not None and now - self._gauge_read_at < _GAUGE_EVERY:
            return
        self._gauge_read_at = now
        self._metrics.targets_open.clear()
        for channel, count in (await targets.count_open(tx)).items():
            self._metrics.targets_open.labels(channel=channel).set(count)

    async def _attempt(self, leased: Leased) -> list[Finished]:
        failpoint("notifier.before_send")
        result = await delivered(self._tracer, leased, self._clock.now(), self._result)
        failpoint("notifier.after_send")
        notification = leased.notification
        self._metrics.attempts.labels(
            channel=notification.channel, outcome=result.outcome.value
        ).inc()
        return [
            Finished(one.notification.notification_id, one.notification.attempts, result)
            for one in leased.members
        ]

    async def _result(self, leased: Leased) -> Result:
        """What came of the attempt; never raises."""
        notification = leased.notification
        sender = self._senders.get(notification.channel)
        if sender is None:
            return Result(Outcome.RETRY, "the channel is switched off", of_target=False)
        try:
            message = await self._composer.message(leased)
            if isinstance(message, Result):
                return replace(message, of_target=False)
            if message.possible_repeat and not sender.recognises_repeats:
                message = replace(message, subject=f"{message.subject} {POSSIBLE_REPEAT}")
            async with asyncio.timeout(self._send_seconds):
                result = await sender.send(message)
            return _remarked(result, message.remark)
        except TimeoutError:
            return Result(Outcome.UNKNOWN, f"no answer within {self._send_seconds:g} s")
        except Exception as error:
            log.exception(
                "A message could not be sent for a reason nobody foresaw",
                extra={
                    "action": "send_failed",
                    "ticket_id": notification.ticket_id,
                    "notification_id": notification.notification_id,
                    "channel": notification.channel,
                },
            )
            what = f"unforeseen: {type(error).__name__}"
            return Result(Outcome.UNKNOWN, what, of_target=False)

    def _count(self, settled: list[Settled]) -> None:
        """Metrics and one log line for each notification that has ended."""
        for notification in (s.notification for s in settled):
            match notification.status:
                case Status.SENT:
                    seconds = (self._clock.now() - notification.planned_at).total_seconds()
                    self._metrics.latency.labels(channel=notification.channel).observe(seconds)
                    if notification.hold is None:
                        self._metrics.delay.labels(channel=notification.channel).observe(seconds)
                    self._ended(notification, "sent")
                case Status.DEAD:
                    self._ended(notification, "failed")
                case Status.SUPPRESSED:
                    assert notification.reason is not None
                    self._metrics.suppressed.labels(reason=notification.reason.value).inc()
                    self._ended(notification, "suppressed")
                case Status.PENDING | Status.LEASED:
                    continue

    def _count_waiting(self, taken: Taken) -> None:
        """What is held longer than it was meant to, and what leaves together."""
        for hold in (n.hold for n in taken.waiting if n.hold):
            self._metrics.held.labels(hold=hold.value).inc()
        for leased in (one for one in taken.leased if one.others):
            channel = leased.notification.channel
            self._metrics.bundled.labels(channel=channel).inc(len(leased.members))

    def _ended(self, notification: Notification, outcome: str) -> None:
        self._metrics.notifications.labels(channel=notification.channel, outcome=outcome).inc()
        log.log(
            logging.ERROR if outcome == "failed" else logging.INFO,
            "A notification of %s to %s ended as %s after %d attempts",
            notification.about.fact,
            notification.role,
            outcome,
            notification.attempts,
            extra={
                "action": f"notification_{outcome}",
                "ticket_id": notification.ticket_id,
                "notification_id": notification.notification_id,
                "trace_id": trace_id(notification.cause.traceparent) or "none",
                "recipient_id": notification.recipient_id,
                "channel": notification.channel,
            },
        )


def _remarked(result: Result, remark: str) -> Result:
    return replace(result, detail=f"{result.detail}; {remark}") if remark else result
