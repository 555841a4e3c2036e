"""A story told to the escalator's core, as the log that an auditor reads of it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta

from msgspec.structs import replace

from services.auditor.report import Report
from services.auditor.verdict import audit
from services.escalator.domain.calendar_changes import untold
from services.escalator.domain.items import Heard, Said
from services.escalator.domain.versions import Version
from shared.contracts import Event, follow_ups_to_events
from shared.policy import WorkflowPolicy
from tests.support.builders import an_event
from tests.support.cases import MIDNIGHT, Story, at


class Logged(Story):
    """A story that keeps what its topics would hold; a fact is recorded when it is heard."""

    def __init__(self, policy: WorkflowPolicy | None = None) -> None:
        super().__init__(policy)
        self.log: list[Event] = []

    def hear(self, heard: Heard, now: datetime) -> list[Said]:
        """Hear anything, and write down what was heard and said."""
        said = super().hear(heard, now)
        if isinstance(heard, Event):
            self.log.append(replace(heard, recorded_time=now))
        for item in said:
            event = an_event(item.payload, at=item.time, recorded_at=now, event_id=item.id)
            self.log.append(replace(event, sequence=len(self.log) + 1))
        return said


def told_of(versions: Sequence[Version]) -> list[Event]:
    """What the topic of calendars holds after these versions."""
    numbers: Counter[str] = Counter()
    events = follow_ups_to_events(untold(versions, {}), source="/escalator", now=MIDNIGHT)
    for place, event in enumerate(events):
        numbers[event.subject] += 1
        events[place] = replace(event, sequence=numbers[event.subject])
    return events


def verdict(
    log: Iterable[Event],
    policy: WorkflowPolicy,
    *,
    since: datetime = MIDNIGHT - timedelta(days=1),
    until: datetime | str = "+30 00:00",
    grace: timedelta = timedelta(minutes=3),
) -> Report:
    """The auditor's report on a log; by default on a month."""
    limit = at(until) if isinstance(until, str) else until
    return audit(log, policy, since=since, until=limit, grace=grace)
