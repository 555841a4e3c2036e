"""Telegram: the token, private chats and groups, and what is no message."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest
from starlette.datastructures import Headers

from services.intake.channels import Call, SecretError, SignatureError, Source
from services.intake.channels.telegram import telegram
from services.intake.domain.commands import Contact
from tests.support.chats import encoded, telegram_update
from tests.support.signing import SIGNINGS, TOKENS

NOW = datetime(2026, 6, 1, 10, 0, tzinfo=UTC)
SIGNING = SIGNINGS["telegram"]
CHANNEL = telegram(SIGNING.source)


def heard(update: object) -> Contact | None:
    """What the one member of a call says."""
    [member] = CHANNEL.members(Call("POST", Headers({}), encoded(update)))
    parsed = CHANNEL.parse(member.raw)
    assert parsed.unreadable == ()
    contacts = [command for _, command in parsed.commands]
    assert len(contacts) <= 1
    return contacts[0] if contacts and isinstance(contacts[0], Contact) else None


def contact(**fields: Any) -> Contact:
    said = heard(telegram_update(**fields))
    assert said is not None
    return said


@pytest.mark.parametrize("secret", TOKENS)
def test_S04_both_tokens_are_in_force(secret: str) -> None:
    CHANNEL.verify(SIGNING.call(NOW, secret=secret), NOW)


@pytest.mark.parametrize("offered", ["", "another_token_of_22_letters", f"{TOKENS[0]}1", "\u00e4"])
def test_another_token_is_refused(offered: str) -> None:
    headers = {"x-telegram-bot-api-secret-token": offered}

    with pytest.raises(SignatureError):
        CHANNEL.verify(Call("POST", Headers(headers), b"{}"), NOW)


def test_S07_a_short_token_protects_nothing() -> None:
    with pytest.raises(SecretError, match="22 to 256"):
        telegram(Source("telegram", ("telegram-secret",)))


def test_a_message_is_a_contact_in_the_session_of_its_chat() -> None:
    said = contact()

    assert (said.session, said.also, said.external_id) == (True, ("chat:77",), None)
    assert said.customer.addresses == ("source:77",)
    assert said.customer.contact == {"name": "Ana Ruiz"}
    assert (said.subject, said.channel) == ("My card was charged twice", "chat")
    assert said.occurred_at == NOW
    assert not said.automatic


def test_a_group_is_one_session_of_several_people() -> None:
    first = contact(chat={"id": -100, "type": "group"})
    second = contact(chat={"id": -100, "type": "group"}, **{"from": {"id": 78}})

    assert first.also == second.also == ("chat:-100",)
    assert second.customer.addresses == ("source:78",)


def test_the_update_id_tells_a_repeat() -> None:
    [member] = CHANNEL.members(Call("POST", Headers({}), encoded(telegram_update(41))))

    assert member.key == "41"


@pytest.mark.parametrize(
    "fields",
    [
        {"from": {"id": 5, "is_bot": True}},
        {"is_automatic_forward": True},
        {"text": "/start"},
        {"text": "/start from_the_shop"},
    ],
)
def test_D5_what_no_person_wrote_is_automatic(fields: dict[str, Any]) -> None:
    assert contact(**fields).automatic


def test_other_orders_to_the_bot_are_a_persons_words() -> None:
    assert not contact(text="/help me").automatic


@pytest.mark.parametrize(
    ("fields", "body"),
    [
        ({"caption": "See here", "document": {"file_id": "1"}}, "See here"),
        ({"location": {"latitude": 52.5, "longitude": 13.4}}, "Location: 52.5, 13.4"),
        (
            {
                "location": {"latitude": 52.5, "longitude": 13.4},
                "venue": {"title": "Office", "address": "A 1"},
            },
            "Location: 52.5, 13.4 (Office, A 1)",
        ),
        ({"contact": {"first_name": "Bo", "phone_number": "+49 1"}}, "Contact: Bo +49 1"),
        ({"poll": {"question": "Which one?"}}, "Which one?"),
    ],
)
def test_everything_a_customer_can_say_is_said_in_words(fields: dict[str, Any], body: str) -> None:
    assert contact(text=None, **fields).body == body


def test_files_are_noted_and_not_fetched() -> None:
    file = {"file_name": "bill.pdf", "mime_type": "application/pdf", "file_size": 12}
    photo = [{"file_size": 1}, {"file_size": 2}]

    files = contact(text=None, document=file, photo=photo).attachments

    assert [(one.name, one.size, one.refused) for one in files] == [
        ("bill.pdf", 12, "not fetched"),
        ("photo", 2, "not fetched"),
    ]


@pytest.mark.parametrize(
    "update",
    [
        {"update_id": 1, "edited_message": telegram_update()["message"]},
        {"update_id": 1, "channel_post": {}},
        {"update_id": 1, "of next year": {}},
        telegram_update(text=None, new_chat_members=[{"id": 5}]),
    ],
)
def test_what_is_no_new_message_means_nothing(update: object) -> None:
    assert heard(update) is None


@pytest.mark.parametrize(
    ("update", "told"),
    [
        (b"not json", "malformed"),
        ({}, "no id in update_id"),
        ({"update_id": 1, "message": "hi"}, "no id in chat.id"),
        (telegram_update(1, **{"from": None}), "no id in from.id"),
        (telegram_update(1, **{"from": {"id": 1, "is_bot": "no"}}), "is_bot"),
    ],
)
def test_what_cannot_be_understood_is_kept(update: object, told: str) -> None:
    [member] = CHANNEL.members(Call("POST", Headers({}), encoded(update)))
    [part] = CHANNEL.parse(member.raw).unreadable

    assert told in part.detail
