"""Shifts as people write them: weekly patterns and imported calendars (semantics G7)."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from services.router.domain.imported import AHEAD, ImportedShift
from services.router.domain.shifts import PatternError, open_spans, weekly
from shared.ical import NoCalendarError
from shared.ical import reading as ical

NINE_TO_FIVE = """
DTSTART;TZID=Europe/Berlin:20261019T090000
DTEND;TZID=Europe/Berlin:20261019T170000
"""

#: The Monday on which the events of these tests begin.
MONDAY = datetime(2026, 10, 19, tzinfo=UTC)


def a_calendar(*events: str, head: str = "") -> str:
    """A calendar of events, each given by its lines."""
    body = "".join(
        f"BEGIN:VEVENT\nUID:{number}\n{event.strip()}\nEND:VEVENT\n"
        for number, event in enumerate(events)
    )
    return f"BEGIN:VCALENDAR\nVERSION:2.0\nPRODID:test\n{head}{body}END:VCALENDAR\n"


def working_time(text: str, *, days: int = 14) -> list[str]:
    """The spans of an imported shift in UTC, as `day hour-hour`, from its Monday on."""
    spans = open_spans(ImportedShift(text), MONDAY, MONDAY + timedelta(days=days))
    return [f"{a:%d %H}-{b:%H}" if b else f"{a:%d %H}-" for a, b in spans]


def test_a_weekly_pattern_is_written_like_a_calendar_of_the_workflow() -> None:
    pattern: dict[str, Any] = {
        "zone": "Europe/Berlin",
        "hours": {"mon-fri": ["09:00-12:00", "13:00-17:30"]},
        "holidays": ["2026-10-20"],
        "exceptions": {"2026-10-21": "closed", "2026-10-22": ["10:00-11:00"]},
    }
    shift = weekly("early", pattern)
    spans = list(open_spans(shift, MONDAY, MONDAY + timedelta(days=4)))

    assert ["19 07:00", "19 11:00", "22 08:00"] == [f"{opens:%d %H:%M}" for opens, _ in spans]


def test_everything_wrong_with_a_pattern_is_told_with_what_may_be_meant() -> None:
    pattern = {"zone": "Europe/Berln", "hours": {"mon-fry": ["09:00-17:00"]}, "holiday": []}
    with pytest.raises(PatternError) as wrong:
        weekly("early", pattern)

    assert [
        ("zone", 'no time zone "Europe/Berln", did you mean "Europe/Berlin"?'),
        ("hours.mon-fry", 'no day of the week "fry", did you mean "fri"?'),
        ("holiday", 'no field "holiday", did you mean "holidays"?'),
    ] == wrong.value.faults


def test_a_list_is_no_pattern() -> None:
    with pytest.raises(PatternError):
        weekly("early", [])  # type: ignore[arg-type]


def test_an_event_repeats_by_its_rule_and_keeps_its_hour_when_the_clock_changes() -> None:
    """Berlin leaves summer time on 25 October."""
    text = a_calendar(NINE_TO_FIVE + "RRULE:FREQ=WEEKLY;BYDAY=MO,TU")

    assert ["19 07-15", "20 07-15", "26 08-16", "27 08-16"] == working_time(text)


def test_an_excepted_a_moved_and_a_cancelled_occurrence() -> None:
    moved = """
UID:0
RECURRENCE-ID;TZID=Europe/Berlin:20261021T090000
DTSTART;TZID=Europe/Berlin:20261021T120000
DTEND;TZID=Europe/Berlin:20261021T170000
"""
    cancelled = """
UID:0
RECURRENCE-ID;TZID=Europe/Berlin:20261022T090000
DTSTART;TZID=Europe/Berlin:20261022T090000
DTEND;TZID=Europe/Berlin:20261022T170000
STATUS:CANCELLED
"""
    rule = "RRULE:FREQ=DAILY;COUNT=5\nEXDATE;TZID=Europe/Berlin:20261020T090000"
    text = a_calendar(NINE_TO_FIVE + rule)
    changed = "".join(f"BEGIN:VEVENT\n{one.strip()}\nEND:VEVENT\n" for one in (moved, cancelled))
    text = text.replace("END:VCALENDAR", f"{changed}END:VCALENDAR")

    assert ["19 07-15", "21 10-15", "23 07-15"] == working_time(text)


def test_a_cancelled_event_is_no_working_time_and_overlapping_ones_are_one() -> None:
    late = "DTSTART:20261019T140000Z\nDURATION:PT4H"
    gone = "DTSTART:20261020T140000Z\nDURATION:PT4H\nSTATUS:CANCELLED"

    assert ["19 07-18"] == working_time(a_calendar(NINE_TO_FIVE, late, gone))


def test_a_whole_day_and_a_time_without_a_zone_are_those_of_the_calendar() -> None:
    head = "X-WR-TIMEZONE:Europe/Berlin\n"
    text = a_calendar(
        "DTSTART;VALUE=DATE:20261019", "DTSTART:20261021T090000\nDTEND:20261021T100000", head=head
    )

    assert ["19 00-22", "21 07-08"] == working_time(text)


def test_only_events_that_repeat_need_the_extra() -> None:
    once = ical.WorkCalendar(a_calendar(NINE_TO_FIVE), library="not_installed")

    assert 1 == len(once.between(MONDAY, MONDAY + timedelta(days=1)))
    with pytest.raises(NoCalendarError, match=r"tierline\[ical\]"):
        ical.WorkCalendar(a_calendar(NINE_TO_FIVE + "RRULE:FREQ=DAILY"), library="not_installed")


def test_it_is_laid_out_anew_when_a_question_comes_near_its_end() -> None:
    shift = ImportedShift(a_calendar(NINE_TO_FIVE + "RRULE:FREQ=DAILY"))
    years = MONDAY + timedelta(days=800)
    before = (shift.is_open(MONDAY + timedelta(hours=8)), shift.knows(years))

    assert ((True, False), True) == (before, shift.is_open(years + timedelta(hours=8)))
    assert shift.knows(years)


def test_nothing_is_known_of_what_is_far_ahead() -> None:
    shift = ImportedShift(a_calendar(NINE_TO_FIVE))
    long_before = MONDAY - AHEAD - timedelta(days=1)

    assert (None, None) == (shift.next_opening(long_before), shift.next_change(long_before))


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("", "no calendar"),
        ("hello", "no calendar"),
        ("BEGIN:VEVENT\nEND:VEVENT", "no calendar"),
        (a_calendar(), "no events"),
        (a_calendar("SUMMARY:Work"), "cannot be understood"),
        (a_calendar("DTSTART:soon"), "cannot be understood"),
        (a_calendar("DTSTART;TZID=Mars/Base:20261019T090000"), '"Mars/Base"'),
        (a_calendar(NINE_TO_FIVE, head="X-WR-TIMEZONE:Mars/Base\n"), '"Mars/Base"'),
        (a_calendar("DTSTART:16011019T090000Z"), "before the year"),
        (a_calendar(NINE_TO_FIVE + "DESCRIPTION:" + "x" * ical.MOST_BYTES), "larger than"),
    ],
)
def test_what_is_no_calendar_of_shifts_is_refused_with_a_sentence(text: str, why: str) -> None:
    with pytest.raises(NoCalendarError, match=why):
        ImportedShift(text)


@pytest.mark.parametrize(
    ("rule", "why"),
    [
        ("FREQ=SECONDLY", "more often than hourly"),
        ("FREQ=MINUTELY;INTERVAL=30", "more often than hourly"),
        ("FREQ=DAILY;BYHOUR=8,9,10,11,12;BYMINUTE=0,10,20,30,40,50", "more than 24 times a day"),
        ("FREQ=DAILY;BYMONTH=2;BYMONTHDAY=30", "do not have"),
        ("FREQ=DAILY;INTERVAL=7;BYDAY=TU", "too often"),
        ("FREQ=DAILY;INTERVAL=0", "below one"),
        ("FREQ=YEARLY;BYWEEKNO=60", "numbers of weeks"),
        ("FREQ=SOMETIMES", "cannot be understood"),
    ],
)
def test_a_rule_that_would_take_too_long_is_refused_before_it_is_tried(rule: str, why: str) -> None:
    shift_of = a_calendar(f"{NINE_TO_FIVE}RRULE:{rule}")
    with pytest.raises(NoCalendarError, match=why):
        ImportedShift(shift_of).lay_out(MONDAY)


def test_too_many_events_are_refused() -> None:
    hourly = "DURATION:PT1M\nRRULE:FREQ=HOURLY"
    events = [f"DTSTART:20261019T00{minute:02}00Z\n{hourly}" for minute in range(4)]
    with pytest.raises(NoCalendarError, match="more than 5000 events"):
        ImportedShift(a_calendar(*events)).lay_out(MONDAY)


def test_a_zone_that_changes_its_clock_by_the_hour_is_refused_before_it_is_read() -> None:
    zone = (
        "BEGIN:VTIMEZONE\nTZID:Odd\nBEGIN:STANDARD\nDTSTART:19700101T000000\nTZOFFSETFROM:+0000\n"
        "TZOFFSETTO:+0100\nRRULE:FREQ=HO\n URLY\nEND:STANDARD\nEND:VTIMEZONE\n"
    )
    with pytest.raises(NoCalendarError, match="not yearly"):
        ImportedShift(a_calendar(NINE_TO_FIVE, head=zone))
