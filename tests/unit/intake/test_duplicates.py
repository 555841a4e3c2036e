"""What makes two tickets alike, and what makes them one (semantics M5, N2.43)."""

from __future__ import annotations

from datetime import timedelta
from uuid import UUID

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.intake.domain.duplicates import (
    Candidate,
    Rarity,
    alikeness,
    are_the_same,
    comparable,
    likeness,
    may_be_merged,
    overlap,
    profile,
    stem,
    suggested,
    tell_apart,
    telling,
)
from shared.contracts.vocabulary import Status
from tests.support.asked import Story

INVOICE = comparable("", "Invoice 8812 wrong amount please correct")
NOTHING_KNOWN = Rarity.of([], 0)

texts = st.text(alphabet="abcdefg 0123\n", max_size=60)


@pytest.mark.parametrize(
    ("text", "same"),
    [
        ("Invoice 8812 wrong amount, please correct it", True),
        ("please correct: invoice 8812, wrong amount", True),
        ("Invoice 8812 wrong amount please corect", True),
        ("Invoice 8813 wrong amount, please correct it", False),
        ("Invoice 8812 wrong address please correct", False),
        ("Invoice 8812", False),
        ("Invoice 8812 wrong amount please correct and answer me by Friday", False),
    ],
)
def test_M_d_near_identical_texts(*, text: str, same: bool) -> None:
    assert are_the_same(INVOICE, comparable("", text)) is same


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("web1 is down", "web2 is down"),
        ("order 4711 of 2 boxes", "order 4712 of 2 boxes"),
        ("a monitor for Ana", "a keyboard for Ana"),
        ("access for Jan", "access for Jon"),
    ],
)
def test_a_single_word_tells_long_texts_apart(one: str, other: str) -> None:
    form = (
        "please log the allocation and note that receipts are mandatory in the section orders " * 3
    )
    first, second = comparable("Form", form + one), comparable("Form", form + other)

    assert tell_apart(first, second)
    assert not are_the_same(first, second)


def test_M5_short_numbers_do_not_tell_apart() -> None:
    assert not tell_apart("tried 2 times", "tried times 2")


def test_a_short_text_in_a_long_one_is_worth_showing_and_not_the_same() -> None:
    short, long = (
        "the export fails",
        "since monday the export fails whenever i choose a large report",
    )

    assert overlap(short, long) == 100
    assert likeness(short, long) < 50


def test_comparable_texts_are_words() -> None:
    assert (
        comparable("Re: PDF-Export", "It  FAILS!\nsee /etc/x_y")
        == "re pdf export\nit fails see etc x y"
    )


def test_a_text_that_is_only_the_subject_counts_once() -> None:
    assert comparable("Invoice 8812", "Invoice 8812 ") == "invoice 8812\n"


def test_what_comes_late_in_a_long_text_still_tells_it_apart() -> None:
    long = "the same line of a log " * 400
    one, other, again = (comparable("Log", f"{long} {end}") for end in ("red", "blue", "RED"))

    assert not are_the_same(one, other)
    assert are_the_same(one, again)


def test_what_is_too_long_for_a_word_is_none() -> None:
    assert comparable("", f"token {'x' * 61}") == "\ntoken"


@pytest.mark.parametrize("word", ["updates", "updating", "updated", "update"])
def test_forms_of_a_word_share_a_stem(word: str) -> None:
    assert stem(word) == "updat"


@given(word=st.text(min_size=1, max_size=20))
def test_a_stem_is_the_beginning_of_its_word(word: str) -> None:
    assert word.startswith(stem(word))


@given(one=texts, other=texts)
def test_likeness_and_alikeness_do_not_depend_on_the_order(one: str, other: str) -> None:
    first, second = comparable(one, other), comparable(other, one)
    profiles = profile(first, NOTHING_KNOWN), profile(second, NOTHING_KNOWN)

    assert likeness(first, second) == likeness(second, first)
    assert alikeness(*profiles) == pytest.approx(alikeness(*reversed(profiles)))


@given(one=texts, other=texts)
def test_alikeness_lies_between_0_and_100(one: str, other: str) -> None:
    alike = alikeness(profile(one, NOTHING_KNOWN), profile(other, NOTHING_KNOWN))

    assert 0 <= alike <= 100.000001


def test_a_rare_word_says_more_than_a_common_one() -> None:
    rarity = Rarity.of([("the", 0.9), ("printer", 0.01)], 1000)

    assert rarity.weight(stem("printer")) > 10 * rarity.weight("the")


def test_a_word_nobody_counted_is_the_rarest() -> None:
    rarity = Rarity.of([("the", 0.9), ("printer", 0.01)], 1000)

    assert rarity.weight("zebra") > rarity.weight(stem("printer"))


def test_tickets_are_looked_for_by_what_tells_the_most() -> None:
    rarity = Rarity.of([("the", 0.9), ("fails", 0.2), ("printer", 0.01)], 1000)
    of = profile("the printer fails\nthe zebra", rarity)

    assert [word for word, _ in telling(of, rarity, most=2, at_most_in=500)] == ["printer", "zebra"]


def test_common_words_are_looked_for_only_where_there_are_no_others() -> None:
    rarity = Rarity.of([("the", 0.9), ("fails", 0.2)], 1000)
    of = profile("the the fails\n", rarity)

    assert [word for word, _ in telling(of, rarity, most=5, at_most_in=100)] == ["fail", "the"]


def a_candidate(number: int, text: str, *, is_same_requester: bool = False) -> Candidate:
    """Another ticket with this text."""
    return Candidate(UUID(int=number), comparable("", text), is_same_requester)


def test_N2_43_of_the_same_requester_what_says_nearly_the_same_is_likely() -> None:
    [found] = suggested(
        INVOICE,
        [a_candidate(1, "Invoice 8813 wrong amount please correct", is_same_requester=True)],
        NOTHING_KNOWN,
    )

    assert found.is_likely
    assert found.score >= 80


def test_what_has_nothing_in_common_is_not_suggested() -> None:
    assert suggested(INVOICE, [a_candidate(1, "The printer jams")], NOTHING_KNOWN) == []


def test_the_most_alike_comes_first_and_five_are_enough() -> None:
    others = [a_candidate(n, "Invoice wrong " + "tax " * n) for n in range(1, 9)]
    found = suggested(INVOICE, others, NOTHING_KNOWN)

    assert [one.candidate.ticket_id.int for one in found] == [1, 2, 3, 4, 5]
    assert [one.score for one in found] == sorted((one.score for one in found), reverse=True)


@pytest.mark.parametrize(
    ("fields", "may"),
    [
        ({}, True),
        ({"customer_id": "customer-2"}, False),
        ({"category": "billing"}, False),
        ({"status": Status.RESOLVED}, False),
        ({"status": Status.CLOSED}, False),
        ({"merged_into": UUID(int=9)}, False),
    ],
)
def test_M5_all_of_the_strict_rule_must_hold(*, fields: dict[str, object], may: bool) -> None:
    ticket = Story("08:00").ticket
    other = msgspec.structs.replace(ticket, ticket_id=UUID(int=2), **fields)

    assert may_be_merged(ticket, other) is may
    assert may_be_merged(other, ticket) is may


@pytest.mark.parametrize(("apart", "may"), [(0, True), (1, False)])
def test_M5_within_24_hours_to_the_millisecond(*, apart: int, may: bool) -> None:
    ticket = Story("08:00").ticket
    later = ticket.opened_at + timedelta(hours=24, milliseconds=apart)

    assert may_be_merged(ticket, msgspec.structs.replace(ticket, opened_at=later)) is may
