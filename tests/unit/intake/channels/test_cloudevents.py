"""CloudEvents: the three ways they come over HTTP, written by the specification's own library."""

from __future__ import annotations

import base64
import json
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

import pytest
from cloudevents.core.bindings.http import HTTPMessage, to_binary_event, to_structured_event
from cloudevents.core.v1.event import CloudEvent
from starlette.datastructures import Headers

from services.intake.channels import Call, Member
from services.intake.channels.cloudevents import TYPES, cloudevents
from services.intake.domain.commands import AnyCommand, OpenTicket, SetStatus
from tests.support.chats import encoded
from tests.support.intake import a_message, a_status, an_open
from tests.support.signing import SIGNINGS

NOW = datetime(2026, 6, 1, 10, 0, tzinfo=UTC)
SIGNING = SIGNINGS["cloudevents"]
CHANNEL = cloudevents(SIGNING.source)
BATCH = {"content-type": "application/cloudevents-batch+json"}


def event(command: Mapping[str, Any] | None = None, /, **attributes: Any) -> dict[str, Any]:
    """An event in one document."""
    data = dict(an_open() if command is None else command)
    return {
        "specversion": "1.0",
        "id": "e-1",
        "source": "/crm",
        "type": data.pop("type", "ticket.open"),
        "data": data,
        **attributes,
    }


def call(raw: object, headers: Mapping[str, str] | None = None) -> Call:
    """A call of the source with some headers more."""
    signed = SIGNING.call(NOW, body=encoded(raw))
    structured = {"content-type": "application/cloudevents+json"}
    sent = Call("POST", Headers({**signed.headers, **(headers or structured)}), signed.raw)
    CHANNEL.verify(sent, NOW)
    return sent


def written(message: HTTPMessage) -> Call:
    """A message of the library's, sent."""
    return call(message.body, message.headers)


def told(sent: Call) -> list[AnyCommand]:
    """The commands of all members of a call."""
    parsed = [CHANNEL.parse(member.raw) for member in CHANNEL.members(sent)]
    assert [one.unreadable for one in parsed] == [()] * len(parsed)
    return [command for one in parsed for _, command in one.commands]


def unread(sent: Call) -> list[str]:
    parsed = [CHANNEL.parse(member.raw) for member in CHANNEL.members(sent)]
    assert [one.commands for one in parsed] == [()] * len(parsed)
    return [part.detail for one in parsed for part in one.unreadable]


def of_library(data: dict[str, Any], **attributes: Any) -> CloudEvent:
    named = {"id": "e-1", "source": "/crm", "type": data["type"], "specversion": "1.0"}
    return CloudEvent(attributes={**named, **attributes}, data=data)


def test_the_types_are_those_of_the_generic_webhook() -> None:
    assert {"ticket.open", "ticket.message", "ticket.status"} <= TYPES


def test_what_the_library_writes_in_one_document_is_read() -> None:
    [command] = told(written(to_structured_event(of_library(an_open()))))

    assert isinstance(command, OpenTicket)
    assert (command.external_id, command.customer.customer_id) == ("4711", "customer-1")


def test_what_the_library_writes_in_headers_is_read() -> None:
    sent = written(
        to_binary_event(of_library(a_status("pending"), datacontenttype="application/json"))
    )

    [command] = told(sent)

    assert "ce-type" in sent.headers
    assert isinstance(command, SetStatus)
    assert command.external_id == "4711"


def test_id_and_source_tell_a_repeat() -> None:
    [member] = CHANNEL.members(call(event()))

    assert member.key == "/crm e-1"


def in_headers(data: Mapping[str, Any], **attributes: str) -> Call:
    named = {"specversion": "1.0", "id": "e-1", "source": "/crm", "type": str(data.get("type"))}
    headers = {f"ce-{name}": value for name, value in {**named, **attributes}.items()}
    return call(data, {**headers, "content-type": "application/json"})


def key(sent: Call) -> str:
    [member] = CHANNEL.members(sent)
    assert isinstance(member, Member)
    return member.key


def test_S01_headers_are_not_signed_and_make_no_new_delivery() -> None:
    """Who replays a call with another id in its headers repeats it."""
    assert key(in_headers(an_open())) == key(in_headers(an_open(), id="e-2", source="/x")) == "m-1"


def test_S01_headers_are_not_signed_and_make_no_other_command() -> None:
    open_ = an_open()
    del open_["type"]

    assert unread(in_headers(open_, type="ticket.open")) == unread(
        in_headers(a_message(), type="ticket.open")
    )


def test_attributes_in_headers_are_decoded() -> None:
    [member] = CHANNEL.members(in_headers(an_open(), source="/caf%C3%A9%20x"))

    assert json.loads(member.raw)["source"] == "/café x"


def test_the_time_of_the_event_counts_where_the_command_says_none() -> None:
    at = "2026-06-01T09:59:00Z"

    [said] = told(call(event(time=at)))
    [own] = told(call(event(an_open(occurred_at="2026-06-01T09:58:00Z"), time=at)))

    assert said.occurred_at == datetime(2026, 6, 1, 9, 59, tzinfo=UTC)
    assert own.occurred_at == datetime(2026, 6, 1, 9, 58, tzinfo=UTC)


def test_data_may_come_in_base64() -> None:
    packed = base64.b64encode(json.dumps(an_open()).encode()).decode()

    [command] = told(call({**event(data_base64=packed), "data": None}))

    assert isinstance(command, OpenTicket)


def test_F58_a_bad_event_of_a_batch_spoils_no_good_one() -> None:
    sent = call([event(), 7, event(subjekt="x", id="e-2"), event(a_message(), id="e-3")], BATCH)

    members = CHANNEL.members(sent)
    parsed = [CHANNEL.parse(member.raw) for member in members]

    assert [len(one.commands) for one in parsed] == [1, 0, 1, 1]
    assert [member.key for member in members][2:] == ["/crm e-2", "/crm e-3"]


def test_an_empty_batch_has_no_member() -> None:
    assert CHANNEL.members(call([], BATCH)) == []


@pytest.mark.parametrize("body", [b"[", {}, [event()] * 501])
def test_a_batch_that_is_none_is_kept_whole(body: object) -> None:
    assert len(unread(call(body, BATCH))) == 1


@pytest.mark.parametrize("kind", ["order.created", "ticket.of.next.year"])
def test_events_of_others_mean_nothing(kind: str) -> None:
    assert told(call(event(type=kind, specversion="7", data="x"))) == []


@pytest.mark.parametrize(
    ("changed", "detail"),
    [
        ({"type": None}, "no id in type"),
        ({"specversion": "0.3"}, "specversion"),
        ({"id": None}, "no id in id"),
        ({"source": ""}, "no id in source"),
        ({"data": None}, "no object"),
        ({"data": [an_open()]}, "no object"),
        ({"data": a_message()}, "not the type of the event"),
        ({"datacontenttype": "text/xml"}, "text/xml"),
        ({"data_base64": "?"}, "data_base64"),
        ({"data_base64": "e30="}, "external_id"),
        ({"time": "yesterday"}, "datetime"),
    ],
)
def test_what_cannot_be_understood_is_kept(changed: dict[str, Any], detail: str) -> None:
    [found] = unread(call(event(**changed)))

    assert detail in found


def test_a_field_we_do_not_know_is_a_mistake_that_is_seen() -> None:
    [found] = unread(call(event(an_open(subjekt="x"))))

    assert "unknown field `subjekt`" in found


@pytest.mark.parametrize("raw", [b"not json", b"\xff", b"[]", b"7"])
def test_a_body_that_is_no_event_is_kept(raw: bytes) -> None:
    assert len(unread(call(raw))) == 1
    assert len(unread(call(raw, {"ce-specversion": "1.0", "ce-id": "1"}))) == 1
