"""Calendars (semantics C): the examples, from webhook to the breach that falls due, in local times of Berlin."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from tests.support.world import PLAIN, World, a_world

#: By priority: so many minutes until the first response, in so named a calendar.
OFFICE = """
SLA_MATRIX:
  critical/any: {first_response: 240, resolution: 2880}
  high/any: {first_response: 300, resolution: 2880}
  medium/any: {first_response: 360, resolution: 2880}
  low/any: {first_response: 120, resolution: 2880}
sla: {calendar: office}
calendars:
  office:
    zone: Europe/Berlin
    hours: {mon-fri: ["09:00-12:00", "13:00-18:00"]}
    exceptions: {2026-12-24: ["09:00-12:00"], 2026-12-25: closed}
"""

CHANGES = """
SLA_MATRIX:
  critical/any: {first_response: 240, resolution: 2880}
  high/any: {first_response: 180, resolution: 2880}
  medium/any: {first_response: 120, resolution: 2880}
  low/any: {first_response: 300, resolution: 2880}
sla: {calendar: {critical: round_the_clock, high: night, medium: late, low: night, default: night}}
calendars:
  round_the_clock: {zone: Europe/Berlin, hours: {mon-sun: ["00:00-24:00"]}}
  night: {zone: Europe/Berlin, hours: {mon-sun: ["01:00-05:00"]}}
  late: {zone: Europe/Berlin, hours: {mon-sun: ["02:30-05:00"]}}
"""

#: Where 02:30 occurs twice, and an interval ends and the next begins at it.
TWICE = (
    CHANGES.replace('late: {zone: Europe/Berlin, hours: {mon-sun: ["02:30-05:00"]}}', "")
    .replace('["01:00-05:00"]', '["01:00-02:30", "02:30-05:00"]')
    .replace("medium: late, ", "")
)

_PRIORITIES = {
    "critical": ("high", "high"),
    "high": ("high", "medium"),
    "medium": ("medium", "medium"),
    "low": ("low", "low"),
}


def utc(text: str) -> datetime:
    """`2026-12-23 15:00` in UTC."""
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


def one_of(priority: str) -> dict[str, Any]:
    """A ticket of that priority, of a customer of its own."""
    impact, urgency = _PRIORITIES[priority]
    return {"customer": {"id": priority}, "impact": impact, "urgency": urgency}


async def deadlines(world: World, *priorities: str) -> dict[str, datetime]:
    """When the first responses of tickets that are opened now are said to be due."""
    found = {}
    for priority in priorities:
        ticket = await world.open(priority, **one_of(priority))
        started = world.told("sla.started", ticket, "metric", "deadline")
        found[priority] = dict(each[1:] for each in started)["first_response"]
    return found


async def breaches(world: World, until: datetime) -> dict[str, datetime]:
    """When they were missed, with nobody answering."""
    await world.until(until)
    return {
        event.payload.priority: event.time  # type: ignore[attr-defined]
        for event in world.events("sla.breached")
        if event.payload.metric == "first_response"  # type: ignore[attr-defined]
    }


async def test_C_a_C_b_C_c_a_half_day_a_closing_instant_and_a_holiday(
    database_url: str, tmp_path: Path
) -> None:
    expected = {
        "critical": utc("2026-12-24 10:00"),
        "high": utc("2026-12-24 11:00"),
        "medium": utc("2026-12-28 09:00"),
    }
    begins = utc("2026-12-23 15:00")
    async with a_world(database_url, tmp_path, workflow=PLAIN + OFFICE, begins=begins) as world:
        promised = await deadlines(world, *expected)
        missed = await breaches(world, utc("2026-12-28 09:00"))

    assert expected == promised
    assert expected == missed


async def test_C_d_C_e_C_f_the_night_on_which_an_hour_is_left_out(
    database_url: str, tmp_path: Path
) -> None:
    """Round the clock, `01:00-05:00` and `02:30-05:00`: four, three and two hours end at the same instant
    or at a closing.
    """
    expected = {
        "critical": utc("2026-03-29 02:00"),
        "high": utc("2026-03-29 03:00"),
        "medium": utc("2026-03-29 03:00"),
    }
    begins = utc("2026-03-28 22:00")
    async with a_world(database_url, tmp_path, workflow=PLAIN + CHANGES, begins=begins) as world:
        promised = await deadlines(world, *expected)
        missed = await breaches(world, utc("2026-03-29 03:00"))
        warned = [
            event.time
            for event in world.events("sla.warning")
            if event.payload.threshold_percent == 50  # type: ignore[attr-defined]
            and event.payload.deadline == utc("2026-03-29 03:00")  # type: ignore[attr-defined]
        ]

    assert expected == promised
    assert expected == missed
    assert [utc("2026-03-29 01:30"), utc("2026-03-29 02:00")] == sorted(warned)


@pytest.mark.parametrize("workflow", [CHANGES, TWICE], ids=["C-e", "C-g"])
async def test_C_e_C_g_the_night_on_which_an_hour_comes_twice_has_five_hours(
    database_url: str, tmp_path: Path, workflow: str
) -> None:
    begins, ends = utc("2026-10-24 22:00"), utc("2026-10-25 04:00")
    async with a_world(database_url, tmp_path, workflow=PLAIN + workflow, begins=begins) as world:
        promised = await deadlines(world, "low")
        early = await breaches(world, ends - timedelta(milliseconds=1))
        missed = await breaches(world, ends)

    assert ({"low": ends}, {}, {"low": ends}) == (promised, early, missed)


async def test_C_h_an_office_that_closes_early_today_moves_the_deadline_to_tomorrow(
    database_url: str, tmp_path: Path
) -> None:
    closed = OFFICE.replace(
        "{2026-12-24", '{2026-06-02: ["09:00-12:00", "13:00-15:00"], 2026-12-24'
    )
    begins = utc("2026-06-02 12:00")
    async with a_world(database_url, tmp_path, workflow=PLAIN + OFFICE, begins=begins) as world:
        promised = await deadlines(world, "low")
        answer = await world.call("escalator", "POST", "/v1/workflow", {"text": PLAIN + closed})
        before = await breaches(world, utc("2026-06-03 07:59"))
        missed = await breaches(world, utc("2026-06-03 08:00"))

    assert 201 == answer.status_code, answer.text
    assert {"low": utc("2026-06-02 14:00")} == promised
    assert ({}, {"low": utc("2026-06-03 08:00")}) == (before, missed)
