"""Signed webhooks, against an endpoint that verifies them with the reference library."""

import json
from datetime import UTC, datetime, timedelta

import pytest
from pydantic import SecretStr
from standardwebhooks import Webhook, WebhookVerificationError

from services.notifier.domain.delivery import Outcome
from services.notifier.senders.settings import WebhookSettings
from services.notifier.senders.webhook import WebhookSender
from shared.clock import SystemClock
from shared.http.egress import Egress
from tests.support.messages import a_message
from tests.support.sinks import HANG, RESET, HookSink, a_webhook_endpoint, answer

SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"


def a_sender(sink: HookSink | None = None, *, timeout_seconds: float = 2.0) -> WebhookSender:
    settings = WebhookSettings(secret=SecretStr(SECRET), timeout_seconds=timeout_seconds)
    return WebhookSender(settings, Egress(sink.allowed if sink else frozenset()))


async def test_D3_the_receiver_can_verify_what_it_gets() -> None:
    message = a_message(now=SystemClock().now())

    async with a_webhook_endpoint() as sink:
        message = a_message(address=sink.url, now=SystemClock().now())
        result = await a_sender(sink).send(message)

    request = sink.requests[0]
    assert Outcome.SENT == result.outcome
    assert Webhook(SECRET).verify(request.body, request.headers) == json.loads(request.body)
    assert str(message.notification_id) == request.headers["webhook-id"]


async def test_D3_a_changed_byte_is_noticed() -> None:
    async with a_webhook_endpoint() as sink:
        await a_sender(sink).send(a_message(address=sink.url, now=SystemClock().now()))

    request = sink.requests[0]
    changed = request.body.replace(b"#A1", b"#A2")
    with pytest.raises(WebhookVerificationError):
        Webhook(SECRET).verify(changed, request.headers)


async def test_D2_a_repeat_has_the_same_id_and_says_what_it_is() -> None:
    async with a_webhook_endpoint() as sink:
        await a_sender(sink).send(a_message(address=sink.url))
        await a_sender(sink).send(a_message(address=sink.url, unknowns=1))

    first, second = sink.requests
    assert first.headers["webhook-id"] == second.headers["webhook-id"]
    assert json.loads(second.body)["data"]["possible_repeat"] is True


@pytest.mark.parametrize(
    ("said", "expected"),
    [
        (answer(204), Outcome.SENT),
        (answer(302, location="http://127.0.0.1:1/"), Outcome.DEAD),
        (answer(400), Outcome.RETRY),
        (answer(408), Outcome.RETRY),
        (answer(410), Outcome.DEAD),
        (answer(429), Outcome.RETRY),
        (answer(500), Outcome.RETRY),
        (answer(503), Outcome.RETRY),
        (RESET, Outcome.UNKNOWN),
    ],
)
async def test_D3_what_an_endpoint_says_decides_the_outcome(said: bytes, expected: Outcome) -> None:
    async with a_webhook_endpoint(said) as sink:
        result = await a_sender(sink).send(a_message(address=sink.url))

    assert (expected, 1) == (result.outcome, len(sink.requests))


async def test_an_endpoint_that_never_answers_leaves_the_outcome_unknown() -> None:
    async with a_webhook_endpoint(HANG) as sink:
        result = await a_sender(sink, timeout_seconds=1.0).send(a_message(address=sink.url))

    assert Outcome.UNKNOWN == result.outcome


async def test_an_endpoint_that_is_not_there_is_tried_again() -> None:
    async with a_webhook_endpoint() as sink:
        pass

    result = await a_sender(sink).send(a_message(address=sink.url))

    assert Outcome.RETRY == result.outcome


@pytest.mark.parametrize(
    "url",
    ["https://169.254.169.254/latest/meta-data", "http://127.0.0.1:22/", "https://10.0.0.1/"],
)
async def test_S21_an_internal_address_that_nobody_named_is_dead(url: str) -> None:
    result = await a_sender().send(a_message(address=url))

    assert Outcome.DEAD == result.outcome


NOW = datetime(2026, 6, 1, 10, 0, 5, tzinfo=UTC)


@pytest.mark.parametrize(
    ("header", "expected"),
    [
        ("30", timedelta(seconds=30)),
        ("0", timedelta(seconds=1)),
        ("Mon, 01 Jun 2026 10:01:05 GMT", timedelta(minutes=1)),
        ("Mon, 01 Jun 2026 09:00:00 GMT", timedelta(seconds=1)),
        ("99999999999999999999", None),
        ("soon", None),
        ("-5", None),
    ],
)
async def test_an_endpoint_may_say_when_to_come_back(
    header: str, expected: timedelta | None
) -> None:
    async with a_webhook_endpoint(answer(429, retry_after=header)) as sink:
        result = await a_sender(sink).send(a_message(address=sink.url, now=NOW))

    assert expected == result.retry_after
