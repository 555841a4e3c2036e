"""One ticket after the other: what was due, what was said, and what is wrong with it."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

from shared.contracts import Event, SlaBreached, SlaWarning
from shared.contracts.vocabulary import Metric

from .clock import BREACH, NEVER, Crossing, Walk
from .hours import instant, milliseconds
from .log import Lack, Log, Written
from .pairing import unpaired
from .published import Told, told
from .report import Finding, Point, Report, lateness_of
from .story import Story

#: The clocks that promise something to a customer and are recomputed here.
JUDGED: Final = (Metric.FIRST_RESPONSE, Metric.NEXT_RESPONSE, Metric.RESOLUTION)

_NOTHING: Final = timedelta(0)


@dataclass(frozen=True, slots=True)
class Window:
    """`(since, until]`, and how long something may take to be written."""

    since: datetime
    until: datetime
    grace: timedelta

    def holds(self, at: datetime) -> bool:
        """Does `at` lie in it?"""
        return self.since < at <= self.until


@dataclass(slots=True)
class _Tally:
    due: int = 0
    fired: int = 0
    pending: int = 0
    withdrawn: int = 0
    overtaken: int = 0
    unjudged: Counter[Lack] = field(default_factory=Counter)
    tickets: int = 0
    missing: list[Finding] = field(default_factory=list)
    doubled: list[Finding] = field(default_factory=list)
    early: list[Finding] = field(default_factory=list)
    false: list[Finding] = field(default_factory=list)
    misdated: list[Finding] = field(default_factory=list)
    unpaired: list[Finding] = field(default_factory=list)


class Judge:
    """Judges tickets and keeps count. `sla_grace` is how long a breach is held by policy (T6)."""

    def __init__(self, log: Log, window: Window, *, sla_grace: timedelta) -> None:
        self._log = log
        self._window = window
        self._sla_grace = sla_grace
        self._tally = _Tally()
        self._late: list[float] = []

    def judge(self, ticket_id: UUID) -> None:
        """Everything of one ticket."""
        tally, events = self._tally, self._log.said[ticket_id]
        tally.tickets += 1
        tally.unpaired += [f for f in unpaired(events) if self._concerns(f)]
        lack = self._log.lacks(ticket_id)
        story = None if lack else self._log.story(ticket_id)
        if story and any(self._log.is_unsure(clock) for clock in story.clocks):
            lack, story = "calendar", None
        if lack:
            tally.unjudged[lack] += 1
        dues = crossings(story) if story else {}
        said = told(events)
        for point in sorted(dues.keys() | said.keys()):
            of_point = said.get(point, Told())
            self._count_doubles(point, of_point, dues.get(point))
            if story and point.metric in JUDGED:
                self._judge(point, dues.get(point), of_point)

    def report(self) -> Report:
        """What came of it."""
        tally, window = self._tally, self._window
        return Report(
            since=window.since,
            until=window.until,
            tickets=tally.tickets,
            due=tally.due,
            fired=tally.fired,
            pending=tally.pending,
            missing=tuple(tally.missing),
            doubled=tuple(tally.doubled),
            early=tuple(tally.early),
            false=tuple(tally.false),
            misdated=tuple(tally.misdated),
            unpaired=tuple(tally.unpaired),
            withdrawn=tally.withdrawn,
            overtaken=tally.overtaken,
            unjudged=tally.unjudged.total(),
            lacking=dict(sorted(tally.unjudged.items())),
            lateness=lateness_of(self._late),
        )

    def _concerns(self, finding: Finding) -> bool:
        return finding.announced is None or self._window.holds(finding.announced)

    def _count_doubles(self, point: Point, said: Told, due: Crossing | None) -> None:
        """Keep the announcement that fits best; every other one that stands is one too many."""
        said.live.sort(key=lambda event: due is None or event.time != instant(due.at))
        for event in said.live[1:]:
            if self._window.holds(event.time):
                self._tally.doubled.append(_finding(point, "announced again", event, due))
        del said.live[1:]
        self._tally.withdrawn += sum(self._window.holds(event.time) for event, _ in said.withdrawn)

    def _judge(self, point: Point, due: Crossing | None, said: Told) -> None:
        in_window = due is not None and self._window.holds(instant(due.at))
        self._tally.due += in_window
        self._tally.fired += in_window and bool(said.live)
        for event in said.astray:
            if self._window.holds(event.time):
                words = "taken back, and nobody had announced it"
                self._tally.false.append(_finding(point, words, event, due))
        if said.live:
            (event,) = said.live
            if in_window or self._window.holds(event.time):
                self._judge_announced(point, due, event)
        elif due is not None and in_window:
            self._judge_silence(point, due)

    def _judge_announced(self, point: Point, due: Crossing | None, event: Event) -> None:
        if due is not None and _fits(event, due):
            self._count_lateness(due, event)
            if event.recorded_time < event.time:
                words = "written before it was due"
                self._tally.early.append(_finding(point, words, event, due))
        elif due is None:
            self._judge_undue(point, event)
        elif self._was_right_once(point, event):
            self._tally.overtaken += 1
        elif event.time < instant(due.at):
            words = "announced for an instant before it was due"
            self._tally.early.append(_finding(point, words, event, due))
        else:
            words = "announced with another instant or deadline than it had"
            self._tally.misdated.append(_finding(point, words, event, due))

    def _judge_undue(self, point: Point, event: Event) -> None:
        """It was not due. A warning that was right when it was written stands; a breach is taken back."""
        if not self._was_right_once(point, event):
            words = "announced, and never due"
            self._tally.false.append(_finding(point, words, event, None))
        elif point.percent != BREACH:
            self._tally.overtaken += 1
        elif self._disproved_at(point) + self._window.grace > self._window.until:
            self._tally.pending += 1
        else:
            words = "disproved by a later fact, and not taken back"
            self._tally.false.append(_finding(point, words, event, None))

    def _judge_silence(self, point: Point, due: Crossing) -> None:
        held = self._sla_grace if point.percent == BREACH else _NOTHING
        known = max(instant(due.at) + held, self._known_from(point, due))
        if known + self._window.grace > self._window.until:
            self._tally.pending += 1
        else:
            self._tally.missing.append(_finding(point, "due, and never announced", None, due))

    def _count_lateness(self, due: Crossing, event: Event) -> None:
        held = self._sla_grace if due.percent == BREACH and not due.jumped else _NOTHING
        late = event.recorded_time - max(instant(due.at) + held, instant(due.known))
        self._late.append(max(late, _NOTHING).total_seconds())

    def _was_right_once(self, point: Point, event: Event) -> bool:
        """Do some of the facts, in the order in which they were written, make it due as announced?"""
        return any(due is not None and _fits(event, due) for _, due in self._as_it_was_known(point))

    def _known_from(self, point: Point, due: Crossing) -> datetime:
        """When the fact was written by which it was due just then."""
        known = instant(due.known)
        for (at, _), then in reversed(self._as_it_was_known(point)):
            if then is None or then.at != due.at:
                break
            known = at
        return known

    def _disproved_at(self, point: Point) -> datetime:
        """When the first fact was written without which it would still be due."""
        disproved = self._window.since
        for (at, _), then in reversed(self._as_it_was_known(point)):
            if then is not None:
                break
            disproved = at
        return disproved

    def _as_it_was_known(self, point: Point) -> list[tuple[Written, Crossing | None]]:
        return [
            (written, crossings(self._log.story(point.ticket_id, written_by=written)).get(point))
            for written in self._log.writings(point.ticket_id)
        ]


def crossings(story: Story) -> dict[Point, Crossing]:
    """Every threshold that is crossed, or will be if nothing more happens."""
    return {
        Point(story.ticket_id, clock.metric, clock.cycle, crossing.percent): crossing
        for clock in story.clocks
        for crossing in Walk(clock, NEVER).crossings
    }


def _fits(event: Event, due: Crossing) -> bool:
    """Is it announced for the instant it was due, with the deadline it then had?"""
    said = event.payload
    assert isinstance(said, SlaWarning | SlaBreached)
    return milliseconds(event.time) == due.at and milliseconds(said.deadline) == due.deadline


def _finding(point: Point, words: str, event: Event | None, due: Crossing | None) -> Finding:
    return Finding(
        point=point,
        words=words,
        due=None if due is None else instant(due.at),
        announced=None if event is None else event.time,
        recorded=None if event is None else event.recorded_time,
        event_id=None if event is None else event.id,
    )
