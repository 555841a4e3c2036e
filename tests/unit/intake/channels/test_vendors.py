"""What Zendesk, Freshdesk, Intercom, HubSpot and GitHub tell, as commands: one case a thing they tell.

The cases are the files in `golden`: a body, and the commands it stands for.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from copy import deepcopy
from pathlib import Path
from typing import Any, Final

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st
from starlette.datastructures import Headers

from services.intake.channels import CHANNELS, Call, Channel, Member, Parsed, Source
from services.intake.domain.commands import AddMessage, OpenTicket, SetStatus
from tests.support.signing import SIGNINGS, TOKENS, URL

NAMES: Final = ("zendesk", "freshdesk", "intercom", "hubspot", "github")
GOLDEN: Final = Path(__file__).parent / "golden"
SAMPLES: Final = Path(__file__).parents[5] / "shared" / "data" / "webhook_payloads"

Case = Mapping[str, Any]

CASES: Final[list[tuple[str, Case]]] = [
    (name, case) for name in NAMES for case in json.loads((GOLDEN / f"{name}.json").read_text())
]

VENDORS: Final = {name: CHANNELS[name](SIGNINGS[name].source) for name in NAMES}


def vendor(name: str) -> Channel:
    return VENDORS[name]


def members(name: str, raw: bytes, **headers: str) -> list[Member]:
    named = {key.replace("_", "-"): value for key, value in headers.items()}
    return list(vendor(name).members(Call("POST", Headers(named), raw)))


def parsed(name: str, body: object) -> Parsed:
    return vendor(name).parse(json.dumps(body).encode())


@pytest.mark.parametrize(
    ("name", "case"), CASES, ids=[f"{name}: {case['what']}" for name, case in CASES]
)
def test_what_a_provider_tells_is_these_commands(name: str, case: Case) -> None:
    read = parsed(name, case["body"])

    assert read.unreadable == ()
    assert json.loads(msgspec.json.encode([c for _, c in read.commands])) == case["commands"]
    assert [ordinal for ordinal, _ in read.commands] == list(range(len(read.commands)))


@pytest.mark.parametrize(
    ("name", "case"), CASES, ids=[f"{name}: {case['what']}" for name, case in CASES]
)
def test_a_field_nobody_knows_yet_changes_nothing(name: str, case: Case) -> None:
    body = {**case["body"], "a field of next year": {"deep": [1, 2]}}

    assert parsed(name, body) == parsed(name, case["body"])


def unreadable() -> Iterator[tuple[str, object, str]]:
    created = "zen:event-type:ticket.created"
    yield "zendesk", {"type": created, "detail": {}}, "no id in detail.id"
    yield "zendesk", {"type": created, "detail": {"id": "1", "priority": "HUGE"}}, "no priority"
    changed = {"type": "zen:event-type:ticket.status_changed", "detail": {"id": "1"}}
    yield "zendesk", {**changed, "event": {"current": "LIMBO"}}, "no status 'limbo'"
    yield "zendesk", {**changed, "event": {}}, "no status"
    yield "zendesk", {"type": "zen:event-type:ticket.comment_added", "event": None}, "no comment"
    yield "zendesk", {"ticket_id": "1"}, "no event"
    yield "zendesk", [], "no event"
    yield "freshdesk", {"event": "ticket_created"}, "no id in ticket_id"
    yield "freshdesk", {"event": "comment_added", "ticket_id": 1, "comment": None}, "no comment"
    yield "freshdesk", {"event": "status_changed", "ticket_id": 1}, "no status"
    yield "freshdesk", {"event": "rated", "ticket_id": 1, "rating": "purple"}, "no rating 'purple'"
    yield "freshdesk", {"event": "rated", "ticket_id": 1, "rating": []}, "no rating"
    yield "freshdesk", {"ticket": {"subject": "?"}}, "no id in ticket.id"
    yield "intercom", {"id": "n"}, "no topic"
    yield "intercom", {"topic": "conversation.user.created"}, "no first message"
    yield "intercom", {"topic": "conversation.user.replied", "data": 7}, "no reply"
    yield "intercom", {"topic": "conversation.admin.closed", "data": None}, "no id in data.item.id"
    yield "intercom", {"topic": "conversation.rating.added"}, "no rating"
    yield "hubspot", {"eventId": 1}, "no subscriptionType"
    yield "hubspot", {"subscriptionType": "ticket.creation", "objectId": None}, "no id in objectId"
    yield "hubspot", "text", "no subscriptionType"
    yield "github", [], "no event"
    yield "github", {"action": "opened", "issue": {"number": 1}}, "no id in repository.full_name"
    yield "github", {"action": "created", "issue": {}, "comment": {}}, "no comment"


@pytest.mark.parametrize(("name", "body", "told"), list(unreadable()))
def test_D1_what_should_be_understood_and_is_not_is_kept_with_what_is_wrong(
    name: str, body: object, told: str
) -> None:
    read = parsed(name, body)

    assert read.commands == ()
    [part] = read.unreadable
    assert told in part.detail
    assert json.loads(part.raw) == body


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("raw", [b"", b"{", b"\xff\xfe", b"[" * 100_000, b'{"a":' * 100_000])
def test_D1_what_is_no_json_is_one_member_and_kept(name: str, raw: bytes) -> None:
    [member] = members(name, raw)

    assert len(member.key) == 64
    [part] = vendor(name).parse(member.raw).unreadable
    assert part.raw == raw


_JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=5,
)


def paths(value: Any, before: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    steps = value.items() if isinstance(value, dict) else enumerate(value)
    for step, inner in steps:
        yield (*before, step)
        if isinstance(inner, dict | list):
            yield from paths(inner, (*before, step))


@given(st.sampled_from(CASES), _JSON, st.data())
def test_whatever_stands_in_a_field_is_read_or_kept(
    case: tuple[str, Case], value: object, data: st.DataObject
) -> None:
    name, body = case[0], deepcopy(case[1]["body"])
    *way, last = data.draw(st.sampled_from(list(paths(body))))
    inner = body
    for step in way:
        inner = inner[step]
    inner[last] = value
    raw = json.dumps(body).encode()

    for member in members(name, raw):
        assert len(member.key) <= 1100
        read = vendor(name).parse(member.raw)
        assert len(read.unreadable) <= 1
        assert not (read.unreadable and read.commands)


@given(
    st.sampled_from(NAMES), st.binary(max_size=200) | _JSON.map(lambda v: json.dumps(v).encode())
)
def test_whatever_comes_nothing_breaks(name: str, raw: bytes) -> None:
    for member in members(name, raw):
        read = vendor(name).parse(member.raw)
        assert len(read.unreadable) <= 1


@pytest.mark.parametrize("what", ["the customer comments", "the user replies", "a bot comments"])
def test_a_NUL_is_dropped_and_the_words_around_it_are_kept(what: str) -> None:
    name, case = next((name, case) for name, case in CASES if case["what"] == what)
    words = case["commands"][0]["body"]
    raw = json.dumps(case["body"]).replace(words, f"{words}\\u0000!").encode()

    [(_, command)] = vendor(name).parse(raw).commands

    assert isinstance(command, AddMessage)
    assert command.body == f"{words}!"


def test_the_customers_addresses_are_the_sources() -> None:
    made = {name: CHANNELS[name](Source("eu-desk", TOKENS, URL)) for name in NAMES}
    opened = {
        name: made[name].parse(json.dumps(case["body"]).encode()).commands[0][1]
        for name, case in reversed(CASES)
        if case["commands"] and case["commands"][0]["command"] == "open"
    }

    for command in opened.values():
        assert isinstance(command, OpenTicket)
        assert command.customer.customer_id == ""
        assert (command.customer.addresses or ("",))[0].startswith("eu-desk:")


def sample(name: str) -> bytes:
    file = SAMPLES / name
    if not file.exists():
        pytest.skip("the data folder is absent")
    return file.read_bytes()


@pytest.mark.parametrize(
    ("name", "file", "external_id", "subject", "kinds"),
    [
        (
            "zendesk",
            "zendesk_ticket_created.json",
            "5158",
            "ticketinfo_2294a6e9ece2",
            ["open", "assignment"],
        ),
        (
            "freshdesk",
            "freshdesk_api_ticket_with_conversations.json",
            "2001",
            "Unable to finish checkout",
            ["open", "assignment", "message", "message", "message", "status"],
        ),
        (
            "intercom",
            "intercom_conversation_user_created.json",
            "123456789",
            "An important message",
            ["open"],
        ),
    ],
)
def test_real_bodies_open_the_right_tickets(
    name: str, file: str, external_id: str, subject: str, kinds: list[str]
) -> None:
    [member] = members(name, sample(file))

    commands = [command for _, command in vendor(name).parse(member.raw).commands]

    assert [msgspec.to_builtins(command)["command"] for command in commands] == kinds
    assert {command.external_id for command in commands} == {external_id}
    assert isinstance(commands[0], OpenTicket)
    assert commands[0].subject == subject


def test_a_real_change_of_hubspot_is_a_change_of_status() -> None:
    [member] = members("hubspot", sample("hubspot_ticket_property_change_shape.json"))

    [(_, command)] = vendor("hubspot").parse(member.raw).commands

    assert isinstance(command, SetStatus)
    assert (command.external_id, command.status) == ("329213149924", "pending")
