"""What a target may get: its rate, its circuit breaker, and the waits it asks for."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.notifier.domain import bucket
from services.notifier.domain.breaker import FAILURES
from services.notifier.domain.bucket import Rate
from services.notifier.domain.delivery import Outcome, Result
from services.notifier.domain.target import (
    LONGEST_HOLD,
    Limits,
    Target,
    admit,
    after,
    ready_at,
    unknown,
)
from tests.support.builders import MONDAY_10

LIMITS = Limits()
MINUTE = timedelta(minutes=1)
FAILED = Result(Outcome.RETRY, "http 500")
TOO_MANY = Result(Outcome.RETRY, "http 429", timedelta(seconds=30))


def after_failures(count: int, target: Target | None = None) -> Target:
    found = target or unknown("webhook:a.example", MONDAY_10)
    for _ in range(count):
        found = after(found, FAILED, MONDAY_10, limits=LIMITS)
    return found


def granted(target: Target, wanted: int, now: datetime, rate: Rate | None = None) -> int:
    return admit(target, rate, wanted, now, limits=LIMITS)[1]


@given(
    per_second=st.sampled_from([0.5, 1.0, 2.0, 20.0]),
    asked=st.lists(st.tuples(st.integers(0, 5000), st.integers(1, 30)), min_size=1, max_size=40),
)
def test_I20_in_no_stretch_of_time_more_leaves_than_burst_and_rate(
    per_second: float, asked: list[tuple[int, int]]
) -> None:
    rate, now = Rate(per_second), MONDAY_10
    target, left = unknown("sms", now), []
    for wait, wanted in asked:
        now += timedelta(milliseconds=wait)
        target, count = admit(target, rate, wanted, now, limits=LIMITS)
        left += [now] * count

    for first, begins in enumerate(left):
        for last in range(first, len(left)):
            seconds = (left[last] - begins).total_seconds()
            assert last - first + 1 <= rate.burst + per_second * seconds + 1e-6


@given(per_second=st.sampled_from([0.3, 0.5, 1.0, 7.0, 20.0]), wanted=st.integers(1, 100))
def test_a_target_that_waits_for_its_rate_is_ready_when_it_says(
    per_second: float, wanted: int
) -> None:
    rate = Rate(per_second)
    target, _ = admit(unknown("sms", MONDAY_10), rate, wanted, MONDAY_10, limits=LIMITS)
    at = max(MONDAY_10, ready_at(target, rate))

    assert 1 <= granted(target, 1, at, rate)
    assert at == MONDAY_10 or 0 == granted(target, 1, at - timedelta(milliseconds=1), rate)


def test_a_bucket_holds_what_one_second_brings_and_at_least_one_message() -> None:
    assert [1, 1, 20] == [Rate(r).burst for r in (0.5, 1.0, 20.0)]
    assert 20 == bucket.room(MONDAY_10, Rate(20.0), MONDAY_10 + timedelta(hours=1))


def test_a_channel_without_a_rate_is_not_limited() -> None:
    assert 5000 == granted(unknown("log", MONDAY_10), 5000, MONDAY_10)


def test_F62_ten_failures_in_a_row_leave_one_probe_a_minute() -> None:
    target = after_failures(FAILURES)

    assert target.breaker.is_open
    assert MONDAY_10 + MINUTE == ready_at(target, Rate(20.0))
    assert 0 == granted(target, 40, MONDAY_10 + timedelta(seconds=59))
    probed, count = admit(target, None, 40, MONDAY_10 + MINUTE, limits=LIMITS)
    assert 1 == count
    assert 0 == granted(probed, 40, MONDAY_10 + MINUTE + timedelta(seconds=59))


def test_F62_a_probe_nobody_hears_of_is_followed_by_another() -> None:
    probed, _ = admit(after_failures(FAILURES), None, 1, MONDAY_10 + MINUTE, limits=LIMITS)

    assert 1 == granted(probed, 9, MONDAY_10 + 2 * MINUTE)


@pytest.mark.parametrize("outcome", [Outcome.SENT, Outcome.DEAD])
def test_F62_an_answer_closes_it(outcome: Outcome) -> None:
    """A refusal for good comes from somebody who is there."""
    target = after(after_failures(FAILURES), Result(outcome), MONDAY_10 + MINUTE, limits=LIMITS)

    assert not target.breaker.is_open
    assert 9 == granted(target, 9, MONDAY_10 + MINUTE)


def test_a_success_in_between_starts_the_count_anew() -> None:
    target = after(after_failures(FAILURES - 1), Result(Outcome.SENT), MONDAY_10, limits=LIMITS)

    assert not after_failures(FAILURES - 1, target).breaker.is_open


def test_what_lies_with_one_message_or_with_us_says_nothing_of_the_target() -> None:
    ours = Result(Outcome.UNKNOWN, "no outcome was recorded in time", of_target=False)
    target = after_failures(FAILURES - 1)

    assert target == after(target, ours, MONDAY_10, limits=LIMITS)


def test_F60_a_429_holds_the_target_as_long_as_it_asks_and_is_no_failure() -> None:
    target = after(unknown("slack:x", MONDAY_10), TOO_MANY, MONDAY_10, limits=LIMITS)

    assert 0 == target.breaker.failures
    assert 0 == granted(target, 5, MONDAY_10 + timedelta(seconds=29))
    assert 5 == granted(target, 5, MONDAY_10 + timedelta(seconds=30))


def test_a_success_of_what_was_under_way_does_not_shorten_a_hold() -> None:
    held = after(unknown("slack:x", MONDAY_10), TOO_MANY, MONDAY_10, limits=LIMITS)
    target = after(held, Result(Outcome.SENT), MONDAY_10, limits=LIMITS)

    assert 0 == granted(target, 5, MONDAY_10 + timedelta(seconds=29))


def test_a_target_that_asks_for_a_day_is_asked_again_after_an_hour() -> None:
    asked = Result(Outcome.RETRY, "http 503", timedelta(days=1))
    target = after(unknown("slack:x", MONDAY_10), asked, MONDAY_10, limits=LIMITS)

    assert MONDAY_10 + LONGEST_HOLD == ready_at(target, None)


def test_what_was_written_before_the_clock_was_set_back_holds_nobody() -> None:
    held = after(after_failures(FAILURES), TOO_MANY, MONDAY_10, limits=LIMITS)
    rate = Rate(20.0)
    emptied, _ = admit(unknown("email", MONDAY_10), rate, 20, MONDAY_10, limits=LIMITS)
    an_hour_ago = MONDAY_10 - timedelta(hours=1)

    assert 1 == granted(held, 5, an_hour_ago), "a probe"
    known, count = admit(emptied, rate, 5, an_hour_ago, limits=LIMITS)
    assert 0 == count
    assert 5 == granted(known, 5, an_hour_ago + timedelta(seconds=0.25), rate)
