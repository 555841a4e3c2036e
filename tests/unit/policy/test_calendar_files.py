"""Calendars that never open again, closures within a day, and closures from a calendar file (C3, C6, F4)."""

from __future__ import annotations

from datetime import UTC, date, datetime
from pathlib import Path

import pytest

from shared.calendar import Calendar
from shared.policy import WorkflowError, load_workflow, parse_workflow

NOW = datetime(2026, 6, 1, tzinfo=UTC)

OFFICE = """\
version: 1
calendars:
  office:
    zone: Europe/Berlin
    hours: {mon-fri: ["09:00-12:00", "13:00-18:00"]}
    import_file: closures.ics
    exceptions: {2026-12-24: ["09:00-11:00"]}
"""


def event(*lines: str) -> str:
    return "\n".join(
        ["BEGIN:VEVENT", "UID:1", "DTSTAMP:20260101T000000Z", *lines, "END:VEVENT", ""]
    )


def office(folder: Path, *events: str) -> Calendar:
    """The calendar with a file of these events beside its workflow."""
    ical = "BEGIN:VCALENDAR\nVERSION:2.0\nPRODID:x\n" + "".join(events) + "END:VCALENDAR\n"
    (folder / "closures.ics").write_text(ical, encoding="utf-8")
    (folder / "workflow.yaml").write_text(OFFICE, encoding="utf-8")
    return load_workflow(folder / "workflow.yaml").calendars["office"]


def refused(text: str, folder: Path = Path()) -> str:
    with pytest.raises(WorkflowError) as caught:
        parse_workflow(text, folder=folder, now=NOW)
    [problem] = caught.value.problems
    return str(problem)


def test_C6_a_calendar_without_open_time_in_a_year_is_refused_at_its_place() -> None:
    text = (
        "version: 1\ncalendars:\n"
        "  once: {zone: UTC, hours: {mon-sun: ['09:00-10:00']}, exceptions: {%s}}\n"
    )
    days = (date.fromordinal(NOW.date().toordinal() + n) for n in range(-1, 370))
    closed = ", ".join(f"{day}: closed" for day in days)

    assert refused(text % closed).startswith("workflow.yaml:3:3 calendars.once: has no open time")


def test_C6_a_week_that_opens_is_enough() -> None:
    policy = parse_workflow("version: 1\n", now=NOW)

    assert {"office", "always"} == set(policy.calendars)


def test_F4_a_closure_within_a_day_is_an_exception_with_times() -> None:
    """Example C-h: the day is closed from 15:00 on."""
    office_hours = parse_workflow(
        "version: 1\ncalendars: {office: {zone: Europe/Berlin, hours: {mon-fri: ['09:00-12:00', "
        "'13:00-18:00']}, exceptions: {2026-06-02: ['09:00-12:00', '13:00-15:00']}}}\n"
    ).calendars["office"]

    shut = datetime(2026, 6, 2, 13, 0, tzinfo=UTC)
    assert shut == office_hours.next_closing(datetime(2026, 6, 2, 12, 0, tzinfo=UTC))
    assert datetime(2026, 6, 3, 7, 0, tzinfo=UTC) == office_hours.next_opening(shut)


def test_C3_whole_days_of_a_file_are_closed_and_parts_of_days_cut(tmp_path: Path) -> None:
    found = office(
        tmp_path,
        event("DTSTART;VALUE=DATE:20260604", "DTEND;VALUE=DATE:20260606"),
        event("DTSTART:20260608T093000Z", "DTEND:20260608T130000Z"),
        event("DTSTART;VALUE=DATE:20261224"),
        event("DTSTART;VALUE=DATE:20260701", "STATUS:CANCELLED"),
        event("DTSTART;VALUE=DATE:20260702", "TRANSP:TRANSPARENT"),
    )

    assert {
        date(2026, 6, 4): (),
        date(2026, 6, 5): (),
        date(2026, 6, 8): ((540, 690), (900, 1080)),
        date(2026, 12, 24): ((540, 660),),
    } == found.exceptions


def test_C3_what_repeats_is_laid_out_as_far_as_holidays_are(tmp_path: Path) -> None:
    found = office(
        tmp_path,
        event("DTSTART;VALUE=DATE:20260102", "RRULE:FREQ=YEARLY", "EXDATE;VALUE=DATE:20280102"),
        event("DTSTART;VALUE=DATE:20260706", "RRULE:FREQ=WEEKLY;UNTIL=20260720"),
    ).exceptions

    assert {date(2026, 1, 2), date(2027, 1, 2), date(2050, 1, 2)} <= set(found)
    assert date(2028, 1, 2) not in found
    assert date(2051, 1, 2) not in found
    july = {day for day in found if (day.year, day.month) == (2026, 7)}
    assert {date(2026, 7, 6), date(2026, 7, 13), date(2026, 7, 20)} == july


def test_C3_what_a_file_said_is_part_of_the_content_that_the_digest_names(tmp_path: Path) -> None:
    office(tmp_path, event("DTSTART;VALUE=DATE:20260604"))
    one = load_workflow(tmp_path / "workflow.yaml").digest
    office(tmp_path, event("DTSTART;VALUE=DATE:20260605"))

    assert one != load_workflow(tmp_path / "workflow.yaml").digest


@pytest.mark.parametrize(
    ("ical", "message"),
    [
        (None, "there is no such file"),
        ("nonsense", "cannot be understood"),
        (event("DTSTART:20260604T000000Z", "RRULE:FREQ=SECONDLY"), "repeats otherwise than by"),
    ],
)
def test_C3_a_file_that_is_no_calendar_is_refused_where_it_is_named(
    ical: str | None, message: str, tmp_path: Path
) -> None:
    if ical is not None:
        wrapped = f"BEGIN:VCALENDAR\nVERSION:2.0\nPRODID:x\n{ical}\nEND:VCALENDAR\n"
        (tmp_path / "closures.ics").write_text(wrapped, encoding="utf-8")

    said = refused(OFFICE, tmp_path)

    assert said.startswith("workflow.yaml:6:18 calendars.office.import_file: ")
    assert message in said
