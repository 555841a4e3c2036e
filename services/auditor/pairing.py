"""Clocks that are not recomputed: do they at least begin and end once, and is no id used twice?"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from typing import Final
from uuid import UUID

from shared.contracts import Event, SlaCancelled, SlaClosedLate, SlaMet, SlaResumed, SlaStarted
from shared.contracts.sla import ClockPayload
from shared.contracts.vocabulary import Metric

from .published import unrepeated
from .report import Finding, Point

PAIRED: Final = (Metric.LEVEL_ACCEPT, Metric.LEVEL_WORK, Metric.PERIODIC_UPDATE)

_ENDS: Final = (SlaMet, SlaClosedLate, SlaCancelled)


def unpaired(events: Iterable[Event]) -> list[Finding]:
    """What does not go together in the clock events of one ticket, in the order of their topic."""
    found: list[Finding] = []
    ids: Counter[UUID] = Counter()
    begun: Counter[Point] = Counter()
    ended: Counter[Point] = Counter()
    for event in unrepeated(events):
        said = event.payload
        assert isinstance(said, ClockPayload)
        clock = Point(said.ticket_id, said.metric, said.cycle, 0)
        ids[event.id] += 1
        if ids[event.id] > 1:
            found.append(_finding(clock, "another event has the same id", event))
        if said.metric not in PAIRED:
            continue
        if isinstance(said, SlaStarted):
            begun[clock] += 1
            if begun[clock] > 1:
                found.append(_finding(clock, "began twice", event))
        elif isinstance(said, SlaResumed) and ended[clock] == begun[clock]:
            begun[clock] += 1  # a merge that had ended it was undone
        elif isinstance(said, _ENDS):
            ended[clock] += 1
            if ended[clock] > begun[clock]:
                found.append(_finding(clock, "ended without a beginning", event))
    return found


def _finding(point: Point, words: str, event: Event) -> Finding:
    return Finding(
        point=point,
        words=words,
        announced=event.time,
        recorded=event.recorded_time,
        event_id=event.id,
    )
