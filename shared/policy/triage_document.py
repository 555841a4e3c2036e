"""The shape of the workflow file's section `triage`."""

from __future__ import annotations

from typing import Annotated

from pydantic import BeforeValidator, Field

from shared.contracts.vocabulary import Complexity, Grade, Priority

from .kinds import (
    CategoryName,
    Duration,
    Language,
    LowerSlug,
    Section,
    SignalName,
    TriageCondition,
    Word,
    word_of,
)

PriorityWord = Annotated[Priority, BeforeValidator(word_of(Priority, "priority"))]
GradeWord = Annotated[Grade, BeforeValidator(word_of(Grade, "grade"))]
ComplexityWord = Annotated[Complexity, BeforeValidator(word_of(Complexity, "complexity"))]


class AtLeastSection(Section):
    """Raises a priority, never lowers one (semantics P4)."""

    condition: TriageCondition
    priority: PriorityWord


class CategoryRuleSection(Section):
    """Phrases that settle a category, in texts of any language or of one."""

    phrases: Annotated[tuple[Word, ...], Field(min_length=1)]
    category: CategoryName
    language: Language | None = None


class NegationsSection(Section):
    """A word after one of `words` means nothing, also where words of `between` stand between them."""

    words: tuple[Word, ...] = ()
    between: tuple[Word, ...] = ()


class CourtesySection(Section):
    """A short message after the solution that says nothing but thanks (semantics R2)."""

    within: Duration
    most_words: Annotated[int, Field(ge=1, le=100)]
    words: dict[Language, tuple[Word, ...]]


class SentimentSection(Section):
    """Limits of the score (semantics V3)."""

    frustrated_below: Annotated[float, Field(ge=-1, le=1)]
    angry_below: Annotated[float, Field(ge=-1, le=1)]
    calm_above: Annotated[float, Field(ge=-1, le=1)]
    frustrated_confirmations: Annotated[int, Field(ge=1, le=10)]


class TriageSection(Section):
    """Classification on arrival."""

    categories: Annotated[tuple[LowerSlug, ...], Field(min_length=1)]
    default_category: CategoryName
    category_aliases: dict[LowerSlug, CategoryName] = Field(default_factory=dict)
    category_rules: tuple[CategoryRuleSection, ...] = ()
    category_models: dict[Language, Word] = Field(default_factory=dict)
    complexity_phrases: dict[ComplexityWord, tuple[Word, ...]] = Field(default_factory=dict)
    channels: tuple[LowerSlug, ...]
    priority_matrix: dict[GradeWord, dict[GradeWord, PriorityWord]]
    at_least: tuple[AtLeastSection, ...] = ()
    phrases: dict[PriorityWord, tuple[Word, ...]] = Field(default_factory=dict)
    signals: dict[LowerSlug, tuple[Word, ...]]
    urgent_signals: tuple[SignalName, ...] = ()
    cancelling_phrases: tuple[Word, ...] = ()
    negations: NegationsSection = NegationsSection()
    names: tuple[Word, ...] = ()
    courtesy: CourtesySection
    sentiment: SentimentSection
