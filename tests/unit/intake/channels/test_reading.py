"""Foreign JSON: what is asked for is there in the type asked for, or it is not there."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.intake.channels import words
from services.intake.channels.fields import (
    canonical,
    demanded,
    epoch,
    identifier,
    inside,
    line,
    moment,
    number,
    several,
    text,
    word,
)
from services.intake.channels.markup import read_html, read_text
from services.intake.channels.people import asker
from services.intake.channels.reading import (
    ReadingError,
    decode_json,
    digest,
    elements,
    parsed,
)
from shared.contracts.vocabulary import Priority, Status

BODY: Any = {"a": {"b": [{"c": "x"}, None]}, "n": 7, "t": True, "s": " two\n words "}


def test_a_path_that_ends_early_leads_nowhere() -> None:
    paths: list[tuple[str | int, ...]] = [("a", "b", 0, "c"), ("a", "b", -1), ("a", "b", 2)]
    paths += [("a", 0), ("n", "b"), ("x",), ("a", "b", "c")]

    assert [inside(BODY, *path) for path in paths] == ["x", None, None, None, None, None, None]


def test_values_of_another_type_are_not_there() -> None:
    assert (text(BODY, "n"), text(BODY, "x"), line(BODY, "s")) == ("", "", "two words")
    assert (identifier(BODY, "n"), identifier(BODY, "t"), identifier(BODY, "a")) == (
        "7",
        None,
        None,
    )
    assert (identifier({"i": " 9 "}, "i"), identifier({"i": "x" * 201}, "i")) == ("9", None)
    assert (number({"i": "-12"}, "i"), number({"i": "²"}, "i"), number(BODY, "t")) == (
        -12,
        None,
        None,
    )
    assert (several(BODY, "a", "b"), several(BODY, "s")) == ([{"c": "x"}, None], [])


def test_what_is_demanded_and_missing_is_said_by_its_path() -> None:
    with pytest.raises(ReadingError, match=r"no id in a\.b"):
        demanded(BODY, "a", "b")


@pytest.mark.parametrize(
    ("written", "expected"),
    [
        ("2025-01-08T10:12:07.672717030Z", datetime(2025, 1, 8, 10, 12, 7, 672717, UTC)),
        ("2025-01-08T12:12:07+02:00", datetime(2025, 1, 8, 10, 12, 7, tzinfo=UTC)),
        ("2025-01-08T10:12Z", datetime(2025, 1, 8, 10, 12, tzinfo=UTC)),
        ("2025-01-08T10:12:07", None),
        ("0001-01-01T00:00:00+14:00", None),
        ("yesterday", None),
        (1736331127, None),
        (None, None),
    ],
)
def test_a_moment_needs_a_zone(written: object, expected: datetime | None) -> None:
    assert expected == moment({"at": written}, "at")


@pytest.mark.parametrize(
    ("written", "per_second", "expected"),
    [
        ("1410335293", 1, datetime(2014, 9, 10, 7, 48, 13, tzinfo=UTC)),
        (1410335293486, 1000, datetime(2014, 9, 10, 7, 48, 13, 486000, UTC)),
        (1410335293486, 1, None),
        (0, 1, None),
        (-5, 1, None),
        (2**70, 1, None),
        (1.5, 1, None),
    ],
)
def test_an_epoch_is_counted_in_the_unit_it_is_said_to_be(
    written: object, per_second: int, expected: datetime | None
) -> None:
    assert expected == epoch({"at": written}, "at", per_second=per_second)


def test_a_word_is_the_same_however_it_is_written() -> None:
    spellings = ["On hold", "on-hold", "ON_HOLD", " on  hold "]

    assert {word({"w": spelling}, "w") for spelling in spellings} == {"on_hold"}
    assert [word({"w": number}, "w") for number in (3, -101, True)] == ["3", "-101", ""]


def test_words_of_providers_have_ours() -> None:
    assert words.status({"s": "SOLVED"}, "s") is Status.RESOLVED
    assert words.priority({"p": "Urgent"}, "p") is Priority.CRITICAL
    assert [
        words.rating({"r": said}, "r") for said in (1, "5", "Good", "bad", "Offered", None)
    ] == [
        1,
        5,
        5,
        1,
        None,
        None,
    ]


@pytest.mark.parametrize("strange", ["limbo", 99, "-101", [], {}, True])
def test_a_strange_word_is_an_error_and_nothing_is_not(strange: object) -> None:
    for read in (words.status, words.priority, words.rating):
        with pytest.raises(ReadingError):
            read({"w": strange}, "w")
        assert (read({"w": None}, "w"), read({"w": ""}, "w"), read({}, "w")) == (None, None, None)


@pytest.mark.parametrize(
    "raw",
    [b"", b"{", b"\xff", b"NaN", b'{"a": 1e400}', b'"\\ud800"', b"[" * 40 + b"]" * 40, b"9" * 5000],
)
def test_S10_everything_wrong_with_json_is_one_error(raw: bytes) -> None:
    with pytest.raises(ReadingError):
        decode_json(raw)
    assert [part.raw for part in parsed(raw, only_read).unreadable] == [raw]


def only_read(raw: bytes) -> None:
    decode_json(raw)
    elements(raw)


@given(st.binary(max_size=100))
def test_whatever_the_bytes_what_is_wrong_with_them_is_said(raw: bytes) -> None:
    assert all(part.detail for part in parsed(raw, only_read).unreadable)


def test_NULs_are_dropped_from_names_and_values() -> None:
    assert decode_json(b'{"a\\u0000": ["b\\u0000c", 1]}') == {"a": ["bc", 1]}


def test_equal_values_have_one_canonical_form() -> None:
    assert canonical({"b": 1, "a": [2]}) == canonical({"a": [2], "b": 1}) == b'{"a":[2],"b":1}'


def test_the_parts_of_a_digest_are_kept_apart() -> None:
    assert digest("ab", "c") != digest("a", "bc")


def test_html_is_read_as_text_and_kept_without_what_acts() -> None:
    read = read_html('<p onclick="x()">Hi,<script>x()</script></p><p>you &amp; me</p>')

    assert (read.text, read.harmless) == ("Hi,\n\nyou & me", "<p>Hi,</p><p>you &amp; me</p>")


@pytest.mark.parametrize("written", ["1 < 2 & 3\nso it is", "plain words", ""])
def test_what_has_no_tag_is_text_as_it_is(written: str) -> None:
    read = read_html(written)

    assert (read.text, read.harmless) == (written, None)


def test_S10_a_text_is_bounded_and_without_control_characters() -> None:
    assert read_text(" a\x07b\r\nc ") == "ab\nc"
    assert len(read_text("x" * 100_000)) == 64 * 1024


def test_somebody_of_whom_nothing_is_known_is_known_by_the_ticket() -> None:
    assert asker("acme", "7", ticket="42").addresses == ("acme:7",)
    assert asker("acme", None, ticket="42").addresses == ("acme:ticket:42",)
    known = asker("acme", None, ticket="42", email=" a@x.example ")
    assert (known.addresses, known.contact) == (None, {"email": "a@x.example"})
