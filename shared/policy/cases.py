"""Whether a ticket can exist for which one condition holds and some others do not.

The facts are cut into *cells* between which no condition tells a difference: below 5, 5, above 5, absent.
The conditions then speak of finitely many cases, and those are searched, up to a limit. Whatever is not
understood (two facts compared with each other) counts as possible, and so does a search that is not
finished: "impossible" is always certain, "possible" is not.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice
from operator import eq, ge, gt, itemgetter, le, lt, ne
from typing import Final, TypeAlias

from shared.contracts.vocabulary import Complexity, Grade, Priority

from .facts import BUSINESS_HOURS, Kind, fact_of
from .tree import Both, Compare, Either, Member, Name, Node, Not, Value, Values

#: How many conditions are judged before a question counts as open.
EFFORT: Final = 5_000

#: The same over all questions about a file: a second or two.
WHOLE_EFFORT: Final = 400_000

#: Facts that every ticket has at its opening, with all they can be.
CLOSED: Final[Mapping[str, tuple[str, ...]]] = {
    "priority": tuple(Priority),
    "impact": tuple(Grade),
    "urgency": tuple(Grade),
    "complexity": tuple(Complexity),
}

_ORDER: Final[Mapping[str, Callable[[float, float], bool]]] = {
    "==": eq,
    "!=": ne,
    "<": lt,
    "<=": le,
    ">": gt,
    ">=": ge,
}

Axis: TypeAlias = str | tuple[str, str] | Node
"""What varies by itself: a fact, a word in a list, or a comparison that is not looked into."""

Literal: TypeAlias = str | float | bool | None
Domains: TypeAlias = dict[Axis, int]
"""By axis, the cells that are still open, as bits."""


class _Other:
    """A cell of every word that no condition names."""


_OTHER: Final = _Other()
_Cell: TypeAlias = Literal | _Other


@dataclass(frozen=True, slots=True)
class _Atom:
    """True in the cells `mask` of `axis`."""

    axis: Axis
    mask: int


@dataclass(frozen=True, slots=True)
class _Not:
    inner: Formula


@dataclass(frozen=True, slots=True)
class _Several:
    """All of them (`every`), or at least one."""

    parts: tuple[Formula, ...]
    every: bool


Formula: TypeAlias = _Atom | _Not | _Several | bool
"""A condition over cells."""


class Cases:
    """The cells that some conditions tell apart; a question is about conditions by their numbers."""

    def __init__(self, trees: Sequence[Node]) -> None:
        literals: dict[str, set[Literal]] = {}
        for tree in trees:
            _collect(tree, literals)
        self._cells = {name: _cells(name, found) for name, found in literals.items()}
        self._all: Domains = {name: (1 << len(cells)) - 1 for name, cells in self._cells.items()}
        self._left = WHOLE_EFFORT
        self._formulas = [self._formula(tree) for tree in trees]
        #: The cells in which a fact is nothing that any condition names.
        self._quiet: Domains = {name: _quiet(cells) for name, cells in self._cells.items()}

    def possible(self, holds: int, fail: Sequence[int], *, also: int | None = None) -> bool:
        """Whether condition `holds`, and `also`, can hold while none of `fail` does; true also when it
        stays open.
        """
        target = self._formulas[holds]
        target = target if also is None else _Several((target, self._formulas[also]), every=True)
        others = [self._formulas[number] for number in fail]
        near = self._search(target, others, self._all, quietly=True)
        return bool(near) or self._search(target, others, self._all, quietly=False) is not False

    def _search(
        self, target: Formula, others: Sequence[Formula], domains: Domains, *, quietly: bool
    ) -> bool | None:
        """Look through the cases; `quietly`: of what the target leaves open only that no condition names
        is looked at, which nearly always settles the matter. None: not finished.
        """
        effort = min(EFFORT, self._left)
        stack = [(domains, others, not quietly)]
        while stack:
            domains, others, narrowed = stack.pop()
            effort -= 1 + len(others)
            self._left -= 1 + len(others)
            if effort < 0:
                return None
            if (verdict := _judge(target, domains)) is not True:
                parts = _split(target, domains) if verdict is None else ()
                stack += [(part, others, narrowed) for part in parts]
                continue
            if not narrowed:
                stack.append((self._quietened(domains), others, True))
                continue
            if (remaining := _refused(others, domains)) is None:
                continue
            decided, still = remaining
            if not still:
                return True
            if decided is not domains:
                stack.append((decided, still, narrowed))
                continue
            without, with_it = _split(still[0], domains)
            stack += [(with_it, still, narrowed), (without, still, narrowed)]
        return False

    def _quietened(self, domains: Domains) -> Domains:
        return {
            axis: (domain & self._quiet.get(axis, domain)) or domain
            for axis, domain in domains.items()
        }

    def _formula(self, tree: Node) -> Formula:
        match tree:
            case Value(value):
                return value is True
            case Name(name):
                return self._atom(name, lambda cell: cell is True)
            case Not(inner):
                return _Not(self._formula(inner))
            case Both((_, Compare(Name(), _, Value()) as guarded), guard=True):
                return self._formula(guarded)  # an absent number is in no cell of an ordering
            case Both(parts) | Either(parts):
                return _Several(tuple(map(self._formula, parts)), isinstance(tree, Both))
            case Compare(Name(name), operator, Value(value)):
                return self._atom(name, _compared(operator, value))
            case Member(Name(name), Values(values)):
                return self._atom(name, lambda cell: cell in values)
            case Member(Value(word), Name(name)):
                return self._free((name, str(word)))
            case Compare() | Member():
                return self._free(tree)

    def _atom(self, name: str, holds: Callable[[_Cell], bool]) -> Formula:
        cells = enumerate(self._cells[name])
        return _Atom(name, sum(1 << number for number, cell in cells if holds(cell)))

    def _free(self, axis: Axis) -> Formula:
        """What is true or not, whatever the facts are."""
        self._all[axis] = 0b11
        return _Atom(axis, 0b01)


def _judge(formula: Formula, domains: Domains) -> bool | None:
    """The verdict in all cases that are open, None when they differ."""
    match formula:
        case bool():
            return formula
        case _Atom(axis, mask):
            domain = domains[axis]
            return True if not domain & ~mask else None if domain & mask else False
        case _Not(inner):
            verdict = _judge(inner, domains)
            return None if verdict is None else not verdict
        case _Several(parts, every):
            settles = not every
            seen: bool | None = every
            for part in parts:
                verdict = _judge(part, domains)
                if verdict is settles:
                    return settles
                seen = seen if verdict is not None else None
            return seen


def _refused(others: Sequence[Formula], domains: Domains) -> tuple[Domains, list[Formula]] | None:
    """The cases in which none of `others` holds as far as one comparison decides, and those that more
    than one decides, fewest first; None when one of them holds in all cases.
    """
    still: list[tuple[int, Formula]] = []
    for other in others:
        verdict = _judge(other, domains)
        if verdict:
            return None
        if verdict is None:
            count = sum(1 for _ in islice(_open(other, domains), 9))
            if count == 1:
                domains = next(d for d in _split(other, domains) if _judge(other, d) is False)
            else:
                still.append((count, other))
    still.sort(key=itemgetter(0))
    return domains, [other for _, other in still]


def _open(formula: Formula, domains: Domains) -> Iterator[_Atom]:
    """The comparisons that are not settled."""
    match formula:
        case _Atom() if _judge(formula, domains) is None:
            yield formula
        case _Not(inner):
            yield from _open(inner, domains)
        case _Several(parts):
            for part in parts:
                if _judge(part, domains) is None:
                    yield from _open(part, domains)


def _split(formula: Formula, domains: Domains) -> tuple[Domains, Domains]:
    """The cases apart by the first open comparison: those in which it does not hold, and the rest."""
    atom = next(_open(formula, domains))
    domain = domains[atom.axis]
    return domains | {atom.axis: domain & ~atom.mask}, domains | {atom.axis: domain & atom.mask}


def _collect(tree: Node, literals: dict[str, set[Literal]]) -> None:
    """By fact, the values that a condition compares it with."""
    match tree:
        case Name(name):
            literals.setdefault(name, set())
        case Compare(Name(name), _, Value(value)):
            literals.setdefault(name, set()).add(value)
        case Member(Name(name), Values(values)):
            literals.setdefault(name, set()).update(values)
        case Not(inner):
            _collect(inner, literals)
        case Both(parts) | Either(parts):
            for part in parts:
                _collect(part, literals)


def _cells(name: str, literals: set[Literal]) -> tuple[_Cell, ...]:
    """What is told apart of a fact."""
    if name.split(".", maxsplit=1)[0] == BUSINESS_HOURS:
        return (True, False)
    if name in CLOSED:
        return CLOSED[name]
    match fact_of(name).kind:
        case Kind.NUMBER:
            return (None, *_numbers(literals))
        case Kind.FLAG:
            return (None, True, False)
        case Kind.WORD | Kind.WORDS:
            words = sorted(value for value in literals if isinstance(value, str))
            return (None, _OTHER, *words)


def _numbers(literals: set[Literal]) -> Iterator[float]:
    """Every number named, one between each two, one below and one above."""
    named = sorted(value for value in literals if isinstance(value, int | float))
    before: float | None = None
    for number in named:
        yield number - 1 if before is None else (before + number) / 2
        yield number
        before = number
    yield 0 if before is None else before + 1


def _quiet(cells: tuple[_Cell, ...]) -> int:
    """The cells of what is absent or named by nobody; none of them: all."""
    return sum(1 << n for n, cell in enumerate(cells) if cell is None or cell is _OTHER)


def _compared(operator: str, value: Literal) -> Callable[[_Cell], bool]:
    """A comparison with a literal as a question about a cell. Only numbers are ordered."""
    if operator in {"==", "!="}:
        return lambda cell: (
            (cell is value if value is None else cell == value) is (operator == "==")
        )
    compare = _ORDER[operator]
    return lambda cell: (
        isinstance(cell, int | float)
        and isinstance(value, int | float)
        and compare(float(cell), float(value))
    )
