"""Learns routing rules from a history of tickets: an ordered list, read from the top, first match.

Sequential covering: of all short conjunctions (`category is x AND location is y`) the surest is made the
next rule, the tickets it takes are set aside, and the rest are looked at anew. Plain Python, and the same
tickets always give the same rules. A set of tickets is one large integer, a bit for each ticket.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import reduce
from heapq import heapify, heappop, heappush
from operator import and_
from typing import Final, TypeAlias

#: A column and its value.
Term: TypeAlias = tuple[str, str]

#: What few tickets say counts less: as if so many more had gone where tickets go in general.
TRUST: Final = 10

#: Values that are looked at: the most frequent ones. Pairs of them grow with the square.
MOST_TERMS: Final = 2_000


@dataclass(frozen=True, slots=True)
class Example:
    """A ticket: what was known when it was opened (empty: unknown), and where it belonged."""

    facts: Mapping[str, str]
    target: str


@dataclass(frozen=True, slots=True)
class LearnedRule:
    """All of `terms` lead to `target`. Of the tickets that no rule before it had taken it took `support`,
    and `right` of them belonged there.
    """

    terms: tuple[Term, ...]
    target: str
    support: int
    right: int

    @property
    def precision(self) -> float:
        """The share of its tickets that belonged there."""
        return self.right / self.support if self.support else 0.0

    def takes(self, facts: Mapping[str, str]) -> bool:
        """Whether all terms hold."""
        return all(facts.get(column) == value for column, value in self.terms)


@dataclass(frozen=True, slots=True)
class DecisionList:
    """Rules in order, and the `otherwise` for what none of them takes."""

    rules: tuple[LearnedRule, ...]
    otherwise: LearnedRule

    def decide(self, facts: Mapping[str, str]) -> LearnedRule:
        """The first rule that takes a ticket."""
        return next((rule for rule in self.rules if rule.takes(facts)), self.otherwise)


@dataclass(frozen=True, slots=True)
class Judgement:
    """How a list does on tickets: right of all, taken by a rule of all, right of those taken."""

    tickets: int
    accuracy: float
    coverage: float
    precision: float


def judge(learned: DecisionList, examples: Sequence[Example]) -> Judgement:
    """How the list does on these tickets. Raises ValueError without any."""
    if not examples:
        raise ValueError("there is no ticket to judge by")
    found = [(learned.decide(one.facts), one.target) for one in examples]
    right = [rule.target == target for rule, target in found]
    taken = [hit for hit, (rule, _) in zip(right, found, strict=True) if rule.terms]
    return Judgement(
        tickets=len(examples),
        accuracy=sum(right) / len(examples),
        coverage=len(taken) / len(examples),
        precision=sum(taken) / len(taken) if taken else 0.0,
    )


def learn(
    examples: Sequence[Example],
    *,
    min_support: int = 10,
    min_precision: float = 0.5,
    max_terms: int = 2,
    progress: Callable[[int], None] = lambda _: None,
) -> DecisionList:
    """Rules of at most `max_terms` terms that each take `min_support` tickets and are right for a share
    `min_precision` of them. `progress` hears how many tickets are set aside. Raises ValueError for none.
    """
    if not examples:
        raise ValueError("there is no ticket to learn from")
    tickets = _Tickets(examples, min_support)
    rules: list[LearnedRule] = []
    left = (1 << len(examples)) - 1
    line = [tickets.entry(terms, left) for terms in tickets.conjunctions(min_support, max_terms)]
    heapify(line)
    while line:
        was = heappop(line)
        now = tickets.entry(was[-1], left)
        rule = tickets.rule(was[-1], left)
        if rule.support < min_support:
            continue
        if now > was:  # others have taken from it since: it is the next one's turn first
            heappush(line, now)
        elif rule.precision >= min_precision:
            rule = tickets.simplest(rule, left)
            rules.append(rule)
            left &= ~tickets.where(rule.terms)
            progress(rule.support)
    return DecisionList(tuple(rules), tickets.rule((), left))


class _Tickets:
    """The tickets as sets: by the terms that hold of them, and by where they belong."""

    def __init__(self, examples: Sequence[Example], min_support: int) -> None:
        held: dict[Term, list[int]] = defaultdict(list)
        belong: dict[str, list[int]] = defaultdict(list)
        for number, one in enumerate(examples):
            belong[one.target].append(number)
            for column, value in one.facts.items():
                if value:
                    held[column, value].append(number)
        frequent = [term for term, numbers in held.items() if len(numbers) >= min_support]
        frequent.sort(key=lambda term: (-len(held[term]), term))
        self._terms = {term: _bits(held[term]) for term in sorted(frequent[:MOST_TERMS])}
        by_size = sorted(belong, key=lambda target: (-len(belong[target]), target))
        self._targets = {target: _bits(belong[target]) for target in by_size}
        self._sizes = {target: len(belong[target]) for target in by_size}
        self._all = len(examples)

    def where(self, terms: Iterable[Term]) -> int:
        """The tickets of which all these terms hold."""
        return reduce(and_, (self._terms[term] for term in terms), (1 << self._all) - 1)

    def conjunctions(self, min_support: int, most: int) -> list[tuple[Term, ...]]:
        """Every conjunction of terms of different columns that holds of enough tickets."""
        terms = list(self._terms.items())
        level: list[tuple[tuple[Term, ...], int, int]] = [
            ((term,), tickets, at) for at, (term, tickets) in enumerate(terms)
        ]
        found = [conjunction for conjunction, _, _ in level]
        for _ in range(most - 1):
            level = [
                ((*before, term), both, at)
                for before, tickets, last in level
                for at, (term, others) in enumerate(terms[last + 1 :], last + 1)
                if term[0] != before[-1][0]  # terms are sorted: a column's stand together
                and (both := tickets & others).bit_count() >= min_support
            ]
            found += [conjunction for conjunction, _, _ in level]
        return found

    def rule(self, terms: tuple[Term, ...], left: int) -> LearnedRule:
        """What these terms would do with the tickets that are left: lead to where most belong."""
        tickets = self.where(terms) & left
        rest = support = tickets.bit_count()
        target, right = next(iter(self._targets)), 0
        for name, members in self._targets.items():
            if self._sizes[name] <= right or rest <= right:
                break  # no smaller group can have more
            count = (tickets & members).bit_count()
            rest -= count
            if count > right:
                target, right = name, count
        return LearnedRule(terms, target, support, right)

    def simplest(self, rule: LearnedRule, left: int) -> LearnedRule:
        """The rule without the terms it is no surer by: what they excluded has been taken before."""
        while len(rule.terms) > 1:
            shorter = (rule.terms[:at] + rule.terms[at + 1 :] for at in range(len(rule.terms)))
            best = min(self.entry(terms, left) for terms in shorter)
            if best > self.entry(rule.terms, left):
                break
            rule = self.rule(best[-1], left)
        return rule

    def entry(self, terms: tuple[Term, ...], left: int) -> tuple[float, int, int, tuple[Term, ...]]:
        """Its place in the line: the surest first, then fewer terms, then more tickets, then by name."""
        rule = self.rule(terms, left)
        usual = self._sizes[rule.target] / self._all
        sure = (rule.right + TRUST * usual) / (rule.support + TRUST)
        return -sure, len(terms), -rule.support, terms


def _bits(numbers: Iterable[int]) -> int:
    """A set of numbers as bits."""
    held = list(numbers)
    octets = bytearray(max(held, default=0) // 8 + 1)
    for number in held:
        octets[number >> 3] |= 1 << (number & 7)
    return int.from_bytes(octets, "little")
