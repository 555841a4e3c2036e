"""The order of the line: class, rank, slack, age, id (semantics G2)."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from services.router.domain.line import next_climb, position, priority_class, slack
from services.router.domain.work import WorkItem, replace
from shared.contracts.vocabulary import Complexity, Metric, Priority
from tests.support.builders import MONDAY_10
from tests.support.desks import NOW, a_ticket, a_waiting, policy, ticket_id


def minutes(count: float) -> timedelta:
    return timedelta(minutes=count)


def pressed(number: int, due: float, metric: Metric = Metric.RESOLUTION, **more: Any) -> WorkItem:
    """A ticket whose clock runs out `due` minutes after NOW."""
    return replace(a_waiting(number, **more), deadlines={metric.value: NOW + minutes(due)})


def order(*items: WorkItem) -> list[int]:
    line = sorted(items, key=lambda item: position(item, policy(), NOW))
    return [item.ticket_id.int for item in line]


def test_G_e_a_ticket_climbs_a_class_for_a_whole_budget_waited() -> None:
    low = a_waiting(priority=Priority.LOW, since=MONDAY_10 - timedelta(hours=8))
    just_before = MONDAY_10 - timedelta(microseconds=1)

    assert Priority.LOW.rank == priority_class(low, policy(), just_before)
    assert MONDAY_10 == next_climb(low, policy(), just_before)
    assert Priority.MEDIUM.rank == priority_class(low, policy(), MONDAY_10)


def test_G_f_slack_is_what_the_most_pressing_deadline_leaves_before_work_must_begin() -> None:
    opened = a_ticket(ticket_id(2), priority=Priority.CRITICAL, complexity=Complexity.L3)
    deadlines = {
        Metric.FIRST_RESPONSE.value: MONDAY_10 + minutes(15),
        Metric.RESOLUTION.value: MONDAY_10 + minutes(240),
    }
    t2 = replace(a_waiting(2, opened=opened), deadlines=deadlines)

    assert minutes(8) == slack(t2, policy(), NOW)
    only_resolution = {Metric.RESOLUTION.value: deadlines[Metric.RESOLUTION.value]}
    assert minutes(118) == slack(replace(t2, deadlines=only_resolution), policy(), NOW)


@pytest.mark.parametrize(
    ("complexity", "left"), [(Complexity.L1, 110), (Complexity.L2, 90), (Complexity.L3, 0)]
)
def test_G2_a_resolution_presses_earlier_the_more_work_it_is(
    complexity: Complexity, left: int
) -> None:
    opened = a_ticket(ticket_id(1), complexity=complexity)

    assert minutes(left) == slack(pressed(1, 120, opened=opened), policy(), NOW)


def test_G2_a_deadline_missed_already_has_negative_slack() -> None:
    assert minutes(-15) == slack(pressed(1, -10, Metric.NEXT_RESPONSE), policy(), NOW)


def test_G2_within_a_class_the_rank_of_the_queue_decides_before_slack() -> None:
    assert [2, 1] == order(pressed(1, 60, rank=50), pressed(2, 600, rank=40))


def test_G2_the_class_decides_before_the_rank() -> None:
    urgent = a_waiting(1, priority=Priority.HIGH, rank=90)

    assert [1, 2] == order(urgent, pressed(2, 1, rank=10))


def test_G2_the_least_slack_is_first_however_young() -> None:
    old = pressed(1, 90, since=MONDAY_10 - minutes(60))

    assert [2, 1] == order(old, pressed(2, 80))


def test_G2_without_a_running_clock_a_ticket_is_last_of_its_class() -> None:
    assert [2, 1] == order(a_waiting(1, since=MONDAY_10 - minutes(60)), pressed(2, 10_000))


def test_G2_at_equal_slack_age_decides_then_the_id() -> None:
    late = MONDAY_10 + minutes(1)

    assert [3, 1, 2] == order(
        pressed(1, 90, since=late), pressed(2, 90, since=late), pressed(3, 90)
    )


def test_G2_a_boost_lifts_a_ticket_one_class_before_its_elders() -> None:
    lifted = replace(a_waiting(2, priority=Priority.MEDIUM), boosted=True)
    older = a_waiting(1, priority=Priority.MEDIUM, since=MONDAY_10 - minutes(1))

    assert [3, 2, 1] == order(older, lifted, a_waiting(3, priority=Priority.CRITICAL))
    assert Priority.HIGH.rank == priority_class(lifted, policy(), NOW)


def test_G2_nothing_stands_above_critical() -> None:
    boosted = replace(a_waiting(priority=Priority.CRITICAL), boosted=True)
    patient = a_waiting(priority=Priority.LOW, since=MONDAY_10 - timedelta(days=30))

    assert 0 == priority_class(boosted, policy(), NOW)
    assert 0 == priority_class(patient, policy(), NOW)
    assert next_climb(patient, policy(), NOW) is None
