"""How a page is tried, and for how long."""

from __future__ import annotations

from datetime import timedelta

from services.notifier.domain.delivery import Outcome, Result, lease, settle
from services.notifier.domain.notification import Notification, Status, Urgency
from shared.contracts.vocabulary import FailureKind
from tests.support.builders import MONDAY_10
from tests.support.messages import a_notification

FAILED = Result(Outcome.RETRY, "http 500")


def test_D2_a_page_is_tried_at_0_5_15_45_seconds_2_and_5_minutes_then_every_5_minutes() -> None:
    page = a_notification(urgency=Urgency.PAGE, due_at=MONDAY_10)
    instants = []
    for _ in range(8):
        now = page.due_at
        instants.append((now - MONDAY_10).total_seconds())
        leased = lease(page, until=now)
        page = settle(leased, FAILED, backoff=(), now=now, jitter=0.5).notification

    assert [0, 5, 15, 45, 120, 300, 600, 900] == instants


def test_a_page_that_reached_nobody_for_a_day_is_given_up_with_a_fact() -> None:
    page = lease(a_notification(urgency=Urgency.PAGE), until=MONDAY_10)
    almost, day = timedelta(hours=23, minutes=59), timedelta(hours=24)

    assert Status.PENDING is _failed_at(page, almost)[0]
    assert (Status.DEAD, FailureKind.EXHAUSTED) == _failed_at(page, day)


def _failed_at(page: Notification, later: timedelta) -> tuple[Status, FailureKind | None]:
    settled = settle(page, FAILED, backoff=(), now=MONDAY_10 + later, jitter=0.5)
    return settled.notification.status, settled.gave_up
