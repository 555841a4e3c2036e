"""From the valid section `triage` to the frozen value intake uses."""

from __future__ import annotations

from collections.abc import Mapping

from .categories import CategoryModel
from .compiler import compile_all
from .document import Document
from .names import Names
from .triage import CategoryRule, CourtesyPolicy, FloorRule, SentimentPolicy, TriagePolicy


def build_triage(
    document: Document, names: Names, models: Mapping[str, CategoryModel]
) -> TriagePolicy:
    """What intake needs; `models` are the category models by language, read already."""
    triage = document.triage
    sentiment = triage.sentiment
    return TriagePolicy(
        matrix={(i, u): p for i, row in triage.priority_matrix.items() for u, p in row.items()},
        floor_rules=tuple(
            FloorRule(rule.condition.text, rule.priority, rule.condition.tree)
            for rule in triage.at_least
        ),
        floor_matches=compile_all([rule.condition.tree for rule in triage.at_least]),
        categories=triage.categories,
        default_category=triage.default_category,
        category_aliases=names.tables["category"],
        category_rules=tuple(
            CategoryRule(rule.phrases, rule.category, rule.language)
            for rule in triage.category_rules
        ),
        category_models=models,
        complexity_phrases=triage.complexity_phrases,
        channels=triage.channels,
        word_groups=triage.signals,
        cancelling_phrases=triage.cancelling_phrases,
        names=triage.names,
        negations=triage.negations.words,
        between_negations=triage.negations.between,
        urgent_signals=triage.urgent_signals,
        phrases=triage.phrases,
        sentiment=SentimentPolicy(
            frustrated_below=sentiment.frustrated_below,
            angry_below=sentiment.angry_below,
            calm_above=sentiment.calm_above,
            confirmations=sentiment.frustrated_confirmations,
        ),
        courtesy=CourtesyPolicy(
            within=triage.courtesy.within,
            most_words=triage.courtesy.most_words,
            words=triage.courtesy.words,
        ),
    )
