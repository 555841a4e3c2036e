"""The generic webhook's shape: what is read, and what is kept unread (semantics D1)."""

from __future__ import annotations

import json
import re
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.intake.channels.base import Source
from services.intake.channels.generic import generic
from services.intake.domain.commands import (
    AddMessage,
    Assign,
    OpenTicket,
    Rate,
    SetPriority,
    SetStatus,
)
from tests.support.intake import SECRET, a_message, a_status, an_open

GENERIC = generic(Source("generic", (SECRET,)))


def read(body: object) -> Any:
    return GENERIC.parse(body if isinstance(body, bytes) else json.dumps(body).encode())


def test_every_type_is_a_command() -> None:
    parsed = read(
        [
            an_open(),
            a_message(),
            a_status("pending"),
            {"type": "ticket.priority", "external_id": "1", "priority": "high"},
            {"type": "ticket.rating", "external_id": "1", "score": 5, "version": 1},
            {"type": "ticket.assignment", "external_id": "1", "assignee": "ana"},
        ]
    )

    assert [type(command) for _, command in parsed.commands] == [
        OpenTicket,
        AddMessage,
        SetStatus,
        SetPriority,
        Rate,
        Assign,
    ]
    assert parsed.unreadable == ()


def test_contact_data_is_kept_apart_from_what_rules_may_read() -> None:
    customer = {"id": "c", "tier": "standard", "email": "a@x.example", "name": "Jo"}

    [(_, command)] = read(an_open(customer=customer)).commands

    assert isinstance(command, OpenTicket)
    assert command.customer.contact == {"email": "a@x.example", "name": "Jo"}
    assert command.customer.tier == "standard"


@pytest.mark.parametrize(
    ("body", "told"),
    [
        (b"", "truncated"),
        (b"not json", "malformed"),
        (b"\xff\xfe", "malformed"),
        (b'{"type": "ticket.open"', "truncated"),
        (an_open(subjekt="x"), "unknown field `subjekt`"),
        (an_open(customer={"id": "c", "vipp": True}), "unknown field `vipp`"),
        (an_open(type="ticket.opened"), "ticket.opened"),
        (an_open(version=2), "2"),
        (an_open(external_id=""), r"\$.external_id"),
        (an_open(priority="urgent"), r"\$.priority"),
        (an_open(body="x" * 70_000), r"\$.body"),
        (an_open(occurred_at="2026-06-01T10:00:00"), r"\$.occurred_at"),
        (a_message(author={"kind": "robot"}), r"\$.author.kind"),
        ({"type": "ticket.rating", "external_id": "1", "score": 6}, r"\$.score"),
        ([], "0 commands"),
        ([an_open()] * 501, "501 commands"),
        (b'{"type": "ticket.open", "amount": NaN}', "malformed"),
        (b'{"type": "ticket.open", "subject": "\\ud800"}', "truncated"),
        (json.dumps(an_open(subject="?")).encode().replace(b"?", b"\xed\xa0\x80"), "utf-8|utf8"),
        (b"[" * 100_000, "recursion|truncated|malformed"),
        (b'{"a":' * 100_000, "recursion|truncated|malformed|unknown|missing"),
    ],
)
def test_what_cannot_be_read_is_kept_with_what_is_wrong(body: object, told: str) -> None:
    parsed = read(body)

    assert parsed.commands == ()
    [part] = parsed.unreadable
    assert re.search(told, part.detail, re.IGNORECASE), part.detail


def test_a_bad_member_does_not_spoil_the_others() -> None:
    parsed = read([an_open(), an_open(subjekt="x"), a_message()])

    assert [ordinal for ordinal, _ in parsed.commands] == [0, 2]
    assert [part.ordinal for part in parsed.unreadable] == [1]
    assert json.loads(parsed.unreadable[0].raw)["subjekt"] == "x"


def test_a_NUL_is_dropped_and_the_words_around_it_are_kept() -> None:
    [(_, command)] = read(an_open(subject="a\0b", customer={"id": "c\0"})).commands

    assert isinstance(command, OpenTicket)
    assert (command.subject, command.customer.customer_id) == ("ab", "c")


def test_the_last_of_two_equal_names_wins() -> None:
    raw = b'{"type": "ticket.rating", "external_id": "1", "score": 1, "score": 5}'

    [(_, command)] = read(raw).commands

    assert isinstance(command, Rate)
    assert command.score == 5


_JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=8,
)


@given(st.binary(max_size=200) | _JSON.map(lambda value: json.dumps(value).encode()))
def test_whatever_comes_is_read_or_kept(body: bytes) -> None:
    parsed = read(body)

    assert parsed.commands or parsed.unreadable


@given(st.dictionaries(st.sampled_from(list(an_open())), _JSON))
def test_whatever_stands_in_a_field_is_read_or_kept(fields: dict[str, object]) -> None:
    parsed = read({**an_open(), **fields})

    assert len(parsed.commands) + len(parsed.unreadable) == 1
