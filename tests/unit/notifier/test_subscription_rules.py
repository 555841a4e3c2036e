"""What a subscription is told, what an answer means, when it is tried again, and when it is given up."""

from __future__ import annotations

from datetime import timedelta
from uuid import UUID

import msgspec
import pytest

from services.notifier.domain.ticket import OpenEscalation, Ticket
from services.notifier.subscriptions.domain.classifying import classify
from services.notifier.subscriptions.domain.delivery import (
    WAITS,
    Delivery,
    Outcome,
    Status,
    Verdict,
    again,
    decides,
    lease,
    settle,
)
from services.notifier.subscriptions.domain.health import (
    BREAKS_AT,
    GIVEN_UP_AFTER,
    Health,
    after,
    why_disable,
)
from services.notifier.subscriptions.domain.offering import a_test, offer, traits_of
from services.notifier.subscriptions.domain.subscription import (
    DisabledBecause,
    Filters,
    Subscription,
    Traits,
    message_id,
    unknown_events,
    widens,
)
from shared.contracts import EscalationRaised, SlaBreached, SlaWarning, decode, encode
from tests.support.builders import MONDAY_10, TICKET, a, an_event

ID = UUID("01970b5a-6c00-7000-8000-0000000000aa")
EVENT = UUID("01970b5a-6c00-7000-8000-0000000000bb")
FAILED = Verdict(outcome=Outcome.RETRY, detail="http 500", status=500)
SENT = Verdict(outcome=Outcome.SENT, detail="http 200", status=200)


def a_subscription(*events: str, **filters: tuple[str, ...]) -> Subscription:
    return Subscription(
        subscription_id=ID,
        url="https://hooks.example/x",
        events=events or ("escalation.*",),
        filters=Filters(**filters),
        created_at=MONDAY_10,
        kept_since=MONDAY_10,
    )


def a_delivery() -> Delivery:
    return Delivery(subscription_id=ID, event_id=EVENT, due_at=MONDAY_10)


def fail(delivery: Delivery, verdict: Verdict = FAILED, *, jitter: float = 0.5) -> Delivery:
    leased = lease(delivery, until=delivery.due_at)
    return settle(leased, verdict, enabled=True, now=leased.due_at, jitter=jitter)


@pytest.mark.parametrize(
    ("events", "event", "covered"),
    [
        (("sla.breached",), "sla.breached", True),
        (("sla.breached",), "sla.warning", False),
        (("escalation.*",), "escalation.raised", True),
        (("escalation.*",), "sla.breached", False),
        (("escalation.*", "sla.met"), "sla.met", True),
        (("sla.*",), "subscription.test", False),
    ],
)
def test_an_event_is_covered_by_its_name_or_its_family(
    events: tuple[str, ...], event: str, *, covered: bool
) -> None:
    assert a_subscription(*events).covers(event) is covered


@pytest.mark.parametrize(
    ("filters", "wanted"),
    [
        ({}, True),
        ({"priority": ("critical", "high")}, True),
        ({"priority": ("low",)}, False),
        ({"priority": ("high",), "customer_tier": ("gold",)}, True),
        ({"priority": ("high",), "customer_tier": ("silver",)}, False),
        ({"level": ("l2",)}, False),
    ],
)
def test_every_filter_must_match_and_what_is_not_known_matches_none(
    filters: dict[str, tuple[str, ...]], *, wanted: bool
) -> None:
    traits = Traits(priority="high", customer_tier="gold", team="specialists")

    assert a_subscription(**filters).wants("escalation.raised", traits) is wanted


def test_what_can_be_subscribed_to_are_events_of_clocks_and_escalations() -> None:
    asked = ["sla.*", "escalation.raised", "ticket.opened", "sla.borken", "*", "notification.*"]

    assert ["*", "notification.*", "sla.borken", "ticket.opened"] == unknown_events(asked)


def test_a_change_that_covers_more_is_seen() -> None:
    known = a_subscription("sla.*")

    assert (True, False) == (
        widens(known, ["sla.*", "escalation.raised"]),
        widens(known, ["sla.met"]),
    )


def test_an_event_tells_its_own_traits_and_its_ticket_the_others() -> None:
    ticket = Ticket(
        ticket_id=TICKET,
        priority="low",
        customer_tier="gold",
        assignee_team="first_line",
        level="l1",
        escalation=OpenEscalation(escalation_id=EVENT, level="l2", team="specialists"),
    )
    breach = a(SlaBreached)
    told = traits_of(an_event(breach), ticket)
    warned = traits_of(an_event(a(SlaWarning)), ticket)

    assert (breach.priority.value, breach.tier) == (told.priority, told.customer_tier)
    assert Traits(priority="low", customer_tier="gold", team="specialists", level="l2") == warned
    assert Traits() == traits_of(an_event(a(SlaWarning)), None)


def test_a_subscriber_gets_the_bytes_that_are_on_the_topic() -> None:
    event = an_event(a(EscalationRaised), sequence=7)

    assert encode(event) == offer(event, None).document
    assert encode(decode(encode(event))) == offer(event, None).document


def test_the_id_of_a_message_is_of_the_subscription_and_the_event() -> None:
    assert message_id(ID, EVENT) == message_id(ID, EVENT)
    assert message_id(ID, EVENT) != message_id(EVENT, ID)


def test_a_test_document_has_the_form_of_an_event() -> None:
    document = msgspec.json.decode(a_test(EVENT, ID, MONDAY_10).document)

    assert ("support.subscription.test.v1", str(ID), "2026-06-01T10:00:00Z") == (
        document["type"],
        document["subject"],
        document["time"],
    )


@pytest.mark.parametrize(
    ("status", "outcome"),
    [
        (200, Outcome.SENT),
        (204, Outcome.SENT),
        (299, Outcome.SENT),
        (301, Outcome.CLIENT_ERROR),
        (307, Outcome.CLIENT_ERROR),
        (400, Outcome.CLIENT_ERROR),
        (404, Outcome.CLIENT_ERROR),
        (408, Outcome.RETRY),
        (410, Outcome.GONE),
        (425, Outcome.RETRY),
        (429, Outcome.RETRY),
        (500, Outcome.RETRY),
        (503, Outcome.RETRY),
    ],
)
def test_only_2xx_is_success_and_only_410_is_final(status: int, outcome: Outcome) -> None:
    assert outcome is classify(status, "", b"", MONDAY_10).outcome


@pytest.mark.parametrize(
    ("status", "header", "asked"),
    [
        (429, "120", timedelta(seconds=120)),
        (503, "Mon, 01 Jun 2026 11:00:00 GMT", timedelta(hours=1)),
        (503, "soon", None),
        (429, "", None),
        (500, "120", None),
        (404, "120", None),
    ],
)
def test_a_busy_receiver_says_how_long_to_wait_in_seconds_or_as_a_date(
    status: int, header: str, asked: timedelta | None
) -> None:
    assert asked == classify(status, header, b"", MONDAY_10).retry_after


def test_no_more_than_a_kilobyte_of_an_answer_is_kept() -> None:
    assert 1024 == len(classify(500, "", b"x" * 5000, MONDAY_10).answer)


def test_eight_attempts_over_more_than_a_day_and_then_it_is_dead() -> None:
    delivery, waits = a_delivery(), []
    while delivery.status is Status.PENDING:
        before, delivery = delivery, fail(delivery)
        waits.append(delivery.due_at - before.due_at)

    assert (Status.DEAD, 8) == (delivery.status, delivery.attempts)
    assert list(WAITS) == waits[:-1]
    assert timedelta(hours=27, minutes=35, seconds=5) == sum(waits, timedelta())


@pytest.mark.parametrize(("jitter", "seconds"), [(0.0, 4.0), (0.5, 5.0), (1.0, 6.0)])
def test_waits_vary_by_a_fifth(jitter: float, seconds: float) -> None:
    later = fail(a_delivery(), jitter=jitter)

    assert timedelta(seconds=seconds) == later.due_at - MONDAY_10


@pytest.mark.parametrize(
    ("asked", "waited"),
    [
        (timedelta(seconds=1), timedelta(seconds=5)),
        (timedelta(seconds=90), timedelta(seconds=90)),
        (timedelta(days=3), timedelta(hours=24)),
        (timedelta(seconds=-5), timedelta(seconds=5)),
    ],
)
def test_a_wait_that_is_asked_for_is_never_shorter_than_the_schedule_nor_longer_than_a_day(
    asked: timedelta, waited: timedelta
) -> None:
    busy = msgspec.structs.replace(FAILED, retry_after=asked)

    assert waited == fail(a_delivery(), busy).due_at - MONDAY_10


def test_an_address_we_refuse_is_looked_at_again_once_an_hour_at_most() -> None:
    refused = Verdict(outcome=Outcome.REFUSED, detail="the address is not allowed")

    assert timedelta(hours=1) == fail(a_delivery(), refused).due_at - MONDAY_10


def test_what_is_gone_or_disabled_is_tried_no_further() -> None:
    leased = lease(a_delivery(), until=MONDAY_10)
    gone = Verdict(outcome=Outcome.GONE, detail="http 410", status=410)

    assert Status.DEAD is settle(leased, gone, enabled=True, now=MONDAY_10, jitter=0).status
    assert Status.DEAD is settle(leased, FAILED, enabled=False, now=MONDAY_10, jitter=0).status
    assert Status.SENT is settle(leased, SENT, enabled=False, now=MONDAY_10, jitter=0).status


def test_an_older_attempt_decides_only_by_having_succeeded() -> None:
    second = lease(fail(a_delivery()), until=MONDAY_10)

    assert (False, True, True) == (
        decides(second, 1, Outcome.RETRY),
        decides(second, 1, Outcome.SENT),
        decides(second, 2, Outcome.RETRY),
    )


def test_a_resend_begins_the_schedule_anew_and_an_attempt_of_before_does_not_end_it() -> None:
    dead = fail(a_delivery(), Verdict(outcome=Outcome.GONE, detail="http 410"))
    anew = again(dead, MONDAY_10)
    later = fail(anew)

    assert (Status.PENDING, 1, False) == (
        anew.status,
        anew.run_from,
        decides(anew, 1, Outcome.SENT),
    )
    assert timedelta(seconds=5) == later.due_at - anew.due_at


def test_what_is_under_way_is_not_begun_anew() -> None:
    leased = lease(a_delivery(), until=MONDAY_10)

    assert (leased, a_delivery()) == (again(leased, MONDAY_10), again(a_delivery(), MONDAY_10))


def test_ten_failures_in_a_row_make_an_endpoint_one_that_is_only_probed() -> None:
    health = Health()
    for _ in range(BREAKS_AT):
        assert not health.is_broken
        health = after(health, Outcome.UNKNOWN, MONDAY_10)

    assert health.is_broken
    assert not after(health, Outcome.SENT, MONDAY_10).is_broken


def test_an_attempt_lost_with_our_own_process_says_nothing_of_the_endpoint() -> None:
    assert Health() == after(Health(), Outcome.LOST, MONDAY_10)


def test_five_days_without_one_success_disable_an_endpoint() -> None:
    failing = after(Health(), Outcome.RETRY, MONDAY_10)
    almost = after(failing, Outcome.RETRY, MONDAY_10 + GIVEN_UP_AFTER / 2)

    def verdict(health: Health, later: timedelta) -> DisabledBecause | None:
        return why_disable(health, Outcome.RETRY, MONDAY_10 + later)

    assert None is verdict(almost, GIVEN_UP_AFTER - timedelta(seconds=1))
    assert DisabledBecause.FAILING is verdict(almost, GIVEN_UP_AFTER)
    assert None is verdict(after(almost, Outcome.SENT, MONDAY_10), GIVEN_UP_AFTER)


def test_gone_disables_at_once() -> None:
    assert DisabledBecause.GONE is why_disable(Health(), Outcome.GONE, MONDAY_10)
