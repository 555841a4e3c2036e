"""One pass after the other, for ever: read on, judge, show, and say that all is well (reliability 2.21).

The heartbeat goes out after a clean pass only. A monitor outside pages when it stays away, whatever the
reason: something wrong, an auditor that died, a broker that is gone.
"""

from __future__ import annotations

import logging
from collections import defaultdict
from collections.abc import Awaitable, Callable, Sequence
from datetime import datetime, timedelta
from typing import Final

from msgspec.structs import replace

from shared.clock import Clock
from shared.contracts import CALENDARS, Event
from shared.http.egress import Egress, EgressError
from shared.kafka.client import BrokerError
from shared.policy import WorkflowPolicy

from .metrics import AuditorMetrics
from .report import Report
from .verdict import audit

log = logging.getLogger(__name__)

#: Topics keep a ticket's events for 30 days; what has been silent for longer is not asked about again.
KEPT: Final = timedelta(days=35)

#: Tells which of the deliveries accepted in a window have no ticket among the events.
Unopened = Callable[[datetime, datetime, list[Event]], Awaitable[int]]


class Watch:
    """Passes over what `read` gives anew, each on the last `window`."""

    def __init__(
        self,
        read: Callable[[], Awaitable[list[Event]]],
        policies: Sequence[WorkflowPolicy],
        metrics: AuditorMetrics,
        *,
        clock: Clock,
        begins: Sequence[datetime | None] = (),
        window: timedelta,
        grace: timedelta,
        heartbeat: Heartbeat | None = None,
        unopened: Unopened | None = None,
    ) -> None:
        self._read = read
        self._policies = policies
        self._begins = begins
        self._metrics = metrics
        self._clock = clock
        self._window = window
        self._grace = grace
        self._heartbeat = heartbeat
        self._unopened = unopened
        self._events: list[Event] = []

    async def step(self) -> Report | None:
        """One pass; None when it failed, which shows as a missing heartbeat and in the metrics."""
        try:
            report = await self._judge()
        except (BrokerError, OSError) as error:
            self._metrics.passes.labels(outcome="failed").inc()
            log.warning("A pass failed", extra={"action": "audit_failed", "error": str(error)})
            return None
        self._metrics.show(report, self._clock.now())
        if not report.clean:
            log.error(
                "Deadlines are not as they should be",
                extra={"action": "audit_dirty", "findings": len(report.wrong)},
            )
        elif self._heartbeat is not None:
            sent = await self._heartbeat.beat()
            self._metrics.heartbeats.labels(outcome="sent" if sent else "refused").inc()
        return report

    async def _judge(self) -> Report:
        until = self._clock.now()
        since = until - self._window
        self._events = recent([*self._events, *await self._read()], until - KEPT)
        current, *earlier = self._policies
        report = audit(
            self._events,
            current,
            since=since,
            until=until,
            grace=self._grace,
            earlier=earlier,
            begins=self._begins,
        )
        if self._unopened is None:
            return report
        missing = await self._unopened(since, until - self._grace, self._events)
        return replace(report, unopened=missing)


class Heartbeat:
    """Tells a monitor outside that all is well. Not tried again: the next pass is the next try."""

    def __init__(self, url: str, egress: Egress) -> None:
        self._url = url
        self._egress = egress

    async def beat(self) -> bool:
        """POST nothing to the monitor; False when it did not answer that it heard."""
        try:
            reply = await self._egress.post(self._url, content=b"", headers={})
        except EgressError as error:
            log.warning("No heartbeat", extra={"action": "heartbeat_failed", "error": str(error)})
            return False
        return reply.status < 300


def recent(events: list[Event], since: datetime) -> list[Event]:
    """The events of the tickets of which something was written after `since`, and all of calendars."""
    last: dict[str, datetime] = defaultdict(lambda: since)
    for event in events:
        last[event.subject] = max(last[event.subject], event.recorded_time)
    return [event for event in events if event.topic == CALENDARS or last[event.subject] > since]
