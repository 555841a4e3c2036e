"""A category model as a file: by category and weight, the words that speak for it (docs/workflow-yaml.md)."""

from __future__ import annotations

import json
import math
import re
import unicodedata
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Final

from .categories import CategoryModel
from .problems import Problem, WorkflowError, nearest
from .source import Source, read_source

#: Below this probability a category is unsure, unless the file says otherwise.
DEFAULT_THRESHOLD: Final = 0.5

_KEYS: Final = ("threshold", "bias", "words")
_WORD: Final = re.compile(r"\w+")
_MOST_WORDS: Final = 2
_MOST_WEIGHT: Final = 100.0


def read_model(text: str, name: str, categories: Mapping[str, str]) -> CategoryModel:
    """The model that `text` describes; `categories` are the canonical names by every spelling.

    Raises WorkflowError with the place of everything that is wrong.
    """
    return _Reading(read_source(text, name), categories).model()


def model_text(model: CategoryModel, support: Mapping[str, int], comment: str) -> str:
    """The file of `model`, the strongest words first; `support` is in how many texts a word was found."""
    lines = [f"# {line}" for line in comment.splitlines()]
    lines.append(f"threshold: {model.threshold:g}")
    lines.append("bias:")
    lines += [
        f"  {json.dumps(name, ensure_ascii=False)}: {value:g}" for name, value in model.bias.items()
    ]
    lines.append("words:")
    for category, weights in model.weights.items():
        lines.append(f"  {json.dumps(category, ensure_ascii=False)}:")
        by_weight: dict[str, list[str]] = {}
        for word, weight in sorted(weights.items(), key=lambda one: (-one[1], one[0])):
            by_weight.setdefault(f"{weight:g}", []).append(word)
        for spelt, words in by_weight.items():
            counts = ", ".join(str(support[word]) for word in words)
            lines.append(f'    {spelt}: "{", ".join(words)}"  # in {counts}')
    return "\n".join(lines) + "\n"


@dataclass(slots=True)
class _Reading:
    """One pass over a file, collecting problems."""

    source: Source
    categories: Mapping[str, str]
    problems: list[Problem] = field(default_factory=list)

    def model(self) -> CategoryModel:
        data = self.source.data
        for key in data:
            if key not in _KEYS:
                self._wrong((key,), f'no field "{key}"', nearest(key, _KEYS), key=True)
        threshold = self._number(("threshold",), data.get("threshold", DEFAULT_THRESHOLD), 0, 1)
        weights = {
            category: self._words(category, spelt) for category, spelt in self._by_category("words")
        }
        bias = dict.fromkeys(weights, 0.0)
        for category, spelt in self._by_category("bias"):
            path = ("bias", spelt)
            bias[category] = self._number(path, self._at("bias", spelt))
        if len(bias) < 2:
            self._wrong(("words",), "words for two categories are expected at least")
        if self.problems:
            raise WorkflowError(self.problems)
        return CategoryModel(threshold, bias, weights)

    def _by_category(self, key: str) -> Iterator[tuple[str, str]]:
        """The categories under `key`, as they are called and as they are spelt there."""
        for spelt in self._mapping((key,), self.source.data.get(key, {})):
            if spelt.lower() in self.categories:
                yield self.categories[spelt.lower()], spelt
            else:
                near = nearest(spelt, self.categories)
                self._wrong((key, spelt), f'no category "{spelt}"', near, key=True)

    def _words(self, category: str, spelt: str) -> dict[str, float]:
        """The weights of one category by word."""
        weights: dict[str, float] = {}
        found = self._mapping(("words", spelt), self._at("words", spelt))
        for weight_text, listed in found.items():
            path = ("words", spelt, weight_text)
            weight = self._number(path, weight_text, -_MOST_WEIGHT, _MOST_WEIGHT, key=True)
            for written in str(listed).split(","):
                word = _folded(written)
                if not 1 <= len(word.split()) <= _MOST_WORDS:
                    self._wrong(path, f'one word or two are expected, not "{written.strip()}"')
                elif word in weights:
                    self._wrong(path, f'"{word}" is given twice for {category}')
                weights[word] = weight
        return weights

    def _at(self, key: str, spelt: str) -> object:
        return self._mapping((key,), self.source.data[key])[spelt]

    def _mapping(self, path: tuple[str, ...], value: object) -> Mapping[str, object]:
        if isinstance(value, Mapping):
            return value
        self._wrong(path, "a mapping of keys to values is expected")
        return {}

    def _number(
        self,
        path: tuple[str, ...],
        value: object,
        least: float = -_MOST_WEIGHT,
        most: float = _MOST_WEIGHT,
        *,
        key: bool = False,
    ) -> float:
        try:
            number = float(str(value))
        except ValueError:
            number = math.nan
        if not least <= number <= most:
            self._wrong(path, f"a number from {least:g} to {most:g} is expected", key=key)
            return 0.0
        return number

    def _wrong(
        self, path: tuple[str, ...], message: str, near: str | None = None, *, key: bool = False
    ) -> None:
        line, column = self.source.place(path, key=key)
        dotted = ".".join(path)
        self.problems.append(Problem(self.source.name, line, column, dotted, message, near))


def _folded(written: str) -> str:
    """Words as they are compared: no case, one blank between them."""
    normal = unicodedata.normalize("NFKC", written).casefold()
    return " ".join(_WORD.findall(normal))
