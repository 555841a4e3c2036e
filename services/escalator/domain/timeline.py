"""A ticket's clocks together: the timeline, and what may be done to all of its clocks at once.

`fold.py` says which fact does what.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from enum import StrEnum
from uuid import UUID

import msgspec
from msgspec.structs import replace

from shared.contracts.vocabulary import CancelReason, Metric, PauseReason, Priority

from . import sla
from .facts import Entered, Fact, Order
from .sla import Calendars, Change, Clock
from .steps import Step
from .terms import Terms


class Phase(StrEnum):
    """How far a ticket's life has come."""

    UNOPENED = "unopened"
    OPEN = "open"
    RESOLVED = "resolved"
    CLOSED = "closed"
    MERGED = "merged"


class BeforeMerge(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """How a ticket stood when it went on as another one, for the day it goes its own way again."""

    phase: Phase
    closed_at: datetime | None = None
    clocks: tuple[Clock, ...] = ()


class Timeline(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What the facts so far make of the clocks.

    `waiting`: what the ticket says it waits for. `asked`: the last public message is ours, so that
    waiting for the customer is real (semantics Z2). `unanswered`: the first inbound message without a
    reply, `thanked` the last courtesy (R2); `waiting_since`: it really waits for
    the customer (Z6). `entered` is the level the ticket is at, `accepted` whether its people work on it (X2).
    `last` is the order of the last fact, `until` the instant of the last step of time.
    """

    phase: Phase = Phase.UNOPENED
    opened_at: datetime | None = None
    priority: Priority = Priority.LOW
    tier: str = ""
    terms: Terms | None = None
    outbound: bool = False
    sla_target: timedelta | None = None
    waiting: frozenset[PauseReason] = frozenset()
    asked: bool = False
    answered: bool = False
    unanswered: UUID | None = None
    thanked: UUID | None = None
    waiting_since: datetime | None = None
    resolved_at: datetime | None = None
    closed_at: datetime | None = None
    entered: Entered | None = None
    accepted: bool = False
    clocks: tuple[Clock, ...] = ()
    last: Order | None = None
    until: datetime | None = None
    before_merge: BeforeMerge | None = None

    @property
    def status(self) -> str:
        """The ticket's status in the words of conditions."""
        if self.phase is not Phase.OPEN:
            return "new" if self.phase is Phase.UNOPENED else self.phase
        if PauseReason.WAITING_ON_THIRD_PARTY in self.waiting:
            return "on_hold"
        if PauseReason.WAITING_ON_CUSTOMER in self.waiting:
            return "pending"
        return "open" if self.answered else "new"

    @property
    def real_reasons(self) -> frozenset[PauseReason]:
        """What it really waits for: for the customer only if we have asked (semantics Z2)."""
        return self.waiting if self.asked else self.waiting - {PauseReason.WAITING_ON_CUSTOMER}

    def waiting_from(self, at: datetime) -> Timeline:
        """The timeline that knows since when it really waits for the customer, `at` being now."""
        waits = PauseReason.WAITING_ON_CUSTOMER in self.real_reasons
        since = (self.waiting_since or at) if waits else None
        return self if since == self.waiting_since else replace(self, waiting_since=since)

    @property
    def unfinished(self) -> list[Clock]:
        """The clocks that still count."""
        return [clock for clock in self.clocks if not clock.finished]

    def is_late(self, fact: Fact) -> bool:
        """Does the fact's place lie before something already folded (semantics T3)? At one instant
        facts come before time (T4).
        """
        if self.last is not None and fact.order < self.last:
            return True
        if self.until is None or fact.follows_time:
            return self.until is not None and fact.at < self.until
        return fact.at <= self.until


Grown = tuple[Timeline, list[Step]]


def start(
    timeline: Timeline,
    metric: Metric,
    at: datetime,
    calendars: Calendars,
    *,
    carried: timedelta = timedelta(0),
) -> Grown:
    """Begin the next cycle of `metric` under the terms in force."""
    assert timeline.terms is not None
    clock, steps = sla.start(
        metric,
        1 + sum(clock.metric is metric for clock in timeline.clocks),
        at,
        budget=budget_of(timeline, metric),
        terms=timeline.terms,
        calendars=calendars,
        carried=carried,
    )
    return replace(timeline, clocks=(*timeline.clocks, clock)), steps


def budget_of(timeline: Timeline, metric: Metric) -> timedelta:
    """The target in force; a routing rule's own only tightens the first response (semantics K10)."""
    terms = timeline.terms
    assert terms is not None
    if metric is Metric.RESOLUTION:
        return terms.resolution
    if metric is Metric.NEXT_RESPONSE:
        return terms.next_response
    if metric is Metric.PERIODIC_UPDATE:
        assert terms.periodic_update is not None
        return terms.periodic_update
    return min(terms.first_response, timeline.sla_target or terms.first_response)


def stop(
    timeline: Timeline, at: datetime, metrics: tuple[Metric, ...], calendars: Calendars
) -> Grown:
    """What clocks of `metrics` measure has happened at `at`."""

    def end(clock: Clock) -> Change:
        if clock.finished or clock.metric not in metrics:
            return clock, []
        return sla.stop(clock, at, calendars)

    return each(timeline, end)


def cancel(timeline: Timeline, at: datetime, reason: CancelReason, calendars: Calendars) -> Grown:
    """Nothing that still counts counts from `at` on."""
    return each(
        timeline,
        lambda clock: (clock, []) if clock.finished else sla.cancel(clock, at, reason, calendars),
    )


def settle(timeline: Timeline, at: datetime, calendars: Calendars) -> Grown:
    """Pause what has a reason to stand, resume what has none (semantics Z1, Z2, Z4)."""
    real = timeline.real_reasons

    def settle(clock: Clock) -> Change:
        stands = not real.isdisjoint(clock.pausing)
        if clock.finished or stands == (clock.running_since is None):
            return clock, []
        change = sla.pause if stands else sla.resume
        return change(clock, at, calendars)

    return each(timeline, settle)


def each(timeline: Timeline, change: Callable[[Clock], Change]) -> Grown:
    """Let every clock change, in the order in which they were started."""
    changes = [change(clock) for clock in timeline.clocks]
    steps = [step for _, grown in changes for step in grown]
    if all(old is new for old, (new, _) in zip(timeline.clocks, changes, strict=True)):
        return timeline, steps
    return replace(timeline, clocks=tuple(clock for clock, _ in changes)), steps
