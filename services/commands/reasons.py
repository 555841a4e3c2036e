"""Why a ticket's values are what they are, in words: for `tierline ticket` and `tierline workflow explain`."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from itertools import groupby
from typing import Final

from services.intake.domain.evidence import Evidence

#: What a rule is called; where it has words, they follow.
_RULES: Final[Mapping[str, str]] = {
    "given": "given",
    "default": "nothing says otherwise",
    "matrix": "by",
    "phrase": "by the words",
    "word": "by the words",
    "rule": "by the rule for",
    "model": "judged by",
    "unsure": "too unsure by",
    "trace": "by a program's trace",
    "floor": "at least, by",
    "bump": "one step up, by the words",
    "detected": "detected",
    "30 days": "counted over 30 days",
}

#: What is measured where there is a score.
_SCORES: Final[Mapping[str, Callable[[float], str]]] = {
    "sentiment": lambda score: f"score {score:.2f}",
    "duplicate": lambda score: f"likeness {score:.0f} of 100",
}


def reasons(evidence: Iterable[Evidence]) -> Iterator[str]:
    """One text a value: `priority high (by impact medium, urgency high)`. A value that came about in
    steps shows each of them.
    """
    for field, found in groupby(evidence, key=lambda one: one.field):
        if field == "signals":
            yield from (f"signal {one.value} ({_because(one)})" for one in found)
        else:
            yield f"{field} " + " → ".join(f"{one.value} ({_because(one)})" for one in found)


def _because(one: Evidence) -> str:
    words = ", ".join(_printable(word) for word in one.words)
    rule = _RULES.get(one.rule, one.rule.replace("_", " "))
    score = ""
    if one.score is not None:
        score = _SCORES.get(one.field, "likelihood {:.0%}".format)(one.score)
    return ", ".join(part for part in (f"{rule} {words}".strip(), score) if part)


def _printable(word: str) -> str:
    """A word may come from anybody: no control characters in a terminal."""
    return "".join(c if c.isprintable() else " " for c in word)
