"""What both sides are told: a calendar, a price list, and what happens to one ticket."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import Literal

Intervals = tuple[tuple[int, int], ...]
Verb = Literal[
    "opened",
    "asks",
    "replies",
    "waits",
    "goes on",
    "priced",
    "solved",
    "closed",
    "reopened",
    "merged",
    "parted",
    "absorbs",
]


@dataclass(frozen=True)
class Week:
    """When a calendar is open, in minutes of the local day, and what it is changed to at some instant."""

    zone: str
    weekly: dict[int, Intervals]
    holidays: frozenset[date] = frozenset()
    exceptions: dict[date, Intervals] = field(default_factory=dict)
    changed: tuple[datetime, Week] | None = None


@dataclass(frozen=True)
class Price:
    """The targets of one priority and customer tier, and the calendar they count in; `forced` are those of
    single metrics, whatever a contract says (C5).
    """

    first_response: timedelta
    next_response: timedelta
    resolution: timedelta
    calendar: str
    periodic_update: timedelta | None = None
    forced: dict[str, str] = field(default_factory=dict)

    def of(self, metric: str) -> timedelta:
        """The target of that metric."""
        found: timedelta | None = getattr(self, metric)
        assert found is not None
        return found


@dataclass(frozen=True)
class Promises:
    """What a workflow promises: prices by (priority, tier), and how its clocks behave. `ranks` are the
    priorities and the tiers, highest first. `contracts` are the calendars of tiers that have one (C5).
    """

    prices: dict[tuple[str, str], Price]
    thresholds: tuple[int, ...]
    overdue: tuple[int, ...]
    mode: Literal["carry", "strictest", "restart"]
    pausing: frozenset[str]
    window: timedelta
    floor_percent: int
    ranks: tuple[tuple[str, ...], tuple[str, ...]]
    contracts: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Act:
    """One thing that happens. `reason` of a wait, `pair` of an opening or a new price, `other` what had
    happened to the ticket that goes on as this one, `contract` the calendar of the customer's own.
    """

    at: datetime
    verb: Verb
    reason: str = ""
    pair: tuple[str, str] = ("", "")
    outbound: bool = False
    sla_target: timedelta | None = None
    other: tuple[Act, ...] = ()
    contract: str = ""


@dataclass(frozen=True)
class Case:
    """One ticket's life under one workflow, looked at until `until`."""

    weeks: dict[str, Week]
    promises: Promises
    acts: tuple[Act, ...]
    until: datetime


@dataclass(frozen=True, order=True)
class Entry:
    """One entry of a clock's history, as both sides tell it."""

    metric: str
    cycle: int
    kind: str
    threshold: int
    at: datetime
    consumed: timedelta
    deadline: datetime | None
    skipped: tuple[int, ...] = ()
    reason: str = ""
