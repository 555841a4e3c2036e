"""Slack, against a workspace that checks tokens, blocks and one message a second."""

from dataclasses import replace
from datetime import timedelta

import pytest
from pydantic import SecretStr

from services.notifier.domain.delivery import Outcome, Result
from services.notifier.senders.settings import SlackSettings
from services.notifier.senders.slack import SlackSender
from services.notifier.senders.slack_blocks import blocks_of
from shared.http.egress import Egress
from tests.support.messages import a_message
from tests.support.providers import Slack, said
from tests.support.sinks import HANG, RESET, HookSink, a_webhook_endpoint, answer

ROOM = "C0123ABCD"


def a_sender(sink: HookSink, *, token: str | None = "xoxb-test") -> SlackSender:
    settings = SlackSettings(
        bot_token=SecretStr(token) if token else None,
        signing_secret=SecretStr("signing secret"),
        api_url=f"http://127.0.0.1:{sink.port}/api",
        timeout_seconds=2.0,
    )
    return SlackSender(settings, Egress(sink.allowed))


async def sent(
    *answers: bytes,
    slack: Slack | None = None,
    address: str = ROOM,
    token: str | None = "xoxb-test",
) -> Result:
    """What came of one message to `address`; `hook` is the endpoint as an incoming webhook."""
    async with a_webhook_endpoint(*answers, says=slack or Slack()) as sink:
        where = sink.url if address == "hook" else address
        return await a_sender(sink, token=token).send(a_message(address=where))


async def test_a_posted_message_is_known_by_its_room_and_instant() -> None:
    slack = Slack()

    result = await sent(slack=slack)

    assert Result(Outcome.SENT, "http 200", reference=f"{ROOM}:1767.0001") == result
    assert [ROOM] == [post["channel"] for post in slack.posts]


async def test_an_incoming_webhook_says_ok_and_gives_no_id() -> None:
    assert Result(Outcome.SENT, "http 200") == await sent(address="hook", token=None)


@pytest.mark.parametrize(
    ("error", "expected"),
    [
        ("channel_not_found", Outcome.DEAD),
        ("is_archived", Outcome.DEAD),
        ("token_revoked", Outcome.DEAD),
        ("ratelimited", Outcome.RETRY),
        ("service_unavailable", Outcome.RETRY),
        ("fatal_error", Outcome.UNKNOWN),
        ("internal_error", Outcome.UNKNOWN),
    ],
)
async def test_D2_a_no_inside_a_200_is_read(error: str, expected: Outcome) -> None:
    assert Result(expected, error) == await sent(slack=Slack(errors={ROOM: error}))


@pytest.mark.parametrize(
    ("answered", "expected"),
    [
        (answer(200, b"<html>a proxy's page</html>"), Outcome.UNKNOWN),
        (answer(302, location="http://127.0.0.1:1/"), Outcome.DEAD),
        (answer(404, b"no_service"), Outcome.DEAD),
        (answer(410, b"channel_is_archived"), Outcome.DEAD),
        (answer(500), Outcome.UNKNOWN),
        (answer(503), Outcome.RETRY),
        (HANG, Outcome.UNKNOWN),
        (RESET, Outcome.UNKNOWN),
    ],
)
@pytest.mark.parametrize("address", [ROOM, "hook"])
async def test_D2_what_slack_says_decides_the_outcome(
    address: str, answered: bytes, expected: Outcome
) -> None:
    assert expected == (await sent(answered, address=address)).outcome


async def test_D2_a_second_message_within_a_second_waits_as_long_as_slack_asks() -> None:
    async with a_webhook_endpoint(says=Slack(clock=lambda: 0.0)) as sink:
        sender = a_sender(sink)
        results = [await sender.send(a_message(address=ROOM)) for _ in range(2)]

    assert [Outcome.SENT, Outcome.RETRY] == [result.outcome for result in results]
    assert timedelta(seconds=1) == results[1].retry_after


async def test_a_wrong_token_is_final() -> None:
    assert Result(Outcome.DEAD, "invalid_auth") == await sent(token="xoxb-other")


@pytest.mark.parametrize(
    ("address", "token"), [("general", "xoxb-test"), ("", "xoxb-test"), (ROOM, None)]
)
async def test_what_cannot_be_addressed_is_not_sent(address: str, token: str | None) -> None:
    async with a_webhook_endpoint() as sink:
        result = await a_sender(sink, token=token).send(a_message(address=address))

    assert (Outcome.DEAD, []) == (result.outcome, sink.requests)


async def test_an_error_slack_may_invent_tomorrow_is_final() -> None:
    tomorrow = said(200, {"ok": False, "error": "something_new"})

    assert Result(Outcome.DEAD, "something_new") == await sent(tomorrow)


@pytest.mark.parametrize(
    ("language", "captions"),
    [
        ("en", ["Acknowledge", "I take it", "Snooze", "Escalate"]),
        ("de", ["Bestätigen", "Ich übernehme", "Später", "Eskalieren"]),
        ("fr", ["Confirmer", "Je m'en charge", "Plus tard", "Escalader"]),
        ("es", ["Confirmar", "Me encargo", "Más tarde", "Escalar"]),
        ("it", ["Acknowledge", "I take it", "Snooze", "Escalate"]),
    ],
)
def test_buttons_speak_the_readers_language_and_mean_the_same(
    language: str, captions: list[str]
) -> None:
    message = replace(a_message(address=ROOM), language=language)
    buttons = blocks_of(message, token="token")[-1]["elements"]

    assert [button["text"]["text"] for button in buttons] == captions
    assert [button["action_id"] for button in buttons] == [
        "acknowledge",
        "take",
        "snooze",
        "escalate",
    ]
