"""Which text is a rating, what is said beside it, and which mail may bring one (features S0-36)."""

from __future__ import annotations

import pytest

from services.intake.domain.rating_reply import RatingReply, answers_survey, rating_in

SURVEY = "survey.01890a5d-ac96-774b-bcce-b302099a8057@desk.example"


@pytest.mark.parametrize(
    ("body", "score"),
    [
        ("5", 5),
        (" 4.\n", 4),
        ("3/5", 3),
        ("3 out of 5", 3),
        ("2 von 5 Sternen", 2),
        ("4 sur 5 !", 4),
        ("1 de 5", 1),
        ("5 stars!!", 5),
        ("5\n\n> How well did we do?\n> 1 to 5", 5),
        ("4\n-- \nJo, Customers Ltd, +49 30 1234567", 4),
    ],
)
def test_a_number_alone_is_a_rating(body: str, score: int) -> None:
    assert rating_in(body) == RatingReply(score, "", is_all=True)


@pytest.mark.parametrize(
    "body",
    [
        "",
        "0",
        "6",
        "55",
        "4.5",
        "3/10",
        "5 things are still broken",
        "1. it fails\n2. it fails again",
        "1) it fails",
        "2-3 days is too long",
        "I give you a 5",
        "> 5",
        "2026-06-01",
        "+1",
    ],
)
def test_whatever_else_begins_with_a_number_is_none(body: str) -> None:
    assert rating_in(body) is None


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        ("5, Ana was quick", RatingReply(5, "Ana was quick", is_all=True)),
        ("4\nNice.", RatingReply(4, "Nice.", is_all=True)),
        ("5 - how do I export?", RatingReply(5, "how do I export?", is_all=False)),
        ("2: it still fails", RatingReply(2, "it still fails", is_all=False)),
        ("3\nFine so far", RatingReply(3, "Fine so far", is_all=False)),
    ],
)
def test_words_beside_it_are_read_by_somebody_if_they_ask_or_it_is_low(
    body: str, expected: RatingReply
) -> None:
    assert rating_in(body) == expected


@pytest.mark.parametrize("answers", [(SURVEY,), (SURVEY, "ticket.1@desk.example")])
def test_a_mail_that_answers_a_survey_may_bring_one(answers: tuple[str, ...]) -> None:
    assert answers_survey(answers)


@pytest.mark.parametrize(
    "answers",
    [
        ("01890a5d-ac96-774b-bcce-b302099a8057@desk.example", SURVEY),
        ("survey.4711@elsewhere.example",),
        (),
        None,
    ],
)
def test_a_mail_that_answers_another_one_may_not(answers: tuple[str, ...] | None) -> None:
    assert not answers_survey(answers)
