"""What was said about one ticket's thresholds: each announcement, and whether it was taken back."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime
from uuid import UUID

from shared.contracts import Event, SlaBreached, SlaWarning, SlaWithdrawn

from .clock import BREACH
from .report import Point


@dataclass(slots=True)
class Told:
    """What was said about one point, in the order of its topic. `live`: not taken back. `astray`:
    withdrawals of what nobody had said.
    """

    live: list[Event] = field(default_factory=list)
    withdrawn: list[tuple[Event, Event]] = field(default_factory=list)
    astray: list[Event] = field(default_factory=list)


def told(events: Iterable[Event]) -> dict[Point, Told]:
    """The announcements of one ticket by what they announce. A repeat of an event, which every consumer
    drops by its id, is no second announcement.
    """
    found: dict[Point, Told] = {}
    for event in unrepeated(events):
        point = point_of(event)
        if point is None:
            continue
        of_point = found.setdefault(point, Told())
        if not isinstance(event.payload, SlaWithdrawn):
            of_point.live.append(event)
        elif of_point.live:
            of_point.withdrawn.append((of_point.live.pop(), event))
        else:
            of_point.astray.append(event)
    return found


def unrepeated(events: Iterable[Event]) -> list[Event]:
    """Each event once, in the order of its topic."""
    once: dict[tuple[UUID, int, datetime], Event] = {}
    for event in sorted(events, key=lambda event: event.sequence):
        once.setdefault((event.id, event.sequence, event.time), event)
    return list(once.values())


def point_of(event: Event) -> Point | None:
    """What an event announces or takes back; None for everything else."""
    match event.payload:
        case SlaWarning(threshold_percent=percent) as said:
            pass
        case SlaBreached() as said:
            percent = BREACH
        case SlaWithdrawn(threshold_percent=percent) as said:
            percent = percent or BREACH
        case _:
            return None
    return Point(said.ticket_id, said.metric, said.cycle, percent)
