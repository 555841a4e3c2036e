"""Whatever JSON a provider signs: members are made of it, and every one of them is read or kept."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from starlette.datastructures import Headers

from services.intake.channels import CHANNELS, Call, Channel
from tests.support.chats import (
    form,
    slack_event,
    telegram_update,
    twilio_call,
    twilio_text,
    whatsapp_call,
    whatsapp_message,
)
from tests.support.intake import an_open
from tests.support.signing import SIGNINGS

#: Longer keys do not fit the index of the deliveries.
MOST_KEY_CHARACTERS = 512

RICH_MESSAGE = {
    "interactive": {"list_reply": {"title": "x"}},
    "location": {"latitude": 1.5, "longitude": 2},
    "contacts": [{"name": {"formatted_name": "x"}, "phones": [{"phone": "1"}]}],
    "image": {"caption": "x", "mime_type": "image/png"},
    "unsupported": {"type": "edit"},
}

SAMPLES: dict[str, Any] = {
    "slack": slack_event(files=[{"name": "x", "size": 1}], thread_ts="1.2", bot_id="B1"),
    "telegram": telegram_update(
        photo=[{"file_size": 1}],
        document={"file_name": "x"},
        location={"latitude": 1.5, "longitude": 2},
        contact={"phone_number": "1"},
    ),
    "whatsapp": whatsapp_call(whatsapp_message(**RICH_MESSAGE), whatsapp_message(type="contacts")),
    "cloudevents": {
        "specversion": "1.0",
        "id": "1",
        "source": "/x",
        "type": "ticket.open",
        "time": "2026-06-01T10:00:00Z",
        "data": an_open(),
    },
}

_VALUES = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.text(max_size=20)
    | st.sampled_from(["text", "image", "message", "ticket.open", "9" * 30, "\ud800"]),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.sampled_from(["id", "type", "text", "from"]), inner, max_size=3)
    ),
    max_leaves=6,
)


def places(value: Any) -> list[tuple[Any, Any]]:
    """Every field and element of `value`, with what holds it."""
    inner = (
        list(value.items())
        if isinstance(value, dict)
        else list(enumerate(value))
        if isinstance(value, list)
        else []
    )
    return [(value, at) for at, _ in inner] + [one for _, part in inner for one in places(part)]


@st.composite
def mutations(draw: Callable[[Any], Any], sample: Any) -> bytes:
    """A sample of which up to three places hold something else, or nothing."""
    value = json.loads(json.dumps(sample))
    for _ in range(draw(st.integers(0, 3))):
        holder, at = draw(st.sampled_from(places(value)))
        if isinstance(holder, dict) and draw(st.booleans()):
            del holder[at]
        else:
            holder[at] = draw(_VALUES)
        if not places(value):
            break
    return json.dumps(value).encode()


def made(name: str) -> Channel:
    return CHANNELS[name](SIGNINGS[name].source)


def survives(channel: Channel, call: Call) -> None:
    """Members with usable keys, whose bytes alone are always read or kept."""
    for member in channel.members(call):
        parsed = channel.parse(member.raw)
        assert 0 < len(member.key) <= MOST_KEY_CHARACTERS
        assert "\0" not in member.key
        assert member.key.encode()
        for part in parsed.unreadable:
            assert part.detail.encode()


@pytest.mark.parametrize("name", SAMPLES)
@given(data=st.data())
def test_a_changed_sample_is_read_or_kept(name: str, data: st.DataObject) -> None:
    raw = data.draw(mutations(SAMPLES[name]))

    survives(made(name), Call("POST", Headers({}), raw))


@pytest.mark.parametrize("name", [*SAMPLES, "twilio"])
@given(raw=st.binary(max_size=60) | _VALUES.map(lambda value: json.dumps(value).encode()))
def test_any_bytes_are_read_or_kept(name: str, raw: bytes) -> None:
    channel = made(name)

    assert len(channel.parse(raw).unreadable) in {0, 1}
    if name != "twilio":
        survives(channel, Call("POST", Headers({}), raw))


@given(
    st.sampled_from([twilio_text(), twilio_call()]),
    st.dictionaries(
        st.sampled_from([*twilio_text(NumMedia="2"), *twilio_call(), "Latitude", "RecordingUrl"]),
        st.text(st.characters(exclude_categories=["Cs"]), max_size=20) | st.just("9" * 30),
    ),
)
def test_a_changed_form_is_read_or_kept(sample: dict[str, str], changed: dict[str, str]) -> None:
    survives(made("twilio"), Call("POST", Headers({}), form({**sample, **changed})))


@pytest.mark.parametrize("name", SAMPLES)
@pytest.mark.parametrize(
    "raw",
    [
        b"[" * 100_000,
        b'{"a":' * 100_000,
        b'{"entry":' + b"[" * 100_000,
        b'{"object":"whatsapp_business_account","entry":[' + b'{"changes":[' * 100_000,
        b'{"event":{"text":"\xed\xa0\x80"}}',
        b'{"update_id":' + b"9" * 5000 + b"}",
    ],
    ids=["arrays", "objects", "entry", "changes", "surrogate", "number"],
)
def test_bombs_are_kept_unread(name: str, raw: bytes) -> None:
    channel = made(name)
    members = channel.members(Call("POST", Headers({}), raw))

    assert [channel.parse(member.raw).commands for member in members] in ([], [()])
