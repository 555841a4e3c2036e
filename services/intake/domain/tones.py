"""How a text sounds, in [-1, 1]: what every scorer shares, and a word-list scorer (semantics V3).

A sentence counts by its own strength, so a polite frame around an angry sentence does not calm it, and a
long text sounds like its strongest sentences, not like its length.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

#: What is read of a text: whoever is angry says so before this.
READ_CHARACTERS: Final = 4000

#: A sentence without an end is cut, so that no scorer meets an endless one.
SENTENCE_WORDS: Final = 60

#: A negation counts for this many words after it, and turns a tone by this factor.
NEGATION_REACH: Final = 3
NEGATED: Final = -0.7

#: What an intensity word before a word, and an exclamation mark behind the sentence, add.
STRONGER: Final = 1.25
EXCLAIMED: Final = 1.1

#: A sum of valences becomes a score by sum / sqrt(sum² + this), as VADER does.
SATURATION: Final = 15.0

_END: Final = re.compile(r"(?<=[.!?])\s+|\n+")
_WORD: Final = re.compile(r"[\w']+")


@dataclass(frozen=True, slots=True)
class Tones:
    """What the words of a language sound like, from -4 to 4. All folded; phrases have two or three words."""

    words: Mapping[str, float]
    phrases: Mapping[str, float]
    negations: frozenset[str]
    stronger: frozenset[str]


def tone_of_text(text: str, tone_of: Callable[[str], float]) -> float:
    """The tone of a text from those of its sentences, each weighted by its own strength."""
    tones = [tone_of(sentence) for sentence in _sentences(text)]
    strength = sum(abs(tone) for tone in tones)
    return sum(tone * abs(tone) for tone in tones) / strength if strength else 0.0


def tone_of_sentence(sentence: str, tones: Tones) -> float:
    """The tone of one sentence by the words of its language."""
    words = _WORD.findall(sentence.casefold())
    total, place = 0.0, 0
    while place < len(words):
        valence, length = _found(words, place, tones)
        if valence:
            total += valence * _turn(words, place, tones)
        place += length
    if sentence.rstrip().endswith("!"):
        total *= EXCLAIMED
    return total / math.sqrt(total * total + SATURATION)


def with_phrases(sentence: str, phrases: Mapping[str, str]) -> str:
    """The sentence with every phrase replaced by the one word that stands for it."""
    folded = sentence.casefold()
    for phrase, word in phrases.items():
        if phrase in folded:
            sentence = re.sub(rf"\b{re.escape(phrase)}\b", word, sentence, flags=re.IGNORECASE)
    return sentence


def _sentences(text: str) -> Iterator[str]:
    for sentence in _END.split(text[:READ_CHARACTERS]):
        words = sentence.split()
        for start in range(0, len(words), SENTENCE_WORDS):
            yield " ".join(words[start : start + SENTENCE_WORDS])


def _found(words: Sequence[str], place: int, tones: Tones) -> tuple[float, int]:
    """The valence at `place` and how many words carry it: phrases before their words."""
    for length in (3, 2):
        phrase = " ".join(words[place : place + length])
        if phrase in tones.phrases:
            return tones.phrases[phrase], length
    return tones.words.get(words[place], 0.0), 1


def _turn(words: Sequence[str], place: int, tones: Tones) -> float:
    before = words[max(0, place - NEGATION_REACH) : place]
    factor = STRONGER if place and words[place - 1] in tones.stronger else 1.0
    return factor if tones.negations.isdisjoint(before) else factor * NEGATED
