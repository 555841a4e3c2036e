"""WhatsApp: the handshake, messages of several people in one call, and what customers can send."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from starlette.datastructures import Headers, QueryParams

from services.intake.channels import Call, SecretError, SignatureError, Source
from services.intake.channels.whatsapp import MOST_MESSAGES, whatsapp
from services.intake.domain.commands import Contact
from tests.support.chats import encoded, whatsapp_call, whatsapp_message
from tests.support.signing import SIGNINGS

CHANNEL = whatsapp(SIGNINGS["whatsapp"].source)
PAYLOADS = Path(__file__).parents[5] / "shared" / "data" / "webhook_payloads"


def call(body: object) -> Call:
    return Call("POST", Headers({}), encoded(body))


def greeted(query: str, method: str = "GET") -> bytes | None:
    greeting = CHANNEL.greet(Call(method, Headers({}), query=QueryParams(query)))
    return greeting.content if greeting else None


def heard(body: object) -> list[Contact]:
    """What all members of a call say."""
    parsed = [CHANNEL.parse(member.raw) for member in CHANNEL.members(call(body))]
    assert [one.unreadable for one in parsed] == [()] * len(parsed)
    commands = [command for one in parsed for _, command in one.commands]
    return [command for command in commands if isinstance(command, Contact)]


def contact(**fields: Any) -> Contact:
    [said] = heard(whatsapp_call(whatsapp_message(**fields)))
    return said


def unread(body: object) -> list[str]:
    """What is wrong with the members of a call that cannot be read."""
    parsed = [CHANNEL.parse(member.raw) for member in CHANNEL.members(call(body))]
    return [part.detail for one in parsed for part in one.unreadable]


def test_the_handshake_gives_the_challenge_back_for_the_right_word() -> None:
    assert greeted("hub.mode=subscribe&hub.challenge=1158201444&hub.verify_token=a+word") == (
        b"1158201444"
    )


@pytest.mark.parametrize(
    "query",
    [
        "hub.mode=subscribe&hub.challenge=1&hub.verify_token=another",
        "hub.mode=subscribe&hub.challenge=1&hub.verify_token=",
        "hub.mode=subscribe&hub.challenge=1",
        "hub.mode=subscribe&hub.challenge=1&hub.verify_token=w%C3%B6rd",
        "hub.mode=subscribe&hub.verify_token=a+word&hub.verify_token=a+word",
        "hub.mode=unsubscribe&hub.challenge=1&hub.verify_token=a+word",
        "hub.challenge=1&hub.verify_token=a+word",
    ],
)
def test_any_other_handshake_is_refused(query: str) -> None:
    with pytest.raises(SignatureError, match="handshake"):
        greeted(query)


def test_what_is_no_handshake_is_not_greeted() -> None:
    assert greeted("") is None
    assert greeted("hub.mode=subscribe&hub.challenge=1&hub.verify_token=another", "POST") is None


def test_without_the_word_of_the_handshake_there_is_no_source() -> None:
    with pytest.raises(SecretError) as refused:
        whatsapp(Source("whatsapp", ("app-secret",)))

    assert refused.value.setting == "VERIFY_TOKEN"


def test_a_message_is_a_contact_in_the_session_of_its_writer() -> None:
    said = contact()

    assert (said.session, said.also) == (True, ("whatsapp:4915112345678",))
    assert said.customer.contact == {"name": "Ana Ruiz", "phone": "+4915112345678"}
    assert (said.subject, said.body, said.channel) == (
        "Where is my parcel?",
        "Where is my parcel?",
        "chat",
    )
    assert said.occurred_at == datetime(2026, 6, 1, 10, 0, tzinfo=UTC)


def test_D9_a_telephone_number_is_no_reference_of_the_ticket() -> None:
    assert contact().external_id is None


def test_who_shows_no_number_is_known_by_the_id_that_meta_gives() -> None:
    hidden = {**whatsapp_message(from_user_id="DE.1"), "from": None}
    [said] = heard(
        whatsapp_call(hidden, contacts=[{"profile": {"name": "Ana"}, "user_id": "DE.1"}])
    )

    assert said.also == ("whatsapp:DE.1",)
    assert said.customer.addresses == ("source:DE.1",)
    assert said.customer.contact == {"name": "Ana"}


def test_a_session_goes_on_when_its_writer_hides_the_number() -> None:
    assert contact(from_user_id="DE.1").also == ("whatsapp:4915112345678", "whatsapp:DE.1")


def test_every_message_is_a_member_known_by_its_id() -> None:
    body = whatsapp_call(whatsapp_message(), whatsapp_message(id="wamid.2"))

    assert [member.key for member in CHANNEL.members(call(body))] == ["wamid.1", "wamid.2"]


def test_a_member_is_the_same_whatever_it_comes_with() -> None:
    """Meta may put a message it sends again into another call."""
    alone = CHANNEL.members(call(whatsapp_call(whatsapp_message())))
    among = CHANNEL.members(call(whatsapp_call(whatsapp_message(id="wamid.0"), whatsapp_message())))

    assert alone[0] == among[1]


def test_the_writers_of_a_call_are_told_apart() -> None:
    writers = [
        {"profile": {"name": name}, "wa_id": number}
        for name, number in (("Ana", "4911111111"), ("Bo", "4922222222"))
    ]
    messages = [
        whatsapp_message(**{"from": number, "id": number}) for number in ("4922222222", "33333333")
    ]

    said = heard(whatsapp_call(*messages, contacts=writers))

    assert [one.customer.contact for one in said] == [
        {"name": "Bo", "phone": "+4922222222"},
        {"phone": "+33333333"},
    ]


@pytest.mark.parametrize(
    ("fields", "body"),
    [
        ({"type": "button", "button": {"text": "Yes", "payload": "y"}}, "Yes"),
        (
            {"type": "interactive", "interactive": {"button_reply": {"id": "1", "title": "No"}}},
            "No",
        ),
        (
            {
                "type": "interactive",
                "interactive": {"list_reply": {"title": "Refund", "description": "of an order"}},
            },
            "Refund\nof an order",
        ),
        (
            {"type": "interactive", "interactive": {"nfm_reply": {"response_json": '{"a": 1}'}}},
            '{"a": 1}',
        ),
        (
            {"type": "location", "location": {"latitude": 52.5, "longitude": 13, "name": "Office"}},
            "Location: 52.5, 13 (Office)",
        ),
        (
            {
                "type": "contacts",
                "contacts": [
                    {"name": {"formatted_name": "Bo"}, "phones": [{"phone": "+49 1"}]},
                    {"name": {"formatted_name": "Cy"}},
                ],
            },
            "Contact: Bo +49 1\nContact: Cy",
        ),
        ({"type": "order", "order": {"text": "As agreed"}}, "As agreed"),
        ({"type": "order", "order": {"product_items": []}}, "(An order from the catalogue.)"),
        (
            {"type": "unsupported", "unsupported": {"type": "poll_creation"}},
            "(A message of a kind that WhatsApp does not pass on.)",
        ),
    ],
)
def test_everything_a_customer_can_say_is_said_in_words(fields: dict[str, Any], body: str) -> None:
    assert contact(**{"text": None, **fields}).body == body


@pytest.mark.parametrize(
    ("kind", "name"), [("image", "image"), ("document", "bill.pdf"), ("audio", "audio")]
)
def test_files_are_noted_and_not_fetched(kind: str, name: str) -> None:
    file = {"id": "1", "mime_type": "application/pdf", "caption": "The bill"}
    said = contact(type=kind, **{kind: file | ({"filename": name} if name != kind else {})})

    [kept] = said.attachments
    assert said.body == "The bill"
    assert (kept.name, kept.content_type, kept.refused) == (name, "application/pdf", "not fetched")


@pytest.mark.parametrize(
    "fields",
    [
        {"type": "reaction", "reaction": {"emoji": "x"}},
        {"type": "system", "system": {"body": "a new number"}},
        {"type": "unsupported", "unsupported": {"type": "edit"}},
        {"type": "of next year"},
    ],
)
def test_what_is_no_message_means_nothing(fields: dict[str, Any]) -> None:
    assert heard(whatsapp_call(whatsapp_message(**fields))) == []


def other(**changed: Any) -> dict[str, Any]:
    return {"object": "whatsapp_business_account", "entry": [{"changes": [changed]}]}


@pytest.mark.parametrize(
    "body",
    [
        whatsapp_call(statuses=[{"id": "wamid.1", "status": "read"}]),
        other(field="account_update", value=7),
        {"object": "whatsapp_business_account", "entry": []},
        {"object": "page", "entry": [{"messaging": []}]},
    ],
)
def test_everything_else_has_no_member(body: object) -> None:
    assert list(CHANNEL.members(call(body))) == []


def test_F58_a_bad_message_spoils_no_good_one() -> None:
    body = whatsapp_call(
        "rubbish", whatsapp_message(), whatsapp_message(id=None), {"id": "wamid.3"}
    )
    body["entry"] += [7, {"changes": [None, {"field": "messages", "value": {"messages": "none"}}]}]

    members = CHANNEL.members(call(body))
    parsed = [CHANNEL.parse(member.raw) for member in members]

    assert [len(one.commands) for one in parsed] == [0, 1, 0, 0, 0, 0, 0]
    assert [len(one.unreadable) for one in parsed] == [1, 0, 1, 1, 1, 1, 1]
    assert len({member.key for member in members}) == len(members)


@pytest.mark.parametrize(
    ("body", "told"),
    [
        (b"not json", "malformed"),
        (b"[]", "no message"),
        ({"object": "whatsapp_business_account", "entry": 7}, "no message"),
        (whatsapp_call(whatsapp_message(id=None)), "no id in id"),
        (whatsapp_call(whatsapp_message(type=None)), "no id in type"),
        (whatsapp_call(whatsapp_message(text={})), "says nothing"),
        (whatsapp_call(whatsapp_message(type="image", image=7)), "says nothing"),
        (whatsapp_call({**whatsapp_message(), "from": "12"}), "nobody wrote this"),
    ],
)
def test_what_cannot_be_understood_is_kept(body: object, told: str) -> None:
    [detail] = unread(body)

    assert told in detail


def test_a_thousand_messages_are_read_and_more_are_kept_unread() -> None:
    many = [whatsapp_message(id=f"wamid.{n}") for n in range(MOST_MESSAGES + 1)]

    assert len(heard(whatsapp_call(*many[1:]))) == MOST_MESSAGES
    assert len(unread(whatsapp_call(*many))) == 1


def test_a_NUL_is_dropped() -> None:
    assert contact(text={"body": "a\0b"}).body == "ab"


@pytest.mark.skipif(not PAYLOADS.is_dir(), reason="the data folder is not beside the checkout")
def test_the_samples_say_what_they_seem_to() -> None:
    said = heard(json.loads((PAYLOADS / "whatsapp_text_shape.json").read_text()))
    told = heard(json.loads((PAYLOADS / "whatsapp_status_shape.json").read_text()))

    assert [one.body for one in said] == ["Hi"]
    assert told == []
