"""H4: the product's clocks equal a second calculator that shares no code with them (`make prove-clocks`)."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from random import Random
from zoneinfo import ZoneInfo

import pytest

from tests.reference.compare import compare
from tests.reference.generator import TOGETHER, world_of
from tests.reference.hours import Hours
from tests.reference.wording import told

MINUTE = timedelta(minutes=1)


@pytest.mark.parametrize("part", range(5))
def test_H4_random_tickets_have_the_same_clocks_on_both_sides(part: int) -> None:
    tally = compare(seed=5, numbers=range(part * 2 * TOGETHER, (part + 1) * 2 * TOGETHER))

    assert tally.difference is None, told(tally.difference)
    assert tally.cases == 2 * TOGETHER


def test_C1_the_second_calculator_counts_what_the_wall_clock_shows_minute_by_minute() -> None:
    """Away from changes of the clocks an instant is open iff the wall clock shows an open minute."""
    for number in range(20):
        hours = world_of(7, number).hours["a"]
        start = (hours.changed or (datetime(2021, 2, 2, tzinfo=UTC), None))[0]
        start = start.replace(second=0, microsecond=0) - Random(number).randrange(24) * 60 * MINUTE
        end = start + timedelta(days=2, hours=5)
        counted = sum((MINUTE for at in minutes(start, end) if is_open(hours, at)), timedelta(0))

        assert hours.used(start, end) == counted


def minutes(start: datetime, end: datetime) -> list[datetime]:
    return [start + n * MINUTE for n in range((end - start) // MINUTE)]


def is_open(hours: Hours, at: datetime) -> bool:
    if hours.changed is not None and at >= hours.changed[0]:
        return is_open(hours.changed[1], at)
    shown = at.astimezone(hours.zone)
    day = shown.date()
    usual = () if day in hours.holidays else hours.weekly.get(day.weekday(), ())
    minute = 60 * shown.hour + shown.minute
    return any(start <= minute < end for start, end in hours.exceptions.get(day, usual))


def test_C2_the_second_calculator_counts_real_hours_over_a_change() -> None:
    day = Hours(ZoneInfo("Europe/Berlin"), {6: ((60, 300),)}, frozenset(), {})

    def of(month: int, day_of_month: int) -> timedelta:
        start = datetime(2026, month, day_of_month, tzinfo=UTC) - timedelta(hours=3)
        return day.used(start, start + timedelta(days=1))

    assert (of(3, 29), of(10, 25)) == (timedelta(hours=3), timedelta(hours=5))
