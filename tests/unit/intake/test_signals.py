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
def test_example_V_texts_that_fire_and_texts_that_do_not(text: str, expected: list[str]) -> None:
    assert expected == list(packaged().signal_words(text))


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
    assert expected == list(packaged().signal_words(text))


@pytest.mark.parametrize(
    "text",
    [
        "This is not urgent.",
        "It is not that urgent",
        "not at all urgent",
        "Nothing urgent, just a question",
        "It isn't broken any more",
        "It isn’t really broken",
        "The site is no longer down",
        "We were never down",
        "This is no legal matter",
        "Das ist nicht dringend",
        "Nicht so dringend",
        "Der Drucker ist nicht mehr kaputt",
        "Kein Notfall",
        "Es eilt nicht",
        "Ce n'est pas urgent",
        "Pas du tout urgent",
        "No es urgente",
        "No es nada urgente",
        "El servicio ya no está caído",
    ],
)
def test_V17_a_negated_word_means_nothing(text: str) -> None:
    assert list(packaged().signal_words(text)) == []


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("No, it is urgent", ["urgent"]),
        ("No answer yet, urgent", ["urgent"]),
        ("It does not work. Urgent!", ["urgent"]),
        ("not only urgent but critical", ["urgent"]),
        ("Not working - broken since noon", ["urgent"]),
        ("It is not urgent. It is broken.", ["urgent"]),
        ("no reply so I will sue", ["legal"]),
        ("I don't want to sue you, but", ["legal"]),
        ("Funktioniert nicht, dringend", ["urgent"]),
        ("C'est le plus urgent", ["urgent"]),
    ],
)
def test_V17_a_negation_reaches_no_further_than_its_phrase(text: str, expected: list[str]) -> None:
    assert expected == list(packaged().signal_words(text))


@pytest.mark.parametrize(
    "text",
    [
        "mount: /media/disk is not there",
        "see (/media/disk) or '~/down/x'",
        "https://media.example.org/down",
        "www.broken.example",
        "write to jo@legal.example",
        "C:\\down\\broken",
    ],
)
def test_V1_a_part_of_a_path_or_an_address_is_no_word(text: str) -> None:
    assert list(packaged().signal_words(text)) == []


def test_V1_a_stroke_between_words_makes_no_path() -> None:
    assert list(packaged().signal_words("The site is slow/down/broken")) == ["urgent"]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Der Server ist ausgefallen, es ist dringend", ["urgent"]),
        ("Ich werde einen Anwalt einschalten", ["legal"]),
        ("Dann gehe ich zur Verbraucherzentrale", ["public"]),
        ("Das ist eine Unverschämtheit", ["angry"]),
        ("DAS IST EINE UNVERSCHÄMTHEIT", ["angry"]),
        ("Le serveur est en panne", ["urgent"]),
        ("J'en parle à mon avocat", ["legal"]),
        ("Je vais contacter la presse", ["public"]),
        ("C'est inadmissible", ["angry"]),
        ("El sistema está caído, es urgente", ["urgent"]),
        ("Hablaré con mi abogado", ["legal"]),
        ("Lo sabrá la prensa", ["public"]),
        ("Es una vergüenza", ["angry"]),
        ("Tardó media hora", []),
        ("Coller depuis le presse-papiers", []),
    ],
)
def test_V1_words_are_known_in_german_french_and_spanish(text: str, expected: list[str]) -> None:
    assert expected == list(packaged().signal_words(text))


def test_V1_the_words_found_are_told_as_they_were_written_each_once() -> None:
    text = "DOWN again: down, down and broken. Better  Business\nBureau!"

    assert {
        "urgent": ("DOWN", "down", "broken"),
        "public": ("Better Business Bureau",),
    } == packaged().signal_words(text)


def test_V1_a_reply_below_its_introduction_is_somebody_elses_text() -> None:
    text = "Thank you.\n\nOn Monday Ana wrote:\nI will call my lawyer"

    assert written_by_sender(text) == "Thank you.\n"


@pytest.mark.parametrize(
    "introduction",
    [
        "On Mon, 1 Jun 2026 at 10:00, Ana Example\n<ana@example.org> wrote:",
        "Am 01.06.2026 um 10:00 schrieb Ana:\nschrieb:",
        "Am Mo., 1. Juni 2026 um 10:00 Uhr schrieb Ana Roe <ana@example.org>:",
        "Am 01.06.26 um 10:00 schrieb Ana Roe\n<ana@example.org>:",
        "Op ma 1 jun 2026 om 10:00 schreef Ana Roe <ana@example.org>:",
        "Le lun. 1 juin 2026 à 10:00, Ana <ana@example.org> a écrit :",
        "El lun, 1 jun 2026 a las 10:00, Ana escribió:",
        "-----Original Message-----",
        "From: Ana <ana@example.org>\nSent: Monday\nTo: us\nSubject: urgent",
        "Von: Ana\nGesendet: Montag\nAn: uns",
    ],
)
def test_V1_whatever_introduces_a_quoted_mail_ends_the_text(introduction: str) -> None:
    text = f"Thank you.\n\n{introduction}\n\nIt is broken."

    assert written_by_sender(text) == "Thank you.\n"


def test_V1_a_header_with_nothing_above_it_is_a_forwarded_mails() -> None:
    text = "\nFrom: Ana\nSent: Monday\nSubject: urgent\n\nIt is broken."

    assert written_by_sender(text) == "\nIt is broken."


def test_V1_a_sentence_that_only_begins_like_an_introduction_is_kept() -> None:
    text = "On Monday it was fine.\nFrom: nobody\nAm I right?"

    assert written_by_sender(text) == text


def test_V1_the_header_of_a_forwarded_mail_is_cut_and_its_text_is_kept() -> None:
    text = "See below.\n---------- Forwarded message ----------\nSubject: urgent\n\nIt is broken."

    assert list(packaged().signal_words(text)) == ["urgent"]
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

    assert list(finder.signal_words(text)) == list(finder.signal_words(with_quote))
    assert list(finder.signal_words(text)) == list(finder.signal_words(with_signature))


@given(st.text(max_size=300))
def test_any_text_can_be_read(text: str) -> None:
    assert set(packaged().signal_words(text)) <= set(packaged().workflow.triage.word_groups)


def test_a_word_of_two_groups_counts_for_both() -> None:
    finder = PhraseFinder({"a": ["red alert"], "b": ["alert", "red"]})

    assert finder.find("A red alert!") == ["a", "b"]
