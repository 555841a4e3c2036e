"""Word groups: whole words, in what the sender really wrote (semantics V1, V17, H16)."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.intake.domain.phrases import PhraseFinder
from services.intake.domain.signals import written_by_sender
from tests.support.asked import packaged


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("I can't download the suede samples, the median price is wrong", []),
        ("Hi, this is Sue. The media file won't upload.", []),
        ("> my lawyer will call\n\nThanks, solved.", []),
        ("It works now.\n-- \nJo, Legal Department, BBB accredited", []),
        ("Everything is DOWN, fix it asap!!", ["urgent"]),
        ("This is terrible, I will sue.", ["legal", "angry"]),
    ],
)
def test_V_examples(text: str, expected: list[str]) -> None:
    assert expected == packaged().signals_of(text)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("we will sue", ["legal"]),
        ("WE WILL SUE", ["legal"]),
        ("Sue will call you", []),
        ("My lawyers are suing", ["legal"]),
        ("I told the BBB", ["public"]),
        ("the bbb in the log", []),
        ("the better business bureau knows", ["public"]),
        ("they know better", []),
        ("please scroll down", []),
        ("please scroll down, the site is down", ["urgent"]),
        ("in the drop-down it is broken", ["urgent"]),
        ("in the drop-down", []),
        ("our legal name has changed", []),
        ("scroll. Down since noon", ["urgent"]),
        ("`down` is a command", []),
        ("```\nserver down\n```\nwhat does this mean?", []),
        ("It is \uff44\uff4f\uff57\uff4e", ["urgent"]),
    ],
)
def test_V17_ambiguous_words(text: str, expected: list[str]) -> None:
    assert expected == packaged().signals_of(text)


def test_V1_a_reply_below_its_introduction_is_somebody_elses_text() -> None:
    text = "Thank you.\n\nOn Monday Ana wrote:\nI will call my lawyer"

    assert written_by_sender(text) == "Thank you.\n"


def test_V1_the_header_of_a_forwarded_mail_is_cut_and_its_text_is_kept() -> None:
    text = "See below.\n---------- Forwarded message ----------\nSubject: urgent\n\nIt is broken."

    assert packaged().signals_of(text) == ["urgent"]
    assert "Subject" not in written_by_sender(text)


_LINES = st.lists(st.sampled_from(["It is down", "all fine", "I will sue", "worst", "download"]))


@given(_LINES, _LINES)
def test_H16_quoting_or_signing_never_changes_what_a_message_fires(
    said: list[str], quoted: list[str]
) -> None:
    finder = packaged()
    text = "\n".join(said)
    with_quote = "\n".join([*said, *(f"> {line}" for line in quoted)])
    with_signature = "\n".join([*said, "-- ", *quoted])

    assert finder.signals_of(text) == finder.signals_of(with_quote)
    assert finder.signals_of(text) == finder.signals_of(with_signature)


@given(st.text(max_size=300))
def test_any_text_can_be_read(text: str) -> None:
    assert set(packaged().signals_of(text)) <= set(packaged().workflow.triage.word_groups)


def test_a_word_of_two_groups_counts_for_both() -> None:
    finder = PhraseFinder({"a": ["red alert"], "b": ["alert", "red"]})

    assert finder.find("A red alert!") == ["a", "b"]
