"""Named phrases found in a text: whole words only, and the exceptions to them (semantics V1, V17).

A text is cut into words once (`Words`) and looked at by every list of the workflow; what a list looks at
is only where one of its first words stands, so a text without any costs next to nothing.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Final

#: How much of a text is read: what is said later than this is not what the writer came to say.
READ_CHARACTERS: Final = 20_000

_WORD: Final = re.compile(r"\w+")

#: Everything in ASCII that is no part of a word, to a space.
_TO_SPACES: Final = {n: " " for n in range(128) if not (chr(n).isalnum() or chr(n) == "_")}

#: What may stand between the words of a phrase.
_JOINTS: Final = frozenset(" \t\r\n-_/'’\u00a0")

#: Paths, addresses and prompts, in what stands between two blanks: /media/disk, ana@legal.example.
_CODE: Final = re.compile(r"""^["'(<\[]*[/~\\$]|://|@|\\|^["'(<\[]*www\.""")
_LONGEST_PIECE: Final = 100

#: How many words may stand between a negation and what it takes back: "not at all that urgent".
_MOST_BETWEEN: Final = 3


class Words:
    """The words of one text: `folded` to be compared, the set of those `present`, and as written.

    Where they stand is found out when somebody asks: most texts hold nothing that is looked for.
    """

    __slots__ = ("_normal", "_pieces", "_searched", "_starts", "folded", "present")

    def __init__(self, text: str) -> None:
        self._normal = unicodedata.normalize("NFKC", text[:READ_CHARACTERS])
        if self._normal.isascii():
            self._searched = self._normal.lower()
            self._pieces = self.folded = self._searched.translate(_TO_SPACES).split()
        else:
            self._searched = self._normal
            self._pieces = list(_pieces(self._normal))
            self.folded = [*map(str.casefold, self._pieces)]
        self.present = frozenset(self.folded)
        self._starts: list[int] = []

    def are_joined(self, place: int) -> bool:
        """Whether nothing but a joint stands between the word at `place` and the one before it."""
        if place == 0:
            return False
        start, before = self._start(place), self._start(place - 1)
        return _JOINTS.issuperset(self._normal[before + len(self._pieces[place - 1]) : start])

    def written(self, place: int) -> str:
        """The word at `place` as it was written."""
        start = self._start(place)
        return self._normal[start : start + len(self._pieces[place])]

    def is_code(self, place: int) -> bool:
        """Whether the word at `place` is a part of a path or an address, and so none of a sentence."""
        start = self._start(place)
        end = start + len(self._pieces[place])
        before = self._normal[max(start - _LONGEST_PIECE, 0) : start]
        after = self._normal[end : end + _LONGEST_PIECE]
        head = "" if not before or before[-1].isspace() else before.rsplit(None, 1)[-1]
        tail = "" if not after or after[0].isspace() else after.split(None, 1)[0]
        return bool(head or tail) and bool(_CODE.search(f"{head}w{tail}"))

    def places(self, word: str) -> Iterator[int]:
        """Where the folded `word` stands."""
        place = -1
        for _ in range(self.folded.count(word)):
            place = self.folded.index(word, place + 1)
            yield place

    def _start(self, place: int) -> int:
        """The character at which the word at `place` begins: words follow each other."""
        starts, pieces, find = self._starts, self._pieces, self._searched.index
        done = len(starts)
        if place >= done:
            end = starts[-1] + len(pieces[done - 1]) if starts else 0
            for piece in pieces[done : place + 1]:
                start = find(piece, end)
                starts.append(start)
                end = start + len(piece)
        return starts[place]


def _pieces(normal: str) -> Iterator[str]:
    """The words of any text; most of what blanks part is one word as it is."""
    for piece in normal.split():
        if piece.isalnum():
            yield piece
        else:
            yield from _WORD.findall(piece)


@dataclass(frozen=True, slots=True)
class _Phrase:
    """Words that mean `name` where they stand in a row. Words in capitals match in capitals only."""

    name: str
    words: list[str]
    later: frozenset[str]
    capitals: tuple[int, ...]

    def stands_at(self, text: Words, start: int) -> bool:
        """Whether the words of `text` from `start` on are this phrase."""
        length = len(self.words)
        return (
            start >= 0
            and text.folded[start : start + length] == self.words
            and all(text.are_joined(place) for place in range(start + 1, start + length))
            and all(text.written(start + n).isupper() for n in self.capitals)
        )


class Exceptions:
    """What takes the meaning out of a word: a phrase around it, a name, a negation before it (V17), or
    that it is no word of a sentence but a part of a path or an address.

    A negation holds over words of `between` and over nothing else: "not that urgent" is not urgent, "no
    answer, urgent" is.
    """

    def __init__(
        self,
        *,
        cancelling: Iterable[str] = (),
        names: Iterable[str] = (),
        negations: Iterable[str] = (),
        between: Iterable[str] = (),
    ) -> None:
        self._around: dict[str, list[tuple[_Phrase, int]]] = {}
        for phrase in _phrases(("", text) for text in cancelling):
            for offset, word in enumerate(phrase.words):
                self._around.setdefault(word, []).append((phrase, offset))
        self._names = frozenset(names)
        self._negations: dict[str, list[_Phrase]] = {}
        for phrase in _phrases(("", text) for text in negations):
            self._negations.setdefault(phrase.words[-1], []).append(phrase)
        self._between = frozenset(word.casefold() for word in between)

    def cancel(self, text: Words, start: int, length: int) -> bool:
        """Whether the `length` words from `start` on mean nothing here."""
        return (
            text.is_code(start)
            or self._is_negated(text, start)
            or all(self._means_nothing(text, place) for place in range(start, start + length))
        )

    def _means_nothing(self, text: Words, place: int) -> bool:
        return text.written(place) in self._names or any(
            phrase.stands_at(text, place - offset)
            for phrase, offset in self._around.get(text.folded[place], ())
        )

    def _is_negated(self, text: Words, start: int) -> bool:
        for place in range(start - 1, max(start - 2 - _MOST_BETWEEN, -1), -1):
            word = text.folded[place]
            negations = self._negations.get(word, ())
            if not (negations or word in self._between) or not text.are_joined(place + 1):
                return False
            if any(phrase.stands_at(text, place + 1 - len(phrase.words)) for phrase in negations):
                return True
            if word not in self._between:
                return False
        return False


class PhraseFinder:
    """Finds which named phrases stand in a text. Built once from the workflow, used for every text."""

    def __init__(
        self, groups: Mapping[str, Iterable[str]], exceptions: Exceptions | None = None
    ) -> None:
        self._order = tuple(groups)
        self._phrases: dict[str, list[_Phrase]] = {}
        for phrase in _phrases((name, text) for name, texts in groups.items() for text in texts):
            self._phrases.setdefault(phrase.words[0], []).append(phrase)
        self._first_words = frozenset(self._phrases)
        self._exceptions = exceptions or Exceptions()

    def find(self, text: str | Words) -> list[str]:
        """The names of the groups with a phrase in `text`, in the order they were given."""
        return list(self.evidence(text))

    def evidence(self, text: str | Words) -> dict[str, tuple[str, ...]]:
        """The same with the phrases found for each, as they were written, each spelling once."""
        words = text if isinstance(text, Words) else Words(text)
        if self._first_words.isdisjoint(words.present):
            return {}
        found: dict[str, dict[int, str]] = {}
        for first in self._first_words & words.present:
            possible = [one for one in self._phrases[first] if one.later <= words.present]
            for place in words.places(first) if possible else ():
                for phrase in possible:
                    if self._counts(phrase, words, place):
                        written = map(words.written, range(place, place + len(phrase.words)))
                        found.setdefault(phrase.name, {})[place] = " ".join(written)
        return {
            name: tuple(dict.fromkeys(text for _, text in sorted(found[name].items())))
            for name in self._order
            if name in found
        }

    def _counts(self, phrase: _Phrase, words: Words, place: int) -> bool:
        return phrase.stands_at(words, place) and not self._exceptions.cancel(
            words, place, len(phrase.words)
        )


def _phrases(named: Iterable[tuple[str, str]]) -> Iterator[_Phrase]:
    for name, text in named:
        words = Words(text)
        if words.folded:
            spelt = [words.written(place) for place in range(len(words.folded))]
            capitals = (n for n, word in enumerate(spelt) if word.isupper() and len(word) > 1)
            yield _Phrase(name, words.folded, frozenset(words.folded[1:]), tuple(capitals))
