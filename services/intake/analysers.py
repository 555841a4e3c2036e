"""How a message sounds (semantics V3). Slow to load and not quick to run: called in a thread, off the hot path."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING, Final

from .domain.signals import written_by_sender
from .domain.tone_words import TONES
from .domain.tones import tone_of_sentence, tone_of_text, with_phrases
from .english_tones import NEUTRAL, PHRASES, WORDS

if TYPE_CHECKING:
    from vaderSentiment.vaderSentiment import SentimentIntensityAnalyzer

ENGLISH: Final = "en"

#: A phrase becomes one word that the lexicon knows.
_PHRASE_WORDS: Final = {phrase: phrase.replace(" ", "_") for phrase in PHRASES}


def sentiment_score(text: str, language: str | None) -> float | None:
    """How the writer of `text` sounds, -1 to 1; None in a language without a scorer.

    Quotes and signatures are no part of it (V1).
    """
    written = written_by_sender(text)
    if language == ENGLISH:
        return round(tone_of_text(written, _english), 4)
    if tones := TONES.get(language or ""):
        return round(tone_of_text(written, lambda sentence: tone_of_sentence(sentence, tones)), 4)
    return None


def _english(sentence: str) -> float:
    scores = _vader().polarity_scores(with_phrases(sentence, _PHRASE_WORDS))
    return float(scores["compound"])


@cache
def _vader() -> SentimentIntensityAnalyzer:
    """VADER with what support tickets taught it; loaded when the first text needs it, once."""
    from vaderSentiment.vaderSentiment import SentimentIntensityAnalyzer

    vader = SentimentIntensityAnalyzer()
    for word in NEUTRAL:
        vader.lexicon.pop(word, None)
    vader.lexicon.update(WORDS)
    vader.lexicon.update({_PHRASE_WORDS[phrase]: tone for phrase, tone in PHRASES.items() if tone})
    return vader
