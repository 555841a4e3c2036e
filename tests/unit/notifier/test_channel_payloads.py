"""What every channel is sent for one hostile ticket, letter by letter, and held against its limits.

The files in `golden` are the payloads as they leave.
"""

import json
from dataclasses import replace
from pathlib import Path
from typing import Any, Final
from urllib.parse import parse_qs
from uuid import UUID

import pytest
from pydantic import SecretStr

from services.notifier.domain.message import POSSIBLE_REPEAT, Line, Message
from services.notifier.domain.plan import target_of
from services.notifier.senders import apprise, pagerduty, slack, sms, teams
from services.notifier.senders.request import Request
from services.notifier.senders.settings import PagerDutySettings, SlackSettings, SmsSettings
from services.notifier.senders.texting import parts
from tests.support.builders import TICKET
from tests.support.messages import a_message
from tests.support.providers import block_complaints, card_complaints, event_complaints

GOLDEN: Final = Path(__file__).parent / "golden"

HOSTILE: Final = (
    "<!channel> @here <@U0123ABCD> <#C0123ABCD> *b* [click](https://evil.example) & "
    "<https://evil.example|Slack> {{DATE(2026-01-01T00:00:00Z)}} =?utf-8?q?x?= \r\nBcc: you\x00"
    "\u202egnp.exe\u200b “Grüße” 漢字 😀"
)

SLACK: Final = SlackSettings(
    bot_token=SecretStr("xoxb-test"), signing_secret=SecretStr("signing secret")
)
PAGERDUTY: Final = PagerDutySettings(routing_key=SecretStr("0123456789abcdef" * 2))
SMS: Final = SmsSettings(
    account_sid="AC" + "0" * 32, auth_token=SecretStr("secret"), sender="+4930123456"
)


def hostile(**changes: Any) -> Message:
    """The page about a ticket whose subject is all of that, sent a second time."""
    made = a_message(subject_line=HOSTILE, category=HOSTILE, unknowns=1)
    marked = f"{made.subject} {POSSIBLE_REPEAT}"  # as the deliverer marks it
    return replace(made, subject=marked, **changes)


def bundle(count: int) -> Message:
    """So many such matters in one message."""
    lines = tuple(
        Line(notification_id=UUID(int=n), ticket_id=TICKET, subject=f"#{n} {HOSTILE}")
        for n in range(count)
    )
    return hostile(lines=lines, acknowledge_link=None, links=())


def slack_payload(message: Message, address: str = "C0123ABCD") -> dict[str, Any]:
    return _json(slack.render(replace(message, address=address), SLACK))


def teams_payload(message: Message) -> dict[str, Any]:
    return _json(teams.render(message))


def pagerduty_payload(message: Message) -> dict[str, Any]:
    return _json(pagerduty.render(replace(message, address=""), PAGERDUTY))


def sms_payload(message: Message) -> dict[str, Any]:
    request = sms.render(replace(message, address="+4915112345678"), SMS)
    return {name: values[0] for name, values in parse_qs(request.content.decode()).items()}


def apprise_payload(message: Message) -> dict[str, Any]:
    title, body = apprise.render(message)
    return {"title": title, "body": body}


def _json(request: object) -> dict[str, Any]:
    assert isinstance(request, Request)
    payload: dict[str, Any] = json.loads(request.content)
    return payload


CASES: Final = {
    "slack_page": lambda: slack_payload(hostile()),
    "slack_webhook": lambda: slack_payload(hostile(), "https://hooks.slack.com/services/T/B/x"),
    "slack_bundle": lambda: slack_payload(bundle(3)),
    "teams_page": lambda: teams_payload(hostile()),
    "teams_bundle": lambda: teams_payload(bundle(3)),
    "pagerduty_page": lambda: pagerduty_payload(hostile()),
    "pagerduty_bundle": lambda: pagerduty_payload(bundle(3)),
    "sms_page": lambda: sms_payload(hostile()),
    "sms_bundle": lambda: sms_payload(bundle(3)),
    "apprise_page": lambda: apprise_payload(hostile()),
}


@pytest.mark.parametrize("name", CASES)
def test_S24_a_hostile_subject_is_words_on_every_channel(name: str) -> None:
    expected = json.loads((GOLDEN / f"{name}.json").read_text("utf-8"))

    assert expected == CASES[name]()


@pytest.mark.parametrize("message", [hostile(), bundle(1), bundle(60), bundle(2_000)])
def test_slack_takes_every_message(message: Message) -> None:
    payload = slack_payload(message)

    assert [] == block_complaints(payload["blocks"])
    assert len(payload["text"]) <= 3_000


@pytest.mark.parametrize("message", [hostile(), bundle(1), bundle(60), bundle(2_000)])
def test_teams_takes_every_message(message: Message) -> None:
    assert [] == card_complaints(teams.render(message).content)


@pytest.mark.parametrize("message", [hostile(), bundle(1), bundle(60), bundle(2_000)])
def test_pagerduty_takes_every_message(message: Message) -> None:
    assert [] == event_complaints(json.dumps(pagerduty_payload(message)).encode())


@pytest.mark.parametrize("message", [a_message(), hostile(), bundle(1), bundle(2_000)])
def test_a_text_has_three_parts_at_most(message: Message) -> None:
    assert parts(sms.text_of(message)) <= 3


def test_what_does_not_fit_is_counted() -> None:
    last_section = [b for b in slack_payload(bundle(2_000))["blocks"] if b["type"] == "section"][-1]
    last_line = teams_payload(bundle(2_000))["attachments"][0]["content"]["body"][-2]

    assert last_section["text"]["text"].startswith("… and ")
    assert last_line["inlines"][0]["text"].startswith("… and ")


def test_S24_only_our_own_link_can_be_clicked_in_slack() -> None:
    said = json.dumps(slack_payload(hostile())["blocks"])

    assert "<https://support.acme.example/a/" in said
    assert "<https://evil" not in said
    assert "<!" not in said
    assert "<@" not in said
    assert "@here" not in said


def test_S24_no_text_of_a_card_is_markdown() -> None:
    body = teams_payload(hostile())["attachments"][0]["content"]["body"]

    assert {"RichTextBlock"} == {block["type"] for block in body}
    assert "{{" not in json.dumps(body)


def test_a_text_has_one_link_and_it_is_ours() -> None:
    text = sms.text_of(hostile())

    assert 1 == text.count("http")
    assert text.endswith(str(hostile().acknowledge_link))


def test_S47_buttons_carry_the_token_and_nothing_of_the_ticket() -> None:
    actions = slack_payload(hostile())["blocks"][-1]
    values = {button["value"] for button in actions["elements"]}

    assert {str(hostile().acknowledge_link).rpartition("/")[2]} == values
    assert ["acknowledge", "take", "snooze", "escalate"] == [
        button["action_id"] for button in actions["elements"]
    ]


@pytest.mark.parametrize(
    ("address", "settings"),
    [
        ("https://hooks.slack.com/services/T/B/x", SLACK),
        ("C0123ABCD", SlackSettings(bot_token=SecretStr("xoxb-test"))),
    ],
)
def test_S48_there_are_no_buttons_that_could_not_be_proven(
    address: str, settings: SlackSettings
) -> None:
    payload = _json(slack.render(replace(a_message(), address=address), settings))

    assert "actions" not in [block["type"] for block in payload["blocks"]]


@pytest.mark.parametrize("payload", [slack_payload(hostile()), teams_payload(hostile())])
def test_D2_a_possible_repeat_is_marked_once(payload: dict[str, Any]) -> None:
    content = payload.get("blocks") or payload["attachments"]

    assert 1 == json.dumps(content).count(POSSIBLE_REPEAT)


@pytest.mark.parametrize(
    ("channel", "address", "expected"),
    [
        ("webhook", "https://Hooks.Example:8443/secret", "webhook:hooks.example:8443"),
        ("sms", "+4915112345678", "sms"),
        ("email", "ana@acme.example", "email"),
        ("apprise", "ops-room", "apprise:ops-room"),
    ],
)
def test_a_target_is_what_has_to_be_reached(channel: str, address: str, expected: str) -> None:
    assert expected == target_of(channel, address)


@pytest.mark.parametrize("channel", ["slack", "teams", "pagerduty"])
def test_S47_a_target_names_neither_a_secret_url_nor_a_person(channel: str) -> None:
    one, other = "https://example.com/secret/1", "https://example.com/secret/2"

    assert len({target_of(channel, one), target_of(channel, other)}) == 2
    assert "secret" not in target_of(channel, one)
