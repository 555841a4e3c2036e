"""What a word that nobody knows may have meant."""

from __future__ import annotations

from collections.abc import Iterable
from difflib import get_close_matches


def meant(word: str, known: Iterable[str]) -> str:
    """The end of a sentence about an unknown `word`: what it looks like, and what there is."""
    names = list(known)
    close = get_close_matches(word.lower(), names, n=1)
    guess = f"; did you mean {close[0]!r}?" if close else ""
    return f"{guess} (there is {', '.join(names)})"
