"""Learns a category model from labelled texts: a linear model by stochastic gradient descent.

Plain Python, so that learning needs nothing but Tierline, and the same texts always give the same model. What
comes out is what `shared/policy/categories.py` judges by: a weight for each word and category.
"""

from __future__ import annotations

import math
import random
from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Final, TypeAlias

from shared.policy.categories import CategoryModel

from .phrases import Words

#: A word found in fewer texts says more about that text than about its category.
LEAST_SUPPORT: Final = 2

#: How many words are chosen for each category: the strongest of a first pass, so that a person can read
#: them. The model is learned anew from these alone.
CHOSEN_WORDS: Final = 400

#: How often all texts are looked at, how far a step goes at first, how much shorter steps become, and how
#: much of a weight is forgotten each time (docs/quality.md says on what these were chosen).
_ROUNDS: Final = 12
_STEP: Final = 0.1
_SHORTER: Final = 0.5
_FORGET: Final = 0.06

#: How much further a step goes for a text of a rare category: 0 not at all, 1 makes all count the same.
_BALANCE: Final = 0.3

#: Errors below this are not worth a step, and weights below this not a line in the file.
_SMALL: Final = 0.005
_LEAST_WEIGHT: Final = 0.05

_SEED: Final = 4711


@dataclass(frozen=True, slots=True)
class Labelled:
    """A text and what people said it is about."""

    text: str
    category: str


@dataclass(frozen=True, slots=True)
class Learned:
    """A model, and in how many of the texts each of its words was found."""

    model: CategoryModel
    support: dict[str, int]


@dataclass(frozen=True, slots=True)
class Quality:
    """How well a model does on texts it has not seen: shares from 0 to 1.

    `macro_f1` is the mean over categories, so that a rare one counts as much as a frequent one.
    """

    accuracy: float
    macro_f1: float


Example: TypeAlias = tuple[set[str], str]
"""What a text is known by, and its category."""


def features(text: str) -> set[str]:
    """What a model knows a text by: its words, and pairs of words in a row."""
    folded = Words(text).folded
    return {*folded, *(f"{first} {second}" for first, second in pairwise(folded))}


def learn(examples: Sequence[Labelled], *, threshold: float = 0.5) -> Learned:
    """The model of `examples`. Raises ValueError for fewer than two categories."""
    return _learn([(features(one.text), one.category) for one in examples], threshold)


def cross_validated(examples: Sequence[Labelled], *, folds: int = 5) -> Quality:
    """How well models learned from all parts but one do on that one. Raises ValueError as `learn` does."""
    known = [(features(one.text), one.category) for one in examples]
    random.Random(_SEED).shuffle(known)  # noqa: S311 - the same every time, on purpose
    said: list[tuple[str, str]] = []
    for fold in range(folds):
        rest = [one for n, one in enumerate(known) if n % folds != fold]
        model = _learn(rest, 0.0).model
        said += [(category, likeliest(model, found)) for found, category in known[fold::folds]]
    return quality(said)


def likeliest(model: CategoryModel, found: Collection[str]) -> str:
    """The category that `model` gives a text with the features `found`, however unsure it is."""
    sums = {
        category: bias + math.fsum(map(weights.__getitem__, weights.keys() & found))
        for (category, bias), weights in zip(
            model.bias.items(), model.weights.values(), strict=True
        )
    }
    return max(sums, key=sums.__getitem__)


def quality(said: Iterable[tuple[str, str]]) -> Quality:
    """The quality of (right, said) pairs."""
    right, told, both = Counter[str](), Counter[str](), Counter[str]()
    for expected, actual in said:
        right[expected] += 1
        told[actual] += 1
        both[expected] += expected == actual
    scores = [2 * both[name] / (right[name] + told[name]) for name in right]
    return Quality(both.total() / right.total(), math.fsum(scores) / len(scores))


def _learn(known: Sequence[Example], threshold: float) -> Learned:
    categories = sorted({category for _, category in known})
    if len(categories) < 2:
        raise ValueError("texts of at least two categories are needed")
    support = Counter(word for found, _ in known for word in found)
    often = {word for word, count in support.items() if count >= LEAST_SUPPORT}
    _, first = _descend(known, often, categories)
    bias, rows = _descend(known, _strongest(first), categories)
    weights = {
        name: _weights({word: row[n] for word, row in rows.items()})
        for n, name in enumerate(categories)
    }
    model = CategoryModel(threshold, dict(zip(categories, bias, strict=True)), weights)
    return Learned(model, {word: support[word] for word in rows})


def _descend(
    known: Sequence[Example], words: set[str], categories: Sequence[str]
) -> tuple[list[float], dict[str, list[float]]]:
    """The bias of each category, and the weights of `words` for each."""
    rows = {word: [0.0] * len(categories) for word in sorted(words)}
    bias = [0.0] * len(categories)
    texts = [
        ([rows[word] for word in sorted(found & words)], categories.index(category))
        for found, category in known
    ]
    count = Counter(right for _, right in texts)
    mean = len(texts) / len(categories)
    reach = [(mean / max(count[n], 1)) ** _BALANCE for n in range(len(categories))]
    chance = random.Random(_SEED)  # noqa: S311 - the same every time, on purpose
    for number in range(_ROUNDS):
        if number:
            _forget(rows.values())
        chance.shuffle(texts)
        step = _STEP / (1 + _SHORTER * number)
        for found, right in texts:
            _correct(bias, found, right, step * reach[right])
    return [round(one, 2) for one in bias], rows


def _correct(bias: list[float], found: Sequence[list[float]], right: int, step: float) -> None:
    """Move the weights of a text's words towards its category, by how wrong they are."""
    sums = [sum(column) for column in zip(bias, *found, strict=True)]
    highest = max(sums)
    likely = [math.exp(one - highest) for one in sums]
    total = math.fsum(likely)
    for number, one in enumerate(likely):
        error = one / total - (number == right)
        if abs(error) > _SMALL:
            move = step * error
            bias[number] -= move
            for row in found:
                row[number] -= move


def _forget(rows: Iterable[list[float]]) -> None:
    """A little of every weight, so that what was seen once does not stay for ever."""
    for row in rows:
        row[:] = [weight * (1 - _FORGET) for weight in row]


def _strongest(rows: Mapping[str, list[float]]) -> set[str]:
    """The words that say most for or against any category."""
    chosen: set[str] = set()
    for weights in zip(*rows.values(), strict=True):
        by_strength = sorted(
            zip(weights, rows, strict=True), key=lambda one: (-abs(one[0]), one[1])
        )
        chosen.update(word for _, word in by_strength[:CHOSEN_WORDS])
    return chosen


def _weights(weights: Mapping[str, float]) -> dict[str, float]:
    """What is worth a line in the file, the strongest first."""
    kept = {word: round(one, 2) for word, one in weights.items() if abs(one) >= _LEAST_WEIGHT}
    return dict(sorted(kept.items(), key=lambda one: (-one[1], one[0])))
