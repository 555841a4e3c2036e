"""How texts sound, and what mood follows from them (semantics V3, V8, V20, P4)."""

from __future__ import annotations

import pytest

from services.intake.analysers import sentiment_score
from services.intake.domain.commands import Close, SetPriority
from services.intake.domain.sentiment import Mood, bump, evidence_of, mood_after, told
from services.intake.domain.ticket import Fact, evolve
from shared.contracts import Change
from shared.contracts.vocabulary import Priority, SentimentLabel
from tests.support.asked import AGENT, Story, clock, packaged

POLICY = packaged().workflow.triage.sentiment
CALM, FRUSTRATED, ANGRY, THREATENING = SentimentLabel


def moods(*messages: float | tuple[float | None, list[str]] | None) -> list[SentimentLabel]:
    """The labels after each message: a score, or a score and the word groups of the message."""
    mood, labels = Mood(), []
    for message in messages:
        score, signals = message if isinstance(message, tuple) else (message, [])
        mood = mood_after(mood, score, signals, POLICY)
        labels.append(mood.label)
    return labels


def mood_of_text(text: str) -> SentimentLabel:
    """The label of a ticket after one message in English."""
    signals = list(packaged().signal_words(text))
    return mood_after(Mood(), sentiment_score(text, "en"), signals, POLICY).label


def test_V3_one_message_below_the_threshold_is_angry() -> None:
    assert moods(-0.71) == [ANGRY]


def test_V3_one_anger_word_is_angry() -> None:
    assert moods((0.2, ["angry"])) == [ANGRY]


def test_V3_two_frustrated_messages_in_a_row() -> None:
    assert moods(-0.5, -0.5) == [CALM, FRUSTRATED]


def test_V3_one_frustrated_message_with_an_urgency_word() -> None:
    assert moods((-0.5, ["urgent"])) == [FRUSTRATED]


def test_V3_frustration_that_is_interrupted_is_not_confirmed() -> None:
    assert moods(-0.5, 0.0, -0.5) == [CALM, CALM, CALM]


def test_V3_a_message_nobody_can_score_interrupts_nothing() -> None:
    assert moods(-0.5, None, -0.5) == [CALM, CALM, FRUSTRATED]


def test_V3_a_message_nobody_can_score_keeps_the_label() -> None:
    assert moods(-0.9, None) == [ANGRY, ANGRY]


@pytest.mark.parametrize("word", ["legal", "public"])
def test_V3_anger_with_a_legal_or_public_word_is_a_threat(word: str) -> None:
    assert moods((-0.8, [word])) == [THREATENING]


def test_V3_a_legal_word_in_an_earlier_message_is_no_threat() -> None:
    assert moods((0.0, ["legal"]), -0.8) == [CALM, ANGRY]


def test_V3_frustration_with_a_legal_word_is_a_threat_once_confirmed() -> None:
    assert moods(-0.5, (-0.5, ["legal"])) == [CALM, THREATENING]


def test_V3_angry_stays_angry_until_a_calm_message() -> None:
    assert moods(-0.71, -0.5, -0.3) == [ANGRY, ANGRY, CALM]


def test_V3_a_threat_is_not_softened_by_anger() -> None:
    assert moods((-0.8, ["legal"]), -0.8) == [THREATENING, THREATENING]


@pytest.mark.parametrize(
    ("scores", "labels"),
    [
        ((-0.7,), [CALM]),
        ((-0.4, -0.4), [CALM, CALM]),
        ((-0.8, -0.4), [ANGRY, ANGRY]),
        ((-0.7, -0.7), [CALM, FRUSTRATED]),
    ],
)
def test_V20_thresholds_are_strict(scores: tuple[float, ...], labels: list[SentimentLabel]) -> None:
    assert moods(*scores) == labels


def test_confirmations_of_one_are_the_literal_reading() -> None:
    literal = type(POLICY)(
        frustrated_below=-0.4, angry_below=-0.7, calm_above=-0.4, confirmations=1
    )

    assert mood_after(Mood(), -0.5, [], literal).label is FRUSTRATED


@pytest.mark.parametrize(
    ("text", "label"),
    [
        ("I can't download the suede samples, the median price is wrong", CALM),
        ("Hi, this is Sue. The media file won't upload.", CALM),
        ("> my lawyer will call\n\nThanks, solved.", CALM),
        ("It works now.\n-- \nJo, Legal Department, BBB accredited", CALM),
        ("Everything is DOWN, fix it asap!!", CALM),
        ("This is terrible, I will sue.", THREATENING),
        ("This is unacceptable, the worst support I have ever had", ANGRY),
    ],
)
def test_V3_examples(text: str, label: SentimentLabel) -> None:
    assert mood_of_text(text) is label


def test_a_frustrated_text_is_frustrated_and_not_angry() -> None:
    score = sentiment_score("I am getting frustrated, this still fails", "en")

    assert score is not None
    assert POLICY.angry_below <= score < POLICY.frustrated_below


@pytest.mark.parametrize(
    "text",
    [
        "The process was killed with a fatal error, the service crashes and we lost data.",
        "Dear team, please kill the job, it blocks the critical path. Kind regards",
        "The export failed with error 500, please help. Best regards",
        "PO 4500012 was rejected, please cancel it.",
    ],
)
def test_what_breaks_is_no_feeling(text: str) -> None:
    score = sentiment_score(text, "en")

    assert score is not None
    assert score > POLICY.calm_above


@pytest.mark.parametrize(
    ("language", "text", "label"),
    [
        ("de", "Das ist eine Frechheit, der schlechteste Support überhaupt!", ANGRY),
        ("de", "Sehr geehrte Damen und Herren, der Export bricht mit Fehler 500 ab.", CALM),
        ("fr", "C'est inacceptable, le pire service que j'ai connu !", ANGRY),
        ("fr", "Bonjour, le fichier ne se charge pas. Merci de votre aide.", CALM),
        ("es", "Es inaceptable, el peor servicio que he tenido.", ANGRY),
        ("es", "Buenos días, no puedo abrir el archivo. Gracias de antemano.", CALM),
    ],
)
def test_other_languages_have_word_lists(language: str, text: str, label: SentimentLabel) -> None:
    assert mood_after(Mood(), sentiment_score(text, language), [], POLICY).label is label


def test_a_negation_turns_a_word() -> None:
    good, bad = (
        sentiment_score(text, "de") for text in ("Ich bin zufrieden", "Ich bin nicht zufrieden")
    )

    assert good is not None
    assert bad is not None
    assert good > 0 > bad


def test_an_intensity_word_makes_it_stronger() -> None:
    plain, strong = (sentiment_score(text, "fr") for text in ("Je suis déçu", "Je suis très déçu"))

    assert plain is not None
    assert strong is not None
    assert strong < plain


def test_a_polite_frame_does_not_calm_an_angry_sentence() -> None:
    angry = "I am fed up, this is a ridiculous waste of time."
    score = sentiment_score(f"Hello team. I hope you are well. {angry} Kind regards, Ana", "en")

    assert score is not None
    assert score < POLICY.angry_below


@pytest.mark.parametrize("language", [None, "it", "ja"])
def test_V3_languages_without_a_scorer_have_no_score(language: str | None) -> None:
    assert sentiment_score("inaccettabile", language) is None


def test_what_has_no_score_is_not_told() -> None:
    assert told(Mood(), None) is None


def test_evidence_names_the_score_and_the_words() -> None:
    after = mood_after(Mood(), -0.9, ["angry"], POLICY)
    evidence = evidence_of(Mood(), after, -0.9, ["unacceptable"], POLICY)

    assert evidence.value == "angry"
    assert evidence.score == -0.9
    assert evidence.words == ("unacceptable",)


def bumped(story: Story, score: float | None = -0.8, *signals: str) -> dict[str, Change] | None:
    """What a message with this tone changes; the story goes on with it."""
    payload = bump(story.ticket, score, signals, POLICY)
    if payload is None:
        return None
    story.ticket = evolve(story.ticket, Fact(payload, clock("10:00")))
    return payload.changes


def test_P4_an_angry_message_raises_the_priority_by_one_step() -> None:
    assert bumped(Story(priority=Priority.LOW)) == {"priority": Change(from_="low", to="medium")}


def test_P4_a_ticket_is_bumped_once() -> None:
    story = Story(priority=Priority.LOW)
    bumped(story)

    assert bumped(story) is None


def test_P4_words_at_the_opening_have_bumped_it() -> None:
    assert bumped(Story(body="This is unacceptable.")) is None


@pytest.mark.parametrize("priority", [Priority.HIGH, Priority.CRITICAL])
def test_P4_at_most_to_high(priority: Priority) -> None:
    assert bumped(Story(priority=priority)) is None


def test_P4_a_step_counts_from_the_priority_at_the_opening() -> None:
    story = Story(priority=Priority.LOW)
    story.does("09:00", SetPriority(priority=Priority.MEDIUM, by=AGENT))

    assert bumped(story) is None


def test_P4_frustration_raises_nothing() -> None:
    assert bumped(Story(priority=Priority.LOW), -0.6) is None


def test_V7_an_anger_word_raises_even_where_nobody_can_score() -> None:
    assert bumped(Story(priority=Priority.LOW), None, "angry") is not None


def test_a_settled_ticket_is_not_bumped() -> None:
    story = Story(priority=Priority.LOW)
    story.does("09:00", Close(by=AGENT))

    assert bumped(story) is None
