"""Reasons in words a person can read."""

from __future__ import annotations

import pytest

from services.commands.reasons import reasons
from services.intake.domain.evidence import Evidence


def said(*evidence: tuple[str, str, str, tuple[str, ...], float | None]) -> list[str]:
    return list(
        reasons(
            Evidence(field=field, value=value, rule=rule, words=words, score=score)
            for field, value, rule, words, score in evidence
        )
    )


def test_a_value_that_came_about_in_steps_shows_each_of_them() -> None:
    assert ["priority medium (by impact medium, urgency medium) → high (at least, by vip)"] == said(
        ("priority", "medium", "matrix", ("impact medium", "urgency medium"), None),
        ("priority", "high", "floor", ("vip",), None),
    )


@pytest.mark.parametrize(
    ("evidence", "text"),
    [
        (
            ("category", "billing", "model", ("refund", "charged"), 0.987),
            "category billing (judged by refund, charged, likelihood 99%)",
        ),
        (("language", "de", "detected", (), 0.97), "language de (detected, likelihood 97%)"),
        (("signals", "urgent", "word", ("DOWN",), None), "signal urgent (by the words DOWN)"),
        (("complexity", "l1", "default", (), None), "complexity l1 (nothing says otherwise)"),
        (
            ("sentiment", "angry", "score_angry", ("worst",), -0.71),
            "sentiment angry (score angry worst, score -0.71)",
        ),
    ],
)
def test_a_reason_names_rule_words_and_score(
    evidence: tuple[str, str, str, tuple[str, ...], float | None], text: str
) -> None:
    assert [text] == said(evidence)


def test_no_word_of_a_stranger_moves_the_cursor() -> None:
    [text] = said(("category", "billing", "given", ("\x1b[2Jbilling",), None))

    assert text.isprintable()
