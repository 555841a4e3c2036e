"""Texts, against an account that keeps what it takes and can be asked for it."""

from dataclasses import replace
from datetime import date, datetime, timedelta
from urllib.parse import parse_qsl

import pytest
from pydantic import SecretStr

from services.notifier.config import NotifierSection
from services.notifier.domain.delivery import Outcome, Result
from services.notifier.domain.short_id import short_id
from services.notifier.senders.settings import SmsSettings
from services.notifier.senders.sms import SmsSender, text_of
from services.notifier.sms_status import status_url
from shared.http.egress import Egress
from tests.support.builders import MONDAY_10
from tests.support.messages import a_message
from tests.support.providers import Twilio, said
from tests.support.purse import Purse
from tests.support.sinks import HANG, RESET, HookSink, a_webhook_endpoint, answer

NUMBER = "+4915112345678"
ACCOUNT = "AC" + "0" * 32


def a_sender(sink: HookSink, purse: Purse | None = None) -> SmsSender:
    settings = SmsSettings(
        account_sid=ACCOUNT,
        auth_token=SecretStr("secret"),
        sender="+4930123456",
        api_url=f"http://127.0.0.1:{sink.port}",
        timeout_seconds=2.0,
    )
    return SmsSender(settings, Egress(sink.allowed), purse or Purse())


def an_account(now: datetime = MONDAY_10) -> Twilio:
    return Twilio(now=now)


async def test_a_text_is_known_by_its_id() -> None:
    twilio = an_account()
    async with a_webhook_endpoint(says=twilio) as sink:
        result = await a_sender(sink).send(a_message(address=NUMBER))

    assert Result(Outcome.SENT, "http 201", reference=f"SM{0:032x}") == result
    assert [NUMBER] == [text["to"] for text in twilio.texts]


async def test_D2_a_text_the_provider_took_is_not_sent_again() -> None:
    twilio, purse = an_account(), Purse()
    async with a_webhook_endpoint(says=twilio) as sink:
        sender = a_sender(sink, purse)
        first = await sender.send(a_message(address=NUMBER))
        again = await sender.send(a_message(address=NUMBER, unknowns=1))

    found = Result(Outcome.SENT, "found at the provider", reference=first.reference)
    assert (found, 1, 99) == (again, len(twilio.texts), purse.left)


@pytest.mark.parametrize("lost", ["failed", "undelivered", "canceled"])
async def test_D2_a_text_that_reached_nobody_is_sent_again(lost: str) -> None:
    twilio = an_account()
    async with a_webhook_endpoint(says=twilio) as sink:
        sender = a_sender(sink)
        await sender.send(a_message(address=NUMBER))
        twilio.texts[0]["status"] = lost
        again = await sender.send(a_message(address=NUMBER, unknowns=1))

    assert (Outcome.SENT, 2) == (again.outcome, len(twilio.texts))


async def test_D2_another_text_and_an_old_one_are_not_taken_for_it() -> None:
    code = short_id(a_message().notification_id)
    others = [
        {"to": NUMBER, "body": "Ref ZZZZ", "date_created": None},
        {"to": NUMBER, "body": f"Ref {code}X", "date_created": None},
        {"to": NUMBER, "body": f"Ref {code}", "date_created": "Mon, 01 Jun 2026 08:00:00 +0000"},
    ]
    async with a_webhook_endpoint(said(200, {"messages": others}), says=an_account()) as sink:
        result = await a_sender(sink).send(a_message(address=NUMBER, unknowns=1))

    assert (Outcome.SENT, ["GET", "POST"]) == (result.outcome, [r.method for r in sink.requests])


@pytest.mark.parametrize("answered", [answer(500), answer(200, b"no list"), HANG, RESET])
async def test_D2_while_the_provider_cannot_be_asked_nothing_is_sent(answered: bytes) -> None:
    async with a_webhook_endpoint(answered) as sink:
        result = await a_sender(sink).send(a_message(address=NUMBER, unknowns=1))

    assert (Outcome.RETRY, 1) == (result.outcome, len(sink.requests))


@pytest.mark.parametrize(
    ("code", "expected"),
    [
        (21211, Outcome.DEAD),
        (21610, Outcome.DEAD),
        (21611, Outcome.RETRY),
        (20429, Outcome.RETRY),
    ],
)
async def test_D2_twilios_code_decides_the_outcome(code: int, expected: Outcome) -> None:
    twilio = an_account()
    twilio.errors[NUMBER] = code
    async with a_webhook_endpoint(says=twilio) as sink:
        result = await a_sender(sink).send(a_message(address=NUMBER))

    assert (expected, f"twilio {code}") == (result.outcome, result.detail.partition(", ")[2])


@pytest.mark.parametrize(
    ("answered", "expected", "left"),
    [
        (answer(401), Outcome.DEAD, 100),
        (answer(429, retry_after="5"), Outcome.RETRY, 100),
        (answer(500), Outcome.UNKNOWN, 99),
        (answer(503), Outcome.RETRY, 100),
        (HANG, Outcome.UNKNOWN, 99),
        (RESET, Outcome.UNKNOWN, 99),
    ],
)
async def test_only_what_was_not_sent_is_given_back_to_the_day(
    answered: bytes, expected: Outcome, left: int
) -> None:
    purse = Purse()
    async with a_webhook_endpoint(answered) as sink:
        result = await a_sender(sink, purse).send(a_message(address=NUMBER))

    assert (expected, left) == (result.outcome, purse.left)


@pytest.mark.parametrize(("left", "expected"), [(0, Outcome.DEAD), (None, Outcome.RETRY)])
async def test_a_day_without_texts_left_goes_over_to_the_fallback(
    left: int | None, expected: Outcome
) -> None:
    async with a_webhook_endpoint() as sink:
        result = await a_sender(sink, Purse(left)).send(a_message(address=NUMBER))

    assert (expected, []) == (result.outcome, sink.requests)


async def test_a_text_counts_for_the_day_it_leaves_on() -> None:
    purse = Purse()
    async with a_webhook_endpoint(says=an_account()) as sink:
        late = a_message(address=NUMBER, now=MONDAY_10 + timedelta(hours=20))
        await a_sender(sink, purse).send(late)

    assert [date(2026, 6, 2)] == purse.days


@pytest.mark.parametrize("number", ["", "0151 12345678", "+49 151 12345678", "+0151", "ana"])
async def test_what_is_no_number_is_not_texted(number: str) -> None:
    async with a_webhook_endpoint() as sink:
        result = await a_sender(sink).send(a_message(address=number))

    assert (Outcome.DEAD, []) == (result.outcome, sink.requests)


@pytest.mark.parametrize(("sender", "service"), [("", ""), ("+4930123456", "MG1")])
def test_texts_come_from_a_number_or_a_service(sender: str, service: str) -> None:
    with pytest.raises(ValueError, match="either a sender or a messaging_service_sid"):
        SmsSettings(
            account_sid=ACCOUNT,
            auth_token=SecretStr("secret"),
            sender=sender,
            messaging_service_sid=service,
        )


@pytest.mark.parametrize(
    ("language", "hint"),
    [
        ("en", "Reply ACK {code}, TAKE {code}, SNOOZE {code} 30 or UP {code}"),
        ("de", "Antworten: ACK {code}, TAKE {code}, SNOOZE {code} 30 oder UP {code}"),
        ("fr", "Répondre : ACK {code}, TAKE {code}, SNOOZE {code} 30 ou UP {code}"),
        ("es", "Responda ACK {code}, TAKE {code}, SNOOZE {code} 30 o UP {code}"),
        ("it", "Reply ACK {code}, TAKE {code}, SNOOZE {code} 30 or UP {code}"),
    ],
)
def test_how_to_answer_is_said_in_the_readers_language(language: str, hint: str) -> None:
    message = replace(a_message(address=NUMBER), language=language)

    assert hint.format(code=short_id(message.notification_id)) in text_of(message)


async def test_twilio_is_told_where_to_say_what_became_of_a_text() -> None:
    message, twilio = a_message(address=NUMBER), an_account()
    async with a_webhook_endpoint(says=twilio) as sink:
        settings = a_sender(sink)._settings
        url = "https://notifier.test/v1/sms/status"
        await SmsSender(settings, Egress(sink.allowed), Purse(), status_url=url).send(message)
        await a_sender(sink).send(message)
    with_it, without = (dict(parse_qsl(r.body.decode())) for r in sink.requests)

    assert with_it["StatusCallback"] == f"{url}/{message.notification_id}"
    assert "StatusCallback" not in without


@pytest.mark.parametrize(
    ("public_url", "expected"),
    [
        ("https://notifier.test/", "https://notifier.test/v1/sms/status"),
        ("http://127.0.0.1:8084", None),
    ],
)
def test_twilio_calls_nobody_back_without_tls(public_url: str, expected: str | None) -> None:
    sms = SmsSettings(account_sid=ACCOUNT, auth_token=SecretStr("secret"), sender="+4930123456")

    assert status_url(NotifierSection(public_url=public_url, sms=sms)) == expected
