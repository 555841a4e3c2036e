"""A clock's life as stretches: when it ran, when it stood and why, and when a pause was refused.

Reasons are not kept with a clock; they are read from the facts that are kept (semantics Z1 to Z4).
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from itertools import pairwise

from shared.calendar import ALWAYS
from shared.contracts.vocabulary import PauseReason

from .chronicle import Moment, find, name_of
from .facts import Wrote
from .sla import Calendars, Clock, Outcome, Segment, calendar_of
from .steps import StepKind


@dataclass(frozen=True, slots=True)
class Ran:
    """A stretch in which the clock ran: `open` is its open time by `calendar`, `before` what was used at
    its beginning. `end` None: it still runs, and `open` is up to now.

    `ended_by`: `paused`, `repriced`, `moved` (what it serves has another deadline), `stopped`,
    `cancelled`; None while it runs, or when the facts are gone. `because` says what did that.
    """

    start: datetime
    end: datetime | None
    calendar: str
    open: timedelta
    before: timedelta
    ended_by: str | None = None
    because: tuple[str, ...] = ()

    @property
    def total(self) -> timedelta:
        """All that is used at its end."""
        return self.before + self.open


@dataclass(frozen=True, slots=True)
class Stood:
    """A pause; `end` None: it lasts. `reasons` is empty when the facts are gone."""

    start: datetime
    end: datetime | None
    reasons: tuple[PauseReason, ...]
    ended_by: str | None


@dataclass(frozen=True, slots=True)
class Refused:
    """The ticket waited for `reason`, but not really: for the customer, who was not asked (semantics Z2).

    `ended_by` is the fact that ended it; `asked` when our question came and the pause began.
    """

    start: datetime
    end: datetime | None
    reason: PauseReason
    ended_by: str | None


def ran(told: Sequence[Moment], last: Clock, now: datetime, calendars: Calendars) -> list[Ran]:
    """The running stretches of the clock that ends up as `last`. A stretch that begins with more than the
    one before it ended with brought that along: from the cycle before (R1), or from a merge (M2).
    """
    first = find(told[0].before, name_of(last))
    found = _unexplained(first, calendars) if first else []
    for moment in told:
        found = _grown(found, moment, last, calendars)
    if last.running_since is None:
        return found
    counted = calendar_of(last, calendars).between(last.running_since, now)
    return [*found, Ran(last.running_since, None, last.calendar, counted, last.consumed)]


def _unexplained(clock: Clock, calendars: Calendars) -> list[Ran]:
    """The stretches of a clock whose facts are gone."""
    calendar = calendar_of(clock, calendars)
    spans = [calendar.between(segment.start, segment.end) for segment in clock.segments]
    before = clock.consumed - sum(spans, timedelta(0))
    found = list[Ran]()
    for segment, span in zip(clock.segments, spans, strict=True):
        over = "cancelled" if clock.outcome is Outcome.CANCELLED else "stopped"
        ended_by = over if segment.end == clock.ended_at else None
        found.append(Ran(segment.start, segment.end, clock.calendar, span, before, ended_by))
        before += span
    return found


def _grown(found: list[Ran], moment: Moment, last: Clock, calendars: Calendars) -> list[Ran]:
    """The stretches after one more moment. What an undone merge takes back goes again (M4)."""
    name = name_of(last)
    old, new = find(moment.before, name), find(moment.after, name)
    if new is None:
        return found
    kept = [one for one in found if one.end and Segment(one.start, one.end) in new.segments]
    before, calendar = _at_first(old, moment, new)
    fresh = new.segments[len(kept) :]
    for segment in fresh:
        counted = calendars.get(calendar, ALWAYS).between(segment.start, segment.end)
        ended_by, because = _end(moment, new, is_last=segment is fresh[-1])
        one = Ran(segment.start, segment.end, calendar, counted, before, ended_by, because)
        kept.append(one)
        before, calendar = new.consumed, new.calendar
    return kept


def _at_first(old: Clock | None, moment: Moment, new: Clock) -> tuple[timedelta, str]:
    """What was used before the moment, and the calendar that counted; a new clock starts with it."""
    if old is not None:
        return old.consumed, old.calendar
    for step in moment.steps_of(name_of(new)):
        if step.kind is StepKind.STARTED and step.terms is not None:
            return step.consumed, step.terms.calendar_of(step.metric)
    return new.consumed, new.calendar


def _end(moment: Moment, new: Clock, *, is_last: bool) -> tuple[str, tuple[str, ...]]:
    """How the moment ended a running stretch of the clock it left as `new`, and because of what."""
    steps = moment.steps_of(name_of(new))
    priced = next((str(step.repriced_by) for step in steps if step.repriced_by), None)
    if is_last and new.outcome is Outcome.CANCELLED:
        reason = next((str(step.reason) for step in steps if step.reason), None)
        told = moment.word if new.metric.of_level else reason
        return "cancelled", (told,) if told else ()
    if is_last and new.outcome is not None:
        return "stopped", (moment.word,) if moment.word else ()
    if is_last and new.running_since is None:
        return "paused", tuple(sorted(_holding(moment, new)))
    return ("repriced", (priced,)) if priced else ("moved", ())


def _holding(moment: Moment, clock: Clock) -> frozenset[PauseReason]:
    """What really pauses that clock after the moment."""
    return moment.after.real_reasons & frozenset(clock.pausing)


def stood(told: Sequence[Moment], stretches: Sequence[Ran], last: Clock) -> list[Stood]:
    """The pauses of the clock: what lies between its running stretches, and after the last one."""
    gaps = [(a.end, b.start) for a, b in pairwise(stretches) if a.end and a.end < b.start]
    ending = stretches[-1].end if stretches else last.started_at
    if ending is not None and (last.ended_at is None or ending < last.ended_at):
        return [
            *(_pause(told, *gap, last) for gap in gaps),
            _pause(told, ending, last.ended_at, last),
        ]
    return [_pause(told, *gap, last) for gap in gaps]


def _pause(told: Iterable[Moment], start: datetime, end: datetime | None, last: Clock) -> Stood:
    reasons = set[PauseReason]()
    ended_by = None
    for moment in told:
        if start <= moment.at and (end is None or moment.at < end):
            reasons |= _holding(moment, last)
        if moment.at == end and _goes_on(moment, last):
            ended_by = moment.word
    return Stood(start, end, tuple(sorted(reasons)), ended_by)


def _goes_on(moment: Moment, last: Clock) -> bool:
    """Did the moment end a pause of that clock, or the clock itself?"""
    old, new = (find(timeline, name_of(last)) for timeline in (moment.before, moment.after))
    if old is None or new is None or old.running_since is not None:
        return False
    return new.running_since is not None or new.finished


def refusals(told: Sequence[Moment]) -> list[Refused]:
    """When the ticket said it waited for what it did not really wait for."""
    found = list[Refused]()
    since: datetime | None = None
    for moment in told:
        unreal = moment.after.waiting - moment.after.real_reasons
        if unreal and since is None:
            since = moment.at
        if since is not None and not unreal:
            found.append(_refused(since, moment))
            since = None
    if since is not None:
        found.append(Refused(since, None, PauseReason.WAITING_ON_CUSTOMER, None))
    return found


def _refused(since: datetime, moment: Moment) -> Refused:
    what = moment.what
    asked = isinstance(what, Wrote) and what.answers
    word = "asked" if asked else moment.word
    return Refused(since, moment.at, PauseReason.WAITING_ON_CUSTOMER, word)


def refused_of(clock: Clock, refusals: Iterable[Refused]) -> list[Refused]:
    """Those that would have paused that clock, as far as it counted then."""
    return [
        replace(
            one,
            start=max(one.start, clock.started_at),
            end=min((at for at in (one.end, clock.ended_at) if at), default=None),
        )
        for one in refusals
        if one.reason in clock.pausing
        and (clock.ended_at is None or one.start < clock.ended_at)
        and (one.end is None or clock.started_at < one.end)
    ]
