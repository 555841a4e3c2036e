"""What intake needs to classify a ticket: the priority matrix, floors, categories and words."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import timedelta

from shared.contracts.vocabulary import Complexity, Grade, Priority, SentimentLabel

from .categories import CategoryModel
from .facts import Facts
from .tree import Node


@dataclass(frozen=True, slots=True)
class SentimentPolicy:
    """How a score becomes a label (semantics V3). Comparisons are strict (V20)."""

    frustrated_below: float
    angry_below: float
    calm_above: float
    confirmations: int


@dataclass(frozen=True, slots=True)
class CourtesyPolicy:
    """What is nothing but thanks (semantics R2): up to `most_words`, each in the list of one language, not
    later than `within` after the solution.
    """

    within: timedelta
    most_words: int
    words: Mapping[str, tuple[str, ...]]


@dataclass(frozen=True, slots=True)
class FloorRule:
    """A ticket for which `condition` holds has at least this priority (semantics P4)."""

    condition: str
    priority: Priority
    tree: Node


@dataclass(frozen=True, slots=True)
class CategoryRule:
    """A text with one of `phrases` is about `category`; with a `language`, only in texts of that one."""

    phrases: tuple[str, ...]
    category: str
    language: str | None = None


@dataclass(frozen=True, slots=True)
class TriagePolicy:
    """Classification on arrival (semantics P5).

    `urgent_signals` are the word groups that raise urgency to high before the matrix is read (V4).
    `phrases` are read for a priority when the source names neither impact nor urgency (P7).
    `cancelling_phrases` take the meaning out of a word inside them, and words spelt exactly as in
    `names` are people, not words; after one of `negations`, over any number of words of
    `between_negations`, a word means nothing (V17).

    The category of a text is that of the first of `category_rules` that fits, else the judgement of its
    language's model; a text in a language without one, or in an unknown one, is judged by the first.
    """

    matrix: Mapping[tuple[Grade, Grade], Priority]
    floor_rules: tuple[FloorRule, ...]
    floor_matches: Callable[[Facts], tuple[int, ...]]
    categories: tuple[str, ...]
    default_category: str
    category_aliases: Mapping[str, str]
    category_rules: tuple[CategoryRule, ...]
    category_models: Mapping[str, CategoryModel]
    complexity_phrases: Mapping[Complexity, tuple[str, ...]]
    channels: tuple[str, ...]
    word_groups: Mapping[str, tuple[str, ...]]
    cancelling_phrases: tuple[str, ...]
    names: tuple[str, ...]
    negations: tuple[str, ...]
    between_negations: tuple[str, ...]
    urgent_signals: tuple[str, ...]
    phrases: Mapping[Priority, tuple[str, ...]]
    sentiment: SentimentPolicy
    courtesy: CourtesyPolicy

    def priority(self, impact: Grade, urgency: Grade) -> Priority:
        """The cell of the matrix (semantics P6)."""
        return self.matrix[impact, urgency]

    def floors(self, facts: Facts) -> Priority | None:
        """The highest priority that a matching "at least" rule asks for, None if none matches (P4)."""
        matching = [self.floor_rules[n].priority for n in self.floor_matches(facts)]
        return min(matching, key=lambda priority: priority.rank, default=None)

    def category_of(self, alias: str | None) -> str:
        """The category called `alias`, in any case or by another name; else the default one."""
        return self.known_category(alias) or self.default_category

    def known_category(self, alias: str | None) -> str | None:
        """The category called `alias`, in any case or by another name, if there is one."""
        wanted = (alias or "").strip().lower()
        wanted = self.category_aliases.get(wanted, wanted)
        return wanted if wanted in self.categories else None

    def label(self, score: float) -> SentimentLabel:
        """The label of one message alone, before confirmations and words are looked at (V3)."""
        if score < self.sentiment.angry_below:
            return SentimentLabel.ANGRY
        if score < self.sentiment.frustrated_below:
            return SentimentLabel.FRUSTRATED
        return SentimentLabel.CALM
