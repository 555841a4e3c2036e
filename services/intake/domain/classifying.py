"""What a text is about, how hard it is and in which language it is written, each with its reason.

What the source gives wins over what is read; `Evidence.value` is the value itself.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Final, TypeAlias

from shared.contracts.vocabulary import Complexity
from shared.policy import TriagePolicy

from .evidence import Evidence
from .phrases import PhraseFinder, Words

Detect: TypeAlias = Callable[[str], tuple[str, float] | None]
"""The language of a text with its score from 0 to 1, None where it is unsure. Reads no more than it needs."""

#: A source's language as `en`, `en-GB`, `en_US`.
_LANGUAGE: Final = re.compile(r"([A-Za-z]{2,3})(?:[-_].*)?")

#: What machines write and people only copy: traces of programs, codes of errors.
_TRACE: Final = re.compile(
    r"Traceback \(most|\b[A-Z]\w*(?:Exception|Error)\b|\b0x[0-9A-Fa-f]{4,}\b"
    r"|\b(?:ERR|SQLSTATE|ORA|E)[-_][A-Z0-9_]{3,}\b"
)
#: One of these stands in every text in which that could be found.
_TRACE_HINTS: Final = ("Exception", "Error", "Traceback", "0x", "ERR", "SQLSTATE", "ORA-", "E_")


def undetected(_: str) -> None:
    """Where no language is detected."""


def language_of(given: str | None, text: str, detect: Detect) -> Evidence | None:
    """The source's word for the language, else what the text shows; None where that is unsure."""
    if given and (known := _LANGUAGE.fullmatch(given.strip())):
        return Evidence(field="language", value=known[1].lower(), rule="given")
    if (found := detect(text)) is None:
        return None
    language, score = found
    return Evidence(field="language", value=language, rule="detected", score=round(score, 3))


def category_of(
    given: str | None,
    words: Words,
    language: str | None,
    triage: TriagePolicy,
    rules: PhraseFinder,
) -> Evidence:
    """A category of the workflow: given, by the first rule that fits, by the model, else the default.

    `rules` finds the phrases of the workflow's category rules, each under its number.
    """
    if known := triage.known_category(given):
        return Evidence(field="category", value=known, rule="given", words=(given or "",))
    found = rules.evidence(words)
    for number, phrases in found.items():
        rule = triage.category_rules[int(number)]
        if rule.language in {None, language}:
            return Evidence(field="category", value=rule.category, rule="rule", words=phrases)
    models = triage.category_models
    model = models.get(language or "") or next(iter(models.values()), None)
    judged = model.judge(words.folded, words.present) if model else None
    if model is None or judged is None:
        return Evidence(field="category", value=triage.default_category, rule="default")
    is_sure = judged.probability >= model.threshold
    return Evidence(
        field="category",
        value=judged.category if is_sure else triage.default_category,
        rule="model" if is_sure else "unsure",
        words=judged.words,
        score=round(judged.probability, 3),
    )


def complexity_of(
    given: Complexity | None, text: str, words: Words, phrases: PhraseFinder
) -> Evidence:
    """The highest complexity that a phrase shows; the trace of a machine is technical (l2)."""
    if given is not None:
        return Evidence(field="complexity", value=given.value, rule="given")
    found = phrases.evidence(words)
    highest = max(found, default=Complexity.L1.value)
    if highest < Complexity.L2.value and (trace := _trace_in(text)):
        return Evidence(field="complexity", value=Complexity.L2.value, rule="trace", words=(trace,))
    if not found:
        return Evidence(field="complexity", value=highest, rule="default")
    return Evidence(field="complexity", value=highest, rule="phrase", words=found[highest])


def _trace_in(text: str) -> str | None:
    """What only a machine would have written in `text`, code included."""
    if not any(hint in text for hint in _TRACE_HINTS):
        return None
    found = _TRACE.search(text)
    return found[0] if found else None
