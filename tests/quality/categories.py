"""How well a learned model tells what tickets are about: IT tickets that people sorted.

The product's trainer learns from 70 % of the groups of like texts and judges the rest, against always saying
the most frequent category and against TF-IDF with logistic regression (scikit-learn), in one run.
"""

from __future__ import annotations

import time
import warnings
from collections import Counter
from collections.abc import Sequence

from sklearn.exceptions import ConvergenceWarning
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline

from services.intake.domain.learning import Labelled, Learned, learn, quality
from services.intake.domain.phrases import Words
from tests.support.figures import Figure

from .data import is_held_back, rows


def measure() -> list[Figure]:
    """The figures; needs `../shared/data` beside the checkout and takes about ten seconds."""
    known, unseen = _examples()
    began = time.process_time()
    learned = learn(known)
    learning = time.process_time() - began
    began = time.process_time()
    said = _judged(learned, unseen)
    judging = time.process_time() - began
    usual = Counter(one.category for one in known).most_common(1)[0][0]
    baseline = _figures("categories, TF-IDF + LR", unseen, _by_regression(known, unseen, (1, 1), 1))
    tuned = _figures(
        "categories, TF-IDF of pairs + LR, C = 10",
        unseen,
        _by_regression(known, unseen, (1, 2), 10),
    )
    return [
        *_figures("categories, learned model", unseen, said, better_than=0.690),
        *_figures("categories, most frequent", unseen, [usual] * len(unseen)),
        *baseline,
        *tuned,
        Figure("categories, texts learned from", len(known), "texts"),
        Figure("categories, texts judged", len(unseen), "texts"),
        Figure("categories, learning", learning, "s CPU", "≤ 60", learning <= 60),
        Figure("categories, judging", 1e6 * judging / len(unseen), "µs CPU a text"),
    ]


def _examples() -> tuple[list[Labelled], list[Labelled]]:
    """What is learned from, and what is held back."""
    parts: tuple[list[Labelled], list[Labelled]] = ([], [])
    for row in rows("it_tickets_endava"):
        text = f"{row['title']}\n{row['body']}"
        parts[is_held_back(row["group"])].append(Labelled(text, row["category"]))
    return parts


def _judged(learned: Learned, unseen: Sequence[Labelled]) -> list[str]:
    """What intake would say, by the same call; without a known word, the likeliest category."""
    bias = learned.model.bias
    usual = max(bias, key=bias.__getitem__)
    said = []
    for one in unseen:
        words = Words(one.text)
        found = learned.model.judge(words.folded, words.present)
        said.append(found.category if found else usual)
    return said


def _by_regression(
    known: Sequence[Labelled], unseen: Sequence[Labelled], pairs: tuple[int, int], trust: float
) -> list[str]:
    model = make_pipeline(
        TfidfVectorizer(ngram_range=pairs), LogisticRegression(max_iter=1000, C=trust)
    )
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)
        model.fit([one.text for one in known], [one.category for one in known])
    return [str(one) for one in model.predict([one.text for one in unseen])]


def _figures(
    name: str, unseen: Sequence[Labelled], said: Sequence[str], better_than: float | None = None
) -> list[Figure]:
    found = quality(zip((one.category for one in unseen), said, strict=True))
    target = None if better_than is None else f"> {better_than:g}"
    met = None if better_than is None else found.accuracy > better_than
    return [
        Figure(f"{name}: accuracy", found.accuracy, "share", target, met),
        Figure(f"{name}: macro-F1", found.macro_f1, "mean over categories"),
    ]
