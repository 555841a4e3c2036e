"""Chats and calls end to end: handshakes, sessions, batches, and one customer over several channels."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from datetime import timedelta
from typing import Any
from uuid import uuid4

import httpx2
import pytest
from pydantic import SecretStr

from services.intake.config import IntakeSection, SourceSettings
from shared.clock import FakeClock
from tests.support.chats import (
    encoded,
    form,
    slack_event,
    telegram_update,
    twilio_call,
    twilio_text,
    whatsapp_call,
    whatsapp_message,
)
from tests.support.intake import IntakeUnderTest, an_open, intake_under_test, settings
from tests.support.signing import SIGNINGS

#: Sources by their names, and how they sign.
SOURCES = {
    "slack": "slack",
    "sms": "twilio:form",
    "wa": "whatsapp",
    "bot": "telegram",
    "events": "cloudevents",
}
HANDSHAKE = "/v1/channels/wa/webhook?hub.mode=subscribe&hub.challenge=1158&hub.verify_token="


def configured(scheme: str) -> SourceSettings:
    source = SIGNINGS[scheme].source
    return SourceSettings(
        channel=scheme.partition(":")[0],
        secrets=tuple(SecretStr(secret) for secret in source.secrets),
        public_url=source.public_url,
        verify_token=SecretStr(str(source.verify_token)),
    )


@pytest.fixture
async def intake(database_url: str, clock: FakeClock) -> AsyncIterator[IntakeUnderTest]:
    given = settings(database_url)
    sources = {name: configured(scheme) for name, scheme in SOURCES.items()}
    given = given.model_copy(update={"intake": IntakeSection(sources=sources)})
    async with intake_under_test(given, clock) as running:
        yield running


async def send(intake: IntakeUnderTest, source: str, raw: bytes, **headers: str) -> httpx2.Response:
    """A call of a source, rightly signed now."""
    call = SIGNINGS[SOURCES[source]].call(intake.clock.now(), body=raw)
    return await intake.client.post(
        f"/v1/channels/{source}/webhook",
        content=raw,
        headers={**call.headers, **headers},
        params=dict(call.query),
    )


async def write(intake: IntakeUnderTest, body: str, **fields: Any) -> httpx2.Response:
    """A message by WhatsApp, now."""
    message = whatsapp_message(
        id=f"wamid.{uuid4()}",
        timestamp=str(int(intake.clock.now().timestamp())),
        text={"body": body},
        **fields,
    )
    return await send(intake, "wa", encoded(whatsapp_call(message)))


async def tickets(intake: IntakeUnderTest) -> list[tuple[Any, ...]]:
    return await intake.rows(
        "SELECT ticket_id, customer_id, status, external_ref FROM ticket ORDER BY opened_at, ticket_id"
    )


async def resolve(intake: IntakeUnderTest, ticket_id: object) -> None:
    answer = await intake.post(f"/v1/tickets/{ticket_id}/resolution", {})
    assert answer.status_code == 202, answer.text


async def test_slack_is_given_its_challenge_back(intake: IntakeUnderTest) -> None:
    asked = encoded({"type": "url_verification", "challenge": "3eZbrw1aB", "token": "x"})

    answer = await send(intake, "slack", asked)

    assert (answer.status_code, answer.text) == (200, "3eZbrw1aB")
    assert answer.headers["content-type"].startswith("text/plain")
    assert await intake.count("delivery") == 0


async def test_a_challenge_that_slack_did_not_sign_is_refused(intake: IntakeUnderTest) -> None:
    asked = {"type": "url_verification", "challenge": "3eZbrw1aB"}

    answer = await intake.client.post("/v1/channels/slack/webhook", json=asked)

    assert answer.status_code == 401
    assert "3eZbrw1aB" not in answer.text


async def test_meta_is_given_its_challenge_back_for_the_right_word(intake: IntakeUnderTest) -> None:
    answer = await intake.client.get(f"{HANDSHAKE}a+word")

    assert (answer.status_code, answer.text) == (200, "1158")
    assert answer.headers["content-type"].startswith("text/plain")


@pytest.mark.parametrize("word", ["another", "", "%FF", "a+word&hub.verify_token=a+word"])
async def test_meta_is_answered_403_for_any_other_word(intake: IntakeUnderTest, word: str) -> None:
    answer = await intake.client.get(f"{HANDSHAKE}{word}")

    assert answer.status_code == 403
    assert "1158" not in answer.text
    metrics = (await intake.client.get("/metrics")).text
    assert 'webhooks_rejected_total{reason="handshake",service="intake",source="wa"} 1.0' in metrics


@pytest.mark.parametrize(
    ("path", "status"),
    [
        ("slack/webhook", 405),
        ("sms/webhook", 405),
        ("wa/webhook", 405),
        ("events/webhook/secret", 405),
        ("nobody/webhook", 404),
        ("nobody/webhook?hub.mode=subscribe&hub.verify_token=a+word", 404),
    ],
)
async def test_a_get_that_is_no_handshake_is_answered_405_and_no_source_404(
    intake: IntakeUnderTest, path: str, status: int
) -> None:
    assert (await intake.client.get(f"/v1/channels/{path}")).status_code == status


async def test_two_messages_of_one_writer_are_one_ticket(intake: IntakeUnderTest) -> None:
    first = await write(intake, "Where is my parcel?")
    await intake.clock.advance(timedelta(minutes=1))
    second = await write(intake, "It was due yesterday")

    assert first.status_code == second.status_code == 200
    assert first.json()["ticket_id"] == second.json()["ticket_id"]
    assert await intake.names(first.json()["ticket_id"]) == ["opened", "message_added"]


async def test_the_messages_of_one_call_are_one_ticket_in_their_order(
    intake: IntakeUnderTest,
) -> None:
    messages = [whatsapp_message(id=f"wamid.{n}", text={"body": f"{n}"}) for n in range(5)]

    answer = await send(intake, "wa", encoded(whatsapp_call(*messages)))

    assert {one["outcome"] for one in answer.json()["results"]} == {"accepted"}
    assert await intake.count("ticket") == 1
    bodies = await intake.rows("SELECT body FROM message ORDER BY n")
    assert [body for (body,) in bodies] == ["0", "1", "2", "3", "4"]


async def test_R1_within_the_window_a_message_brings_the_resolved_ticket_back(
    intake: IntakeUnderTest,
) -> None:
    ticket = (await write(intake, "Where is my parcel?")).json()["ticket_id"]
    await resolve(intake, ticket)
    await intake.clock.advance(timedelta(days=6))

    again = (await write(intake, "Still not here")).json()

    assert again["ticket_id"] == ticket
    assert (await intake.names(ticket))[-2:] == ["reopened", "message_added"]


async def test_a_session_outlives_its_tickets(intake: IntakeUnderTest) -> None:
    """The window of the workflow is seven days."""
    first = (await write(intake, "Where is my parcel?")).json()["ticket_id"]
    await resolve(intake, first)
    await intake.clock.advance(timedelta(days=8))

    second = (await write(intake, "How do I change my address?")).json()["ticket_id"]
    third = (await write(intake, "To Berlin, I mean")).json()["ticket_id"]

    assert second != first
    assert third == second
    assert [status for _, _, status, _ in await tickets(intake)] == ["resolved", "new"]
    assert len({customer for _, customer, _, _ in await tickets(intake)}) == 1


async def test_F58_a_member_that_cannot_be_read_is_parked_alone(intake: IntakeUnderTest) -> None:
    bad = whatsapp_message(id="wamid.bad", type="image", image="?")
    body = whatsapp_call(whatsapp_message(id="wamid.a"), bad, whatsapp_message(id="wamid.b"))

    answer = await send(intake, "wa", encoded(body))

    assert answer.status_code == 200
    outcomes = [one["outcome"] for one in answer.json()["results"]]
    assert outcomes == ["accepted", "parked", "accepted"]
    [(key, raw)] = await intake.rows("SELECT key, raw FROM dead_letter")
    assert (key, json.loads(raw)["message"]) == ("wamid.bad", bad)
    assert await intake.count("message") == 2


async def test_D1_a_call_that_comes_again_changes_nothing_however_it_is_put_together(
    intake: IntakeUnderTest,
) -> None:
    one, other = (whatsapp_message(id=f"wamid.{n}") for n in (1, 2))
    await send(intake, "wa", encoded(whatsapp_call(one, other)))

    again = await send(intake, "wa", encoded(whatsapp_call(other)))

    assert again.json()["outcome"] == "accepted"
    assert await intake.count("message") == 2
    assert await intake.count("dead_letter") == 0


async def test_a_report_of_delivery_is_answered_200_and_changes_nothing(
    intake: IntakeUnderTest,
) -> None:
    reports = whatsapp_call(statuses=[{"id": "wamid.1", "status": "read"}])
    sms = twilio_text(MessageStatus="delivered", SmsStatus="delivered")

    answers = [
        await send(intake, "wa", encoded(reports)),
        await send(intake, "sms", form(sms)),
    ]

    assert [answer.status_code for answer in answers] == [200, 200]
    assert await intake.count("ticket") == 0


async def test_D9_one_number_over_three_channels_is_one_customer_and_stands_in_no_event(
    intake: IntakeUnderTest,
) -> None:
    await write(intake, "Where is my parcel?")
    await intake.clock.advance(timedelta(minutes=1))
    await send(intake, "sms", form(twilio_text()))
    await intake.clock.advance(timedelta(minutes=1))
    await send(intake, "sms", form(twilio_call()))

    opened = await tickets(intake)
    assert len(opened) == 3
    assert len({customer for _, customer, _, _ in opened}) == 1
    assert [reference for _, _, _, reference in opened] == [None] * 3
    documents = await intake.rows("SELECT value FROM outbox")
    assert not any(b"4915112345678" in document for (document,) in documents)
    contacts = await intake.rows("SELECT contact->>'name', contact->>'phone' FROM customer")
    assert contacts == [("Ana Ruiz", "+4915112345678")]


async def test_twilio_is_told_to_say_nothing(intake: IntakeUnderTest) -> None:
    """It texts the customer whatever else it is answered."""
    answer = await send(intake, "sms", form(twilio_text()))

    assert (answer.status_code, answer.text) == (200, "<Response/>")
    assert answer.headers["content-type"].startswith("text/xml")


async def test_D5_a_word_to_the_carrier_opens_nothing(intake: IntakeUnderTest) -> None:
    await send(intake, "sms", form(twilio_text(Body="STOP")))
    assert await intake.count("ticket") == 0

    await send(intake, "sms", form(twilio_text(MessageSid="SM2", Body="Where is it?")))
    assert await intake.count("ticket") == 1


async def test_a_thread_in_slack_is_a_ticket_and_bots_open_none(intake: IntakeUnderTest) -> None:
    now = int(intake.clock.now().timestamp())
    first = slack_event(ts=f"{now}.000100")
    reply = slack_event(ts=f"{now}.000200", thread_ts=f"{now}.000100", user="U2", text="Same here")
    bot = slack_event(ts=f"{now}.000300", bot_id="B1", text="Deployed")
    elsewhere = slack_event(ts=f"{now}.000400", text="Another thing")

    answers = [await send(intake, "slack", encoded(one)) for one in (first, reply, bot, elsewhere)]

    outcomes = [answer.json()["outcome"] for answer in answers]
    assert outcomes == ["accepted", "accepted", "ignored", "accepted"]
    assert answers[0].json()["ticket_id"] == answers[1].json()["ticket_id"]
    assert await intake.count("ticket") == 2


async def test_a_reply_may_come_before_what_it_answers(intake: IntakeUnderTest) -> None:
    now = int(intake.clock.now().timestamp())
    first = slack_event(ts=f"{now}.000100")
    reply = slack_event(ts=f"{now}.000200", thread_ts=f"{now}.000100")

    answers = [await send(intake, "slack", encoded(one)) for one in (reply, first)]

    assert len({answer.json()["ticket_id"] for answer in answers}) == 1
    assert await intake.count("message") == 2


async def test_a_chat_with_the_bot_is_a_session(intake: IntakeUnderTest) -> None:
    now = int(intake.clock.now().timestamp())
    started = telegram_update(1, text="/start", date=now)
    asked = telegram_update(2, date=now)
    more = telegram_update(3, date=now, text=None, photo=[{"file_size": 2}])

    answers = [await send(intake, "bot", encoded(one)) for one in (started, asked, more)]

    assert [answer.json()["outcome"] for answer in answers] == ["ignored", "accepted", "accepted"]
    assert await intake.count("ticket") == 1
    assert await intake.rows("SELECT name, refused FROM attachment") == [("photo", "not fetched")]


async def test_a_batch_of_events_is_answered_like_commands_of_the_generic_webhook(
    intake: IntakeUnderTest,
) -> None:
    opening = an_open()
    event = {"specversion": "1.0", "source": "/crm", "type": "ticket.open"}
    batch = encoded([{**event, "id": "1", "data": opening}, {**event, "id": "2", "data": 7}])
    kind = {"content-type": "application/cloudevents-batch+json"}

    first = await send(intake, "events", batch, **kind)
    again = await send(intake, "events", batch, **kind)

    assert (first.status_code, again.status_code) == (202, 200)
    assert [one["outcome"] for one in first.json()["results"]] == ["accepted", "parked"]
    assert again.json() == first.json()
    assert await intake.count("ticket") == 1
    assert await intake.count("dead_letter") == 1


async def test_both_secrets_are_in_force_and_a_third_is_not(intake: IntakeUnderTest) -> None:
    raw = encoded(whatsapp_call(whatsapp_message()))
    signing = SIGNINGS["whatsapp"]
    statuses = []
    for secret in (*signing.secrets, "a third secret"):
        call = signing.call(intake.clock.now(), body=raw, secret=secret)
        answer = await intake.client.post(
            "/v1/channels/wa/webhook", content=raw, headers=dict(call.headers)
        )
        statuses.append(answer.status_code)

    assert statuses == [200, 200, 401]
