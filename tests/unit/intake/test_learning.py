"""Learning what tickets are about."""

from __future__ import annotations

import pytest

from services.intake.domain.learning import (
    Labelled,
    Quality,
    cross_validated,
    features,
    learn,
    likeliest,
    quality,
)

TEXTS = [
    Labelled(text, category)
    for n in range(10)
    for text, category in (
        (f"my invoice number {n} is wrong", "billing"),
        (f"please refund the payment {n}", "billing"),
        (f"the app crashes on page {n}", "technical"),
        (f"error on the server {n}", "technical"),
    )
]


def test_a_text_is_known_by_its_words_and_pairs_of_words() -> None:
    assert {"my", "credit", "card", "my credit", "credit card"} == features("My CREDIT-card")


def test_what_tells_categories_apart_gets_the_weight() -> None:
    weights = learn(TEXTS).model.weights

    assert weights["billing"]["invoice"] > 0 > weights["technical"]["invoice"]
    assert weights["technical"]["crashes"] > 0 > weights["billing"]["crashes"]


def test_the_same_texts_always_give_the_same_model() -> None:
    assert learn(TEXTS) == learn(list(TEXTS))


def test_a_word_of_one_text_alone_has_no_part_in_it() -> None:
    learned = learn([*TEXTS, Labelled("an aardvark invoice", "billing")])

    assert "aardvark" not in learned.model.weights["billing"]
    assert 11 == learned.support["invoice"]


def test_a_model_judges_texts_it_has_not_seen() -> None:
    model = learn(TEXTS).model

    assert "billing" == likeliest(model, features("another invoice"))
    assert "technical" == likeliest(model, features("it crashes again"))
    assert Quality(1.0, 1.0) == cross_validated(TEXTS)


def test_macro_f1_counts_a_rare_category_as_much_as_a_frequent_one() -> None:
    said = [("a", "a")] * 8 + [("b", "a"), ("b", "b")]

    found = quality(said)

    assert found.accuracy == pytest.approx(0.9)
    assert found.macro_f1 == pytest.approx((16 / 17 + 2 / 3) / 2)


def test_one_category_alone_teaches_nothing() -> None:
    with pytest.raises(ValueError, match="at least two categories"):
        learn(TEXTS[:2])
