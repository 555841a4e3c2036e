"""How alike two tickets are: near-identical ones of one requester, and tickets about the same thing (semantics M5).

*Likeness* compares words as they stand and decides; the *alikeness* of profiles weighs words by how rare
they are and only suggests.
"""

from __future__ import annotations

import math
import re
import unicodedata
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from functools import lru_cache
from typing import Final
from uuid import UUID
from zlib import crc32

from rapidfuzz import fuzz

from .ticket import Ticket
from .transitions import SETTLED

#: The strict rule (N2.43): tickets opened within this time, this much alike, may be one.
STRICT_WINDOW: Final = timedelta(hours=24)
STRICT_LIKENESS: Final = 95.0

#: A word as like another as this is that word, misspelt; up to so many letters it does not mean much.
_SLIP: Final = 85.0
_SHORT_WORD: Final = 3

#: From this likeness on another ticket of the same requester is suggested (N2.43).
SUGGESTED_LIKENESS: Final = 80.0

#: From this alikeness on anybody's ticket is shown to who asks, and from this on it is told without being
#: asked for: every second such pair was marked as a duplicate by people (docs/quality.md).
SUGGESTED_ALIKENESS: Final = 10.0
TOLD_ALIKENESS: Final = 35.0

#: How many tickets are suggested for one.
MOST_SUGGESTIONS: Final = 5

#: How much of a text is compared, in characters: the matter stands at its beginning.
COMPARED_CHARACTERS: Final = 4000

#: What is longer is no word: a token, a key, a line of a picture.
_LONGEST_WORD: Final = 60

#: A word is looked for by its stem, from this many letters on.
_STEM_LETTERS: Final = 4
_ENDINGS: Final = ("ing", "ies", "ed", "es", "ly", "s", "y", "e")

_BETWEEN_WORDS: Final = re.compile(r"[\W_]+")
_LONG_NUMBER: Final = re.compile(r"\d\D*\d\D*\d")


def comparable(subject: str, written: str) -> str:
    """What a ticket is about, as words: those of its subject on the first line, its text's on the second.

    What is beyond the beginning of a long text is there as one number, so that it still tells texts apart.
    """
    text, rest = written[:COMPARED_CHARACTERS], written[COMPARED_CHARACTERS:]
    if written.strip() == subject.strip():
        text = rest = ""
    if rest:
        text = f"{text} rest{crc32(_words(rest).encode())}"
    return f"{_words(subject)}\n{_words(text)}"


def likeness(one: str, other: str) -> float:
    """How near two comparable texts are to saying the same in the same words, 0 to 100.

    Words may change places, but what only one of them says counts against it: a short text is not the
    same as a long one that has all its words.
    """
    return fuzz.token_sort_ratio(one, other)


def overlap(one: str, other: str) -> float:
    """How much of the shorter one is in the longer one, 0 to 100: enough to suggest, not to decide."""
    return fuzz.token_set_ratio(one, other)


def tell_apart(one: str, other: str) -> bool:
    """Whether single words make two texts different, however long what they have in common is.

    Numbers and names with digits in them do: 8812 and 8813, web1 and web2 (M5). And so does every word that
    is in one only, but for slips of the pen and, on one side, for words too short to mean much: forms differ
    in nothing but what was ordered, by whom, and where to.
    """
    if _figures(one) != _figures(other):
        return True
    here, there = Counter(one.split()), Counter(other.split())
    only_here, only_there = list((here - there).elements()), list((there - here).elements())
    for word in list(only_here):
        slip = next((said for said in only_there if fuzz.ratio(word, said) >= _SLIP), None)
        if slip is not None:
            only_here.remove(word)
            only_there.remove(slip)
    if only_here and only_there:
        return True
    return any(len(word) > _SHORT_WORD for word in (*only_here, *only_there))


def are_the_same(one: str, other: str) -> bool:
    """The half of the strict rule that texts decide (M5)."""
    return likeness(one, other) >= STRICT_LIKENESS and not tell_apart(one, other)


def may_be_merged(one: Ticket, other: Ticket) -> bool:
    """The half of the strict rule that tickets decide: same requester and category, both open, a day (M5)."""
    return (
        one.customer_id == other.customer_id
        and one.category == other.category
        and _is_open(one)
        and _is_open(other)
        and abs(one.opened_at - other.opened_at) <= STRICT_WINDOW
    )


@lru_cache(maxsize=50_000)
def stem(word: str) -> str:
    """The beginning of `word` that it shares with its other forms; always a prefix of it."""
    for ending in _ENDINGS:
        if word.endswith(ending) and len(word) - len(ending) >= _STEM_LETTERS:
            rest = word.removesuffix(ending)
            doubled = rest[-1] == rest[-2] and rest[-1] not in "lsz"
            return rest[:-1] if doubled and ending in {"ing", "ed"} else rest
    return word


@dataclass(frozen=True, slots=True)
class Rarity:
    """How rare stems are: the share of texts that have them, of those that are common enough to be known."""

    shares: Mapping[str, float]
    unknown: float
    texts: float

    @classmethod
    def of(cls, words: Iterable[tuple[str, float]], texts: float) -> Rarity:
        """From the shares of words and the number of texts. A word without a share is rarer than all with one."""
        shares: dict[str, float] = {}
        for word, share in words:
            shares[stem(word)] = min(1.0, shares.get(stem(word), 0.0) + share)
        return cls(shares, min(shares.values(), default=1.0) / 2, max(texts, 1.0))

    def weight(self, stemmed: str) -> float:
        """What a stem says: nothing when everybody uses it."""
        return math.log((1 + self.texts) / (1 + self.expected(stemmed)))

    def expected(self, stemmed: str) -> float:
        """In how many texts a stem is likely to be."""
        return self.shares.get(stemmed, self.unknown) * self.texts


@dataclass(frozen=True, slots=True)
class Profile:
    """What a ticket is about: its words, and those of its subject, by weight; each of length 1."""

    whole: Mapping[str, float]
    subject: Mapping[str, float]


def telling(of: Profile, rarity: Rarity, *, most: int, at_most_in: int) -> list[tuple[str, float]]:
    """The stems that tell the most about a ticket, and how much; of equal ones the longest.

    Those in too many texts tell too little for what looking for them costs, unless there are no others.
    """
    weights = {word: tells + of.subject.get(word, 0.0) for word, tells in of.whole.items()}
    ordered = sorted(weights.items(), key=lambda pair: (-pair[1], -len(pair[0]), pair[0]))
    rare = [pair for pair in ordered if rarity.expected(pair[0]) <= at_most_in]
    return (rare or ordered)[:most]


def profile(text: str, rarity: Rarity) -> Profile:
    """The profile of a comparable text."""
    subject = text.partition("\n")[0]
    return Profile(_weighted(text.split(), rarity), _weighted(subject.split(), rarity))


def alikeness(one: Profile, other: Profile) -> float:
    """How much two tickets are about the same, 0 to 100: whole by whole, and each subject in the other's whole."""
    subjects = (_product(one.subject, other.whole) + _product(one.whole, other.subject)) / 2
    return 50.0 * (_product(one.whole, other.whole) + subjects)


@dataclass(frozen=True, slots=True)
class Candidate:
    """A ticket that may be the same as one just read. `text` is comparable."""

    ticket_id: UUID
    text: str
    is_same_requester: bool


@dataclass(frozen=True, slots=True)
class Suggested:
    """A candidate worth showing, with its score from 0 to 100. `is_likely`: worth telling, too."""

    candidate: Candidate
    score: float
    is_likely: bool


def suggested(
    text: str, candidates: Sequence[Candidate], rarity: Rarity, *, most: int = MOST_SUGGESTIONS
) -> list[Suggested]:
    """The candidates worth showing, the best first.

    Of the same requester those that say nearly the same; of anybody those about the same.
    """
    own = profile(text, rarity)
    found = []
    for candidate in candidates:
        score = alikeness(own, profile(candidate.text, rarity))
        near = overlap(text, candidate.text) if candidate.is_same_requester else 0.0
        if near >= SUGGESTED_LIKENESS:
            found.append(Suggested(candidate, round(max(score, near), 1), is_likely=True))
        elif score >= SUGGESTED_ALIKENESS:
            found.append(Suggested(candidate, round(score, 1), score >= TOLD_ALIKENESS))
    found.sort(key=lambda one: (-one.score, one.candidate.ticket_id))
    return found[:most]


def _is_open(ticket: Ticket) -> bool:
    return ticket.status not in SETTLED and ticket.merged_into is None


def _words(text: str) -> str:
    plain = unicodedata.normalize("NFKC", text).casefold()
    return " ".join(
        word for word in _BETWEEN_WORDS.sub(" ", plain).split() if len(word) <= _LONGEST_WORD
    )


def _figures(text: str) -> frozenset[str]:
    return frozenset(
        word
        for word in text.split()
        if _LONG_NUMBER.search(word) or (any(c.isdigit() for c in word) and not word.isdigit())
    )


def _weighted(words: Sequence[str], rarity: Rarity) -> dict[str, float]:
    counts = Counter(stem(word) for word in words if len(word) > 1)
    weights = {word: (1 + math.log(n)) * rarity.weight(word) for word, n in counts.items()}
    length = math.sqrt(sum(weight * weight for weight in weights.values())) or 1.0
    return {word: weight / length for word, weight in weights.items()}


def _product(one: Mapping[str, float], other: Mapping[str, float]) -> float:
    if len(one) > len(other):
        one, other = other, one
    return sum(weight * other[word] for word, weight in one.items() if word in other)
