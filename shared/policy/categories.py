"""What a ticket is about, judged by the words in it: weights that a person can read and change."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from heapq import nsmallest
from itertools import pairwise
from typing import Final, TypeAlias

#: How many words are named as the reason of a judgement.
_REASONS: Final = 3

Weights: TypeAlias = tuple[tuple[int, float], ...]
"""What one word says: by the number of a category, how much for it."""


@dataclass(frozen=True, slots=True)
class Judgement:
    """The likeliest category, how likely it is among all of them, and the words that say so."""

    category: str
    probability: float
    words: tuple[str, ...]


@dataclass(frozen=True)
class CategoryModel:
    """A linear model: every word found adds its weights, once; the sums become probabilities (softmax).

    `weights` are by category, then by word; a "word" may be two words in a row. A category below
    `threshold` is too unsure to be used. Words are folded (lower case).
    """

    threshold: float
    bias: Mapping[str, float]
    weights: Mapping[str, Mapping[str, float]]

    def judge(self, folded: Sequence[str], present: frozenset[str]) -> Judgement | None:
        """The category of a text with the words `folded`, in order; None where it holds no known word."""
        words, pairs = self._words, self._pairs
        found = {word: words[word] for word in self._singles & present}
        for first, second in pairwise(folded):
            if first in pairs and second in pairs[first]:
                found[f"{first} {second}"] = pairs[first][second]
        if not found:
            return None
        sums = [*self._biases]
        for weights in found.values():
            for number, weight in weights:
                sums[number] += weight
        best = max(range(len(sums)), key=sums.__getitem__)
        probability = 1 / math.fsum(math.exp(one - sums[best]) for one in sums)
        return Judgement(self._categories[best], probability, _reasons(found, best))

    @cached_property
    def _categories(self) -> tuple[str, ...]:
        return tuple(self.bias)

    @cached_property
    def _biases(self) -> tuple[float, ...]:
        return tuple(self.bias.values())

    @cached_property
    def _by_word(self) -> dict[str, Weights]:
        """The weights the other way round."""
        turned: dict[str, list[tuple[int, float]]] = {}
        for number, category in enumerate(self._categories):
            for word, weight in self.weights.get(category, {}).items():
                turned.setdefault(word, []).append((number, weight))
        return {word: tuple(weights) for word, weights in turned.items()}

    @cached_property
    def _words(self) -> dict[str, Weights]:
        return {word: weights for word, weights in self._by_word.items() if " " not in word}

    @cached_property
    def _singles(self) -> frozenset[str]:
        return frozenset(self._words)

    @cached_property
    def _pairs(self) -> dict[str, dict[str, Weights]]:
        pairs: dict[str, dict[str, Weights]] = {}
        for word, weights in self._by_word.items():
            first, _, second = word.partition(" ")
            if second:
                pairs.setdefault(first, {})[second] = weights
        return pairs


def _reasons(found: Mapping[str, Weights], category: int) -> tuple[str, ...]:
    """The words that say most for a category, the strongest first."""
    spoken = [
        (-weight, word)
        for word, weights in found.items()
        for number, weight in weights
        if number == category and weight > 0
    ]
    return tuple(word for _, word in nsmallest(_REASONS, spoken))
