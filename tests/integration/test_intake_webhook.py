"""The webhook: what is stored, what is answered, and that nothing is lost (semantics D1)."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from datetime import timedelta
from typing import Any

import pytest

from shared.clock import FakeClock
from shared.contracts import TicketMessageAdded, TicketOpened
from tests.support.intake import (
    NEXT_SECRET,
    IntakeUnderTest,
    a_message,
    a_status,
    an_open,
    intake_under_test,
    settings,
)

WRONG_SECRET = "whsec_d3Jvbmcgd3Jvbmcgd3Jvbmcgd3Jvbmcgd3Jvbmc="


@pytest.fixture
async def intake(database_url: str, clock: FakeClock) -> AsyncIterator[IntakeUnderTest]:
    async with intake_under_test(settings(database_url), clock) as running:
        yield running


async def dead_letters(intake: IntakeUnderTest) -> list[tuple[Any, ...]]:
    return await intake.rows("SELECT topic, key, reason, error, raw FROM dead_letter ORDER BY id")


async def test_D1_an_accepted_delivery_is_answered_202_with_its_ticket(
    intake: IntakeUnderTest,
) -> None:
    answer = await intake.webhook(an_open())

    assert answer.status_code == 202
    assert answer.json()["outcome"] == "accepted"
    assert await intake.names(answer.json()["ticket_id"]) == ["opened"]
    assert await intake.count("ticket") == 1
    assert await intake.count("delivery") == 1


async def test_D1_the_same_delivery_again_is_answered_200_and_changes_nothing(
    intake: IntakeUnderTest,
) -> None:
    first = await intake.webhook(an_open(), message_id="m-1")
    again = await intake.webhook(an_open(), message_id="m-1")

    assert again.status_code == 200
    assert again.json() == first.json()
    assert await intake.count("ticket") == 1
    assert await intake.count("outbox") == 1


async def test_D1_a_delivery_id_used_for_another_body_is_quarantined(
    intake: IntakeUnderTest,
) -> None:
    await intake.webhook(an_open(), message_id="m-1")
    other = await intake.webhook(an_open(subject="Another"), message_id="m-1")

    assert (other.status_code, other.json()["outcome"]) == (202, "quarantined")
    assert await intake.count("ticket") == 1
    [(topic, key, reason, _, raw)] = await dead_letters(intake)
    assert (topic, key, reason) == ("generic", "m-1", "conflict")
    assert b"Another" in raw


async def test_H12_a_hundred_copies_at_once_make_one_ticket(intake: IntakeUnderTest) -> None:
    answers = await asyncio.gather(
        *(intake.webhook(an_open(), message_id="m-1") for _ in range(100))
    )

    assert {answer.json()["ticket_id"] for answer in answers} == {answers[0].json()["ticket_id"]}
    assert sorted(answer.status_code for answer in answers) == [200] * 99 + [202]
    assert await intake.count("ticket") == 1
    assert await intake.count("outbox") == 1


@pytest.mark.parametrize(
    ("body", "told"),
    [
        (b"{broken", "malformed"),
        (an_open(subjekt="x"), "unknown field `subjekt`"),
    ],
    ids=["broken JSON", "unknown field"],
)
async def test_D1_authentic_but_unreadable_is_answered_202_and_parked(
    intake: IntakeUnderTest, body: object, told: str
) -> None:
    answer = await intake.webhook(body, message_id="m-1")
    again = await intake.webhook(body, message_id="m-1")

    assert (answer.status_code, answer.json()["outcome"]) == (202, "parked")
    assert told in answer.json()["detail"]
    assert (again.status_code, again.json()) == (200, answer.json())
    [(topic, key, reason, error, _)] = await dead_letters(intake)
    assert (topic, key, reason) == ("generic", "m-1", "undecodable")
    assert told in error


async def test_D1_of_a_list_the_readable_members_are_done_and_the_others_parked(
    intake: IntakeUnderTest,
) -> None:
    answer = await intake.webhook([an_open("1"), {"type": "nonsense"}, an_open("2")])

    results = answer.json()["results"]
    assert [one["outcome"] for one in results] == ["accepted", "parked", "accepted"]
    assert await intake.count("ticket") == 2
    assert len(await dead_letters(intake)) == 1


@pytest.mark.parametrize("seconds", [-301, 301])
async def test_D1_an_old_or_early_timestamp_is_answered_401_and_nothing_is_stored(
    intake: IntakeUnderTest, seconds: int
) -> None:
    at = intake.clock.now() + timedelta(seconds=seconds)
    answer = await intake.webhook(an_open(), signed_at=at)

    assert answer.status_code == 401
    assert answer.headers["content-type"] == "application/problem+json"
    assert await intake.count("delivery") == 0


async def test_D1_a_wrong_signature_is_answered_401_and_nothing_is_stored(
    intake: IntakeUnderTest,
) -> None:
    answer = await intake.webhook(an_open(), secret=WRONG_SECRET)

    assert answer.status_code == 401
    assert await intake.count("delivery") == 0
    assert await intake.count("dead_letter") == 0


async def test_S04_both_secrets_of_a_source_are_in_force(intake: IntakeUnderTest) -> None:
    answer = await intake.webhook(an_open(), secret=NEXT_SECRET)

    assert answer.status_code == 202


async def test_an_unknown_source_is_answered_404(intake: IntakeUnderTest) -> None:
    assert (await intake.webhook(an_open(), source="stranger")).status_code == 404


async def test_a_sources_name_in_the_url_may_be_in_any_case(intake: IntakeUnderTest) -> None:
    assert (await intake.webhook(an_open(), source="GeneriC")).status_code == 202


async def test_a_body_of_2_MiB_is_answered_413(intake: IntakeUnderTest) -> None:
    answer = await intake.webhook(b"x" * 2 * 1024 * 1024)

    assert answer.status_code == 413
    assert await intake.count("delivery") == 0


async def test_S09_a_compressed_body_is_answered_415(intake: IntakeUnderTest) -> None:
    answer = await intake.webhook(an_open(), headers={"content-encoding": "gzip"})

    assert answer.status_code == 415


async def test_a_database_that_is_away_is_answered_503_with_retry_after(clock: FakeClock) -> None:
    nowhere = settings("postgresql://nobody@127.0.0.1:1/none")
    async with intake_under_test(nowhere, clock) as intake:
        answer = await intake.webhook(an_open())

        assert answer.status_code == 503
        assert answer.headers["retry-after"] == "1"


async def test_a_NUL_in_a_text_is_dropped_and_the_words_are_kept(intake: IntakeUnderTest) -> None:
    answer = await intake.webhook(an_open(subject="a\0b", body="c\0d"))

    assert answer.json()["outcome"] == "accepted"
    assert await intake.rows("SELECT subject FROM ticket") == [("ab",)]
    assert await intake.rows("SELECT body FROM message") == [("cd",)]


async def test_T1_a_claim_that_is_not_believed_is_kept_on_the_delivery_and_counted(
    intake: IntakeUnderTest,
) -> None:
    claim = (intake.clock.now() - timedelta(days=2)).isoformat()
    answer = await intake.webhook(an_open(occurred_at=claim))

    [event] = await intake.events(answer.json()["ticket_id"])
    assert event.time == intake.clock.now()
    assert await intake.rows("SELECT clock_skew FROM delivery") == [(True,)]
    metrics = (await intake.client.get("/metrics")).text
    assert 'tierline_clock_skew_total{service="intake",source="generic"} 1.0' in metrics


async def test_T1_a_claim_that_is_believed_is_the_events_time(intake: IntakeUnderTest) -> None:
    happened = intake.clock.now() - timedelta(minutes=20)
    answer = await intake.webhook(an_open(occurred_at=happened.isoformat()))

    [event] = await intake.events(answer.json()["ticket_id"])
    assert (event.time, event.recorded_time) == (happened, intake.clock.now())
    assert isinstance(event.payload, TicketOpened)
    assert event.payload.opened_at == happened


async def test_the_story_of_a_ticket_is_told_in_order_without_gaps(
    intake: IntakeUnderTest,
) -> None:
    ticket = (await intake.webhook(an_open())).json()["ticket_id"]
    await intake.webhook(a_message(kind="agent", body="Have you tried again?"))
    await intake.webhook(a_status("pending"))
    await intake.webhook(a_message(body="Yes, it still fails."))
    await intake.webhook(a_status("resolved", resolution_code="fixed"))
    await intake.webhook(a_message(body="It is back."))
    await intake.webhook({"type": "ticket.rating", "external_id": "4711", "score": 2})

    events = await intake.events(ticket)
    assert [event.type.split(".")[2] for event in events] == [
        "opened",
        "message_added",
        "paused",
        "resumed",
        "message_added",
        "resolved",
        "reopened",
        "message_added",
        "rated",
    ]
    assert [event.sequence for event in events] == list(range(1, 10))
    assert {event.correlation_id for event in events} == {events[0].correlation_id}
    assert events[0].correlation_id == events[0].causation_id


async def test_a_trace_begun_by_the_source_goes_on_in_the_events(intake: IntakeUnderTest) -> None:
    trace = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"
    answer = await intake.webhook(an_open(), headers={"traceparent": trace})

    [event] = await intake.events(answer.json()["ticket_id"])
    assert event.traceparent is not None
    assert event.traceparent.split("-")[1] == "0af7651916cd43dd8448eb211c80319c"


async def test_an_impossible_status_is_ignored_counted_and_said_so(
    intake: IntakeUnderTest,
) -> None:
    ticket = (await intake.webhook(an_open())).json()["ticket_id"]
    await intake.webhook(a_status("resolved"))
    answer = await intake.webhook(a_status("pending"))

    assert (answer.status_code, answer.json()["outcome"]) == (202, "ignored")
    assert answer.json()["reason"] == "already_resolved"
    assert await intake.names(ticket) == ["opened", "resolved"]
    assert await intake.count("dead_letter") == 0


async def test_a_second_opening_of_a_ticket_is_ignored_and_names_the_ticket(
    intake: IntakeUnderTest,
) -> None:
    first = await intake.webhook(an_open())
    second = await intake.webhook(an_open(subject="Again"))

    assert second.json()["reason"] == "already_open"
    assert second.json()["ticket_id"] == first.json()["ticket_id"]


async def test_what_is_said_before_the_opening_waits_and_follows_it(
    intake: IntakeUnderTest,
) -> None:
    early = await intake.webhook(a_message(kind="agent", body="On it."))
    await intake.webhook(a_status("pending"))
    assert early.json()["outcome"] == "buffered"
    assert await intake.count("ticket") == 0

    await intake.clock.advance(timedelta(seconds=5))
    opened = await intake.webhook(an_open())

    ticket = opened.json()["ticket_id"]
    assert ticket == early.json()["ticket_id"]
    events = await intake.events(ticket)
    assert [event.type.split(".")[2] for event in events] == ["opened", "message_added", "paused"]
    assert events[0].time == events[1].time, "a ticket is not opened after what was said on it"
    assert await intake.count("buffered_command") == 0


async def test_an_opening_and_what_came_before_it_may_be_in_one_delivery(
    intake: IntakeUnderTest,
) -> None:
    answer = await intake.webhook([a_message(kind="agent"), an_open(), a_status("resolved")])

    results = answer.json()["results"]
    assert len({one["ticket_id"] for one in results}) == 1
    assert await intake.names(results[0]["ticket_id"]) == ["opened", "message_added", "resolved"]


async def test_openings_and_early_messages_in_any_order_at_once_lose_nothing(
    intake: IntakeUnderTest,
) -> None:
    calls = [
        intake.webhook(body)
        for n in range(20)
        for body in (a_message(f"t{n}"), an_open(f"t{n}"), a_message(f"t{n}", kind="agent"))
    ]
    answers = await asyncio.gather(*calls)

    tickets = {answer.json()["ticket_id"] for answer in answers}
    assert len(tickets) == 20
    for ticket in tickets:
        assert sorted(await intake.names(ticket)) == ["message_added", "message_added", "opened"]
    assert await intake.count("buffered_command") == 0


async def test_V18_the_third_ticket_about_the_same_thing_is_contact_number_3(
    intake: IntakeUnderTest,
) -> None:
    await intake.webhook([an_open("1"), an_open("2", category="billing")])
    await intake.webhook(an_open("3"))
    answer = await intake.webhook(an_open("4"))

    [opened] = await intake.said(answer.json()["ticket_id"])
    assert isinstance(opened, TicketOpened)
    assert opened.contact_number == 3


async def test_R5_reopened_tickets_of_a_customer_are_counted(intake: IntakeUnderTest) -> None:
    await intake.webhook([an_open("1"), an_open("2"), a_status("closed", "1")])
    await intake.webhook([a_status("open", "1"), a_status("resolved", "2")])
    await intake.webhook(a_message("2"))
    answer = await intake.webhook(an_open("3"))

    [opened] = await intake.said(answer.json()["ticket_id"])
    assert isinstance(opened, TicketOpened)
    assert (opened.recent_reopened, opened.contact_number) == (2, 5)


async def test_what_is_known_of_a_customer_stays_known(intake: IntakeUnderTest) -> None:
    rich = {"id": "c", "tier": "enterprise", "lifetime_value": 99_000.5, "email": "a@x.example"}
    await intake.webhook(an_open("1", customer=rich))
    answer = await intake.webhook(an_open("2", customer={"id": "c"}, priority="low"))

    [opened] = await intake.said(answer.json()["ticket_id"])
    assert isinstance(opened, TicketOpened)
    assert (opened.customer.tier, opened.customer.lifetime_value) == ("enterprise", 99_000.5)
    assert opened.priority == "high", "at least, for a VIP (P4)"


async def test_V4_signals_of_a_message_are_in_its_event_and_its_text_is_not(
    intake: IntakeUnderTest,
) -> None:
    ticket = (await intake.webhook(an_open())).json()["ticket_id"]
    await intake.webhook(a_message(body="It is DOWN again, my lawyer knows."))

    said = (await intake.said(ticket))[-1]
    assert isinstance(said, TicketMessageAdded)
    assert said.signals == ["urgent", "legal"]
    [document] = await intake.rows("SELECT value FROM outbox ORDER BY seq DESC LIMIT 1")
    assert b"lawyer" not in document[0]


async def test_opened_tickets_are_counted_by_what_they_are(intake: IntakeUnderTest) -> None:
    await intake.webhook(an_open(), message_id="m-1")
    await intake.webhook(an_open(), message_id="m-1")

    metrics = (await intake.client.get("/metrics")).text
    assert (
        'tierline_tickets_opened_total{category="technical",channel="generic",priority="medium",'
        'service="intake",tier="professional"} 1.0' in metrics
    )
    assert 'commands_total{outcome="repeated",service="intake",source="generic"} 1.0' in metrics
    assert "tierline_commit_group_requests_count" in metrics
    assert 'http_requests_total{route="/v1/channels/{source}/webhook"' in metrics


async def test_a_ticket_opened_and_named_twice_in_a_crowd_is_one_ticket(
    intake: IntakeUnderTest,
) -> None:
    answers = await asyncio.gather(*(intake.webhook(an_open("same")) for _ in range(40)))

    assert len({answer.json()["ticket_id"] for answer in answers}) == 1
    outcomes = sorted(answer.json()["outcome"] for answer in answers)
    assert outcomes == ["accepted"] + ["ignored"] * 39


async def test_P5_an_untrusted_sources_priority_does_not_count(
    database_url: str, clock: FakeClock
) -> None:
    configured = settings(database_url)
    [source] = configured.intake.sources.values()
    source = source.model_copy(update={"trusted": False})
    section = configured.intake.model_copy(update={"sources": {"generic": source}})
    doubting = configured.model_copy(update={"intake": section})
    async with intake_under_test(doubting, clock) as intake:
        answer = await intake.webhook(an_open(priority="critical"))
        [opened] = await intake.said(answer.json()["ticket_id"])

    assert isinstance(opened, TicketOpened)
    assert opened.priority == "medium"
