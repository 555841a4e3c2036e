"""How well languages are told apart: real English questions, and sentences of ours in eleven languages."""

from __future__ import annotations

import time
from collections import Counter

from ruamel.yaml import YAML

from services.intake.languages import Languages
from tests.support.figures import Figure

from .data import LABELS, questions


def measure() -> list[Figure]:
    """The figures; needs `../shared/data` beside the checkout and takes a second."""
    languages = Languages()
    sentences: dict[str, list[str]] = YAML(typ="safe").load(LABELS / "languages.yaml")
    ours = [(language, text) for language, texts in sentences.items() for text in texts]
    theirs = [("en", text) for text in questions().values()]
    began = time.process_time()
    figures = [
        *_shares("language, our sentences in 11 languages", languages, ours),
        *_shares("language, questions about Ubuntu", languages, theirs),
    ]
    spent = time.process_time() - began
    count = len(ours) + len(theirs)
    return [*figures, Figure("language, detecting", 1e6 * spent / count, "µs CPU a text")]


def _shares(name: str, languages: Languages, texts: list[tuple[str, str]]) -> list[Figure]:
    said: Counter[str] = Counter()
    for expected, text in texts:
        found = languages.detect(text)
        said["unsure" if found is None else "right" if found[0] == expected else "wrong"] += 1
    total = len(texts)
    return [
        Figure(
            f"{name}: right of {total}",
            said["right"] / total,
            "share",
            "≥ 0.9",
            said["right"] >= 0.9 * total,
        ),
        Figure(f"{name}: unsure", said["unsure"] / total, "share"),
        Figure(f"{name}: wrong", said["wrong"] / total, "share"),
    ]
