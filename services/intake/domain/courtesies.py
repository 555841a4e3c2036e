"""The words of courtesy: does a text say nothing but thanks (semantics R2)?"""

from __future__ import annotations

from typing import Final

from shared.policy.triage import CourtesyPolicy

from .phrases import Words
from .signals import written_by_sender

#: Whoever asks wants an answer, in whatever script.
_QUESTION_MARKS: Final = frozenset("?¿？؟")


def asks(text: str) -> bool:
    """Whether there is a question mark in `text`."""
    return not _QUESTION_MARKS.isdisjoint(text)


class Courtesies:
    """The workflow's lists, made ready for reading texts.

    A text is a courtesy in the language whose list holds all of its words: in which one it is written
    need not be known, which a short text hardly shows.
    """

    def __init__(self, rules: CourtesyPolicy) -> None:
        self._most_words = rules.most_words
        self._lists = [
            frozenset(word for entry in entries for word in Words(entry).folded)
            for entries in rules.words.values()
        ]

    def are_all_of(self, body: str) -> bool:
        """Whether what the sender wrote, quotes and signatures apart (V1), is short and nothing else."""
        text = written_by_sender(body)
        if asks(text):
            return False
        said = Words(text)
        if not 0 < len(said.folded) <= self._most_words:
            return False
        return any(said.present <= known for known in self._lists)
