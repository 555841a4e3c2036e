"""Word groups found in a text: whole words and phrases, in what the writer really wrote (semantics V1, V17).

Everything here is linear in the text: lines are cut away first, then words are looked up one by one.
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
_INLINE_CODE: Final = re.compile(r"`[^`\n]*`")
_FENCE: Final = ("```", "~~~")

#: Lines after which everything is somebody else's text.
_REPLY_MARK: Final = re.compile(r"-{2,} ?(original message|ursprüngliche nachricht)", re.IGNORECASE)
_FORWARD_MARK: Final = re.compile(
    r"-{2,} ?(forwarded message|weitergeleitete nachricht)", re.IGNORECASE
)
_INTRODUCTIONS: Final = (
    ("on ", "wrote:"),
    ("am ", "schrieb:"),
    ("le ", "écrit :"),
    ("el ", "escribió:"),
)

#: What may stand between the words of a phrase.
_JOINTS: Final = frozenset(" \t\r\n-_/\u00a0")


def written_by_sender(text: str) -> str:
    """`text` without quotes, signature, code and forwarded headers.

    A signature begins at a line `--`, a quoted mail at its introduction; both end the text.
    """
    kept = []
    in_code = in_header = False
    for line in text.splitlines():
        bare = line.strip()
        if bare == "--" or _REPLY_MARK.match(bare) or _introduces_quote(bare):
            break
        if bare.startswith(_FENCE):
            in_code = not in_code
        elif _FORWARD_MARK.match(bare):
            in_header = True
        elif in_header:
            in_header = bool(bare)
        elif not in_code and not bare.startswith(">"):
            kept.append(_INLINE_CODE.sub(" ", line))
    return "\n".join(kept)


def _introduces_quote(line: str) -> bool:
    folded = line.casefold()
    return any(folded.startswith(begin) and folded.endswith(end) for begin, end in _INTRODUCTIONS)


@dataclass(frozen=True, slots=True)
class _Word:
    """One word of a text: as written, folded, and whether a phrase may go on to it."""

    written: str
    folded: str
    joined: bool


@dataclass(frozen=True, slots=True)
class _Phrase:
    """Words that mean `name` where they stand in a row. Words in capitals match in capitals only."""

    name: str
    words: tuple[str, ...]
    capitals: tuple[bool, ...]

    def stands_at(self, text: list[_Word], start: int) -> bool:
        if start + len(self.words) > len(text):
            return False
        for offset, wanted in enumerate(self.words):
            word = text[start + offset]
            if word.folded != wanted or (offset and not word.joined):
                return False
            if self.capitals[offset] and word.written.upper() != word.written:
                return False
        return True


class PhraseFinder:
    """Finds which named phrases stand in a text. Built once from the workflow, used for every text.

    A match counts unless all of it lies inside a cancelling phrase, or is a name (V17).
    """

    def __init__(
        self,
        groups: Mapping[str, Iterable[str]],
        *,
        cancelling: Iterable[str] = (),
        names: Iterable[str] = (),
    ) -> None:
        self._order = tuple(groups)
        self._phrases = _index((name, text) for name, texts in groups.items() for text in texts)
        self._first_words = frozenset(self._phrases)
        self._cancelling = _index(("", text) for text in cancelling)
        self._names = frozenset(names)

    def find(self, text: str) -> list[str]:
        """The names of the groups with a phrase in `text`, in the order they were given."""
        normal = unicodedata.normalize("NFKC", text[:READ_CHARACTERS])
        if self._first_words.isdisjoint(_WORD.findall(normal.casefold())):
            return []  # most texts: not worth looking at word by word
        words = list(_words(normal))
        found: set[str] = set()
        cancelled: set[int] | None = None
        for start, word in enumerate(words):
            for phrase in self._phrases.get(word.folded, ()):
                if phrase.name in found or not phrase.stands_at(words, start):
                    continue
                if cancelled is None:
                    cancelled = self._cancelled(words)
                if not cancelled.issuperset(range(start, start + len(phrase.words))):
                    found.add(phrase.name)
        return [name for name in self._order if name in found]

    def _cancelled(self, words: list[_Word]) -> set[int]:
        places = {n for n, word in enumerate(words) if word.written in self._names}
        for start, word in enumerate(words):
            for phrase in self._cancelling.get(word.folded, ()):
                if phrase.stands_at(words, start):
                    places.update(range(start, start + len(phrase.words)))
        return places


def _index(phrases: Iterable[tuple[str, str]]) -> dict[str, list[_Phrase]]:
    by_first_word: dict[str, list[_Phrase]] = {}
    for name, text in phrases:
        if words := list(_words(unicodedata.normalize("NFKC", text))):
            phrase = _Phrase(
                name,
                tuple(word.folded for word in words),
                tuple(word.written.isupper() and len(word.written) > 1 for word in words),
            )
            by_first_word.setdefault(words[0].folded, []).append(phrase)
    return by_first_word


def _words(normal: str) -> Iterator[_Word]:
    end = 0
    for match in _WORD.finditer(normal):
        written = match[0]
        joined = _JOINTS.issuperset(normal[end : match.start()])
        end = match.end()
        yield _Word(written, written.casefold(), joined)
