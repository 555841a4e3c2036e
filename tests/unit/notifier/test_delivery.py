"""One notification's life after it is planned: what each outcome makes of it."""

from collections.abc import Sequence
from datetime import timedelta

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.notifier.domain.delivery import (
    Outcome,
    Result,
    Settled,
    fail,
    fall_back,
    lease,
    settle,
)
from services.notifier.domain.notification import Notification, Status
from shared.contracts import NotificationSent, NotificationSuppressed
from shared.contracts.vocabulary import FailureKind, SuppressReason
from tests.support.builders import MONDAY_10
from tests.support.messages import a_notification

BACKOFF = (timedelta(seconds=5), timedelta(minutes=5))
UNTIL = MONDAY_10 + timedelta(seconds=45)
NOW = MONDAY_10 + timedelta(seconds=2)


def attempted(
    notification: Notification, *outcomes: Outcome, backoff: Sequence[timedelta] = BACKOFF
) -> Settled:
    """The notification after these attempts."""
    settled = Settled(notification)
    for outcome in outcomes:
        settled = settle(
            lease(settled.notification, until=UNTIL),
            Result(outcome),
            backoff=backoff,
            now=NOW,
            jitter=0.5,
        )
    return settled


def test_D2_a_delivered_message_is_published_with_its_attempts_and_latency() -> None:
    settled = attempted(a_notification(), Outcome.RETRY, Outcome.SENT)

    assert isinstance(settled.said, NotificationSent)
    assert Status.SENT is settled.notification.status
    assert (2, False, 2) == (
        settled.said.attempts,
        settled.said.possible_repeat,
        settled.said.latency_seconds,
    )


def test_D2_after_an_unknown_outcome_a_message_is_a_possible_repeat() -> None:
    settled = attempted(a_notification(), Outcome.UNKNOWN, Outcome.SENT)

    assert isinstance(settled.said, NotificationSent)
    assert settled.said.possible_repeat


def test_D2_a_failed_attempt_waits_as_the_schedule_says() -> None:
    once = attempted(a_notification(), Outcome.RETRY).notification
    twice = attempted(a_notification(), Outcome.RETRY, Outcome.UNKNOWN).notification

    assert (Status.PENDING, NOW + BACKOFF[0]) == (once.status, once.due_at)
    assert (Status.PENDING, NOW + BACKOFF[1]) == (twice.status, twice.due_at)


@given(jitter=st.floats(0, 1, exclude_max=True))
def test_waits_vary_by_a_fifth_and_no_more(jitter: float) -> None:
    settled = settle(
        lease(a_notification(), until=UNTIL),
        Result(Outcome.RETRY),
        backoff=BACKOFF,
        now=NOW,
        jitter=jitter,
    )

    assert timedelta(seconds=4) <= settled.notification.due_at - NOW <= timedelta(seconds=6)


@pytest.mark.parametrize(
    ("asked", "expected"),
    [
        (timedelta(seconds=1), BACKOFF[0]),
        (timedelta(minutes=2), timedelta(minutes=2)),
        (timedelta(days=9), timedelta(hours=24)),
    ],
)
def test_a_receiver_may_ask_for_more_time_and_never_for_less(
    asked: timedelta, expected: timedelta
) -> None:
    settled = settle(
        lease(a_notification(), until=UNTIL),
        Result(Outcome.RETRY, retry_after=asked),
        backoff=BACKOFF,
        now=NOW,
        jitter=0.5,
    )

    assert NOW + expected == settled.notification.due_at


def test_D2_when_the_schedule_is_used_up_the_message_is_given_up() -> None:
    settled = attempted(a_notification(), Outcome.RETRY, Outcome.RETRY, Outcome.RETRY)

    assert (Status.DEAD, FailureKind.EXHAUSTED) == (settled.notification.status, settled.gave_up)
    assert 3 == fail(settled, None).attempts


def test_a_final_refusal_ends_it_at_once() -> None:
    settled = attempted(a_notification(), Outcome.DEAD)

    assert (Status.DEAD, FailureKind.PERMANENT) == (settled.notification.status, settled.gave_up)


def test_a_fallback_is_a_message_of_its_own_that_starts_afresh() -> None:
    given_up = attempted(a_notification(), Outcome.UNKNOWN, Outcome.DEAD)
    fallback = fall_back(given_up.notification, "webhook", "webhook:hooks.example", NOW)

    assert given_up.notification.notification_id != fallback.notification_id
    assert (Status.PENDING, 0, 0, "webhook") == (
        fallback.status,
        fallback.attempts,
        fallback.unknowns,
        fallback.channel,
    )
    assert "webhook" == fail(given_up, fallback).fallback_channel


@pytest.mark.parametrize("outcome", [Outcome.RETRY, Outcome.UNKNOWN, Outcome.DEAD])
def test_L8_what_was_voided_while_it_was_sent_is_not_tried_again(outcome: Outcome) -> None:
    voided = a_notification(reason=SuppressReason.CANCELLED)

    settled = attempted(voided, outcome)

    assert isinstance(settled.said, NotificationSuppressed)
    assert Status.SUPPRESSED is settled.notification.status
    assert (outcome is Outcome.UNKNOWN) == settled.notification.may_have_told


def test_what_was_voided_while_it_was_sent_and_got_through_is_sent() -> None:
    settled = attempted(a_notification(reason=SuppressReason.CANCELLED), Outcome.SENT)

    assert (Status.SENT, None) == (settled.notification.status, settled.notification.reason)


@given(
    outcomes=st.lists(st.sampled_from(Outcome), max_size=6),
    reason=st.sampled_from([None, SuppressReason.CANCELLED]),
)
def test_P7_every_message_ends_as_sent_dead_or_suppressed(
    outcomes: list[Outcome], reason: SuppressReason | None
) -> None:
    """Whatever happens, a message is over after the schedule; never earlier without being said."""
    settled = Settled(msgspec.structs.replace(a_notification(), reason=reason))
    for outcome in [*outcomes, *[Outcome.RETRY] * (len(BACKOFF) + 1)]:
        if settled.notification.status is not Status.PENDING:
            break
        settled = attempted(settled.notification, outcome)
        over = settled.notification.status is not Status.PENDING
        assert over == bool(settled.said or settled.gave_up)

    assert settled.notification.status in {Status.SENT, Status.DEAD, Status.SUPPRESSED}
    assert settled.notification.attempts <= len(BACKOFF) + 1
