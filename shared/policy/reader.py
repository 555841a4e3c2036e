"""From rule-engine's syntax tree to our own, with every complaint on the way (semantics G10).

Allowed is a closed list of nodes: and, or, not, in, comparisons, names and literals. Regex operators
(they can hang), arithmetic, functions and indexing are not among them.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any, cast

from rule_engine import ast

from .facts import ALIASES, BUSINESS_HOURS, FACTS, Kind, Stage, fact_of, known_at
from .problems import nearest
from .syntax import ConditionSyntaxError, parse_text
from .tree import Both, Compare, Either, Member, Name, Node, Not, Value, Values, guarded
from .vocabulary import Complaint, Vocabulary

_MAX_DEPTH = 40
_MAX_NUMBER = 10**15
_OPERATORS = {"eq": "==", "ne": "!=", "lt": "<", "le": "<=", "gt": ">", "ge": ">="}
_MIRRORED = {"<": ">", "<=": ">=", ">": "<", ">=": "<="}
_KINDS = {str: Kind.WORD, int: Kind.NUMBER, float: Kind.NUMBER, bool: Kind.FLAG}
_CONSTANT = re.compile(r"\b(true|false)\b")
_REFUSED = {
    "FuzzyComparisonExpression": "regular expressions are not allowed in a condition",
    "FunctionCallExpression": "functions are not allowed in a condition",
    **dict.fromkeys(
        ("ArithmeticExpression", "AddExpression", "SubtractExpression"),
        "arithmetic is not allowed in a condition",
    ),
}


@dataclass(slots=True)
class Reader:
    """One pass over a syntax tree, collecting complaints; what is wrong reads as false meanwhile."""

    text: str
    vocabulary: Vocabulary
    stage: Stage
    within: tuple[str, ...] = ()
    complaints: list[Complaint] = field(default_factory=list)

    def verdict(self, node: ast.ExpressionBase, depth: int) -> Node:
        """`node` where something true or false is expected."""
        if depth > _MAX_DEPTH:
            return self._wrong("the condition is nested too deeply")
        match type(node):
            case ast.LogicExpression:
                parts = tuple(self.verdict(part, depth + 1) for part in _chain(node, node.type))
                return Both(parts) if node.type == "and" else Either(parts)
            case ast.UnaryExpression if node.type == "not":
                return Not(self.verdict(node.right, depth + 1))
            case ast.ComparisonExpression:
                return self._equality(node)
            case ast.ArithmeticComparisonExpression:
                return self._order(node)
            case ast.ContainsExpression:
                return self._membership(node)
            case ast.BooleanExpression:
                return self._constant(node)
            case ast.SymbolExpression | ast.GetAttributeExpression:
                return self._flag(node)
        return self._wrong(_REFUSED.get(type(node).__name__, "this is no comparison"))

    def _constant(self, node: ast.BooleanExpression) -> Node:
        """True or false as written; the parser also folds comparisons of two literals into one."""
        if not _CONSTANT.search(self.text):
            return self._wrong("two plain values are compared: one side must be a name")
        return Value(node.value)

    def _flag(self, node: ast.ExpressionBase) -> Node:
        """A name that stands alone: a named condition, or a fact that is true or false."""
        spelt = _spelling(node)
        if spelt in self.vocabulary.conditions:
            return self._named(spelt)
        name = self._name(spelt)
        if name is None:
            return Value(value=False)
        if fact_of(name.name).kind is Kind.FLAG:
            return name
        kind = fact_of(name.name).kind.value
        return self._wrong(f'"{spelt}" is a {kind}: compare it with something', spelt)

    def _named(self, spelt: str) -> Node:
        """The tree of a condition that is used by its name."""
        if spelt in self.within:
            return self._wrong(f'condition "{spelt}" leads back to itself', spelt)
        text = self.vocabulary.conditions[spelt]
        reader = Reader(text, self.vocabulary, self.stage, (*self.within, spelt))
        try:
            tree = reader.verdict(parse_text(text), 0)
        except ConditionSyntaxError as error:
            return self._wrong(f'condition "{spelt}": {error}', spelt)
        for complaint in reader.complaints:
            self._wrong(f'condition "{spelt}": {complaint.message}', spelt, complaint.suggestion)
        return tree

    def _equality(self, node: ast.ComparisonExpression) -> Node:
        """`==` and `!=`, of two things of one kind; rule-engine itself lets unlike things pass."""
        left, right = self._operands(node.left, node.right)
        if left is None or right is None:
            return Value(value=False)
        operator = _OPERATORS[node.type]
        if isinstance(left, Name) and isinstance(right, Value) and right.value is not None:
            kind = fact_of(left.name).kind
            if kind is not _KINDS[type(right.value)]:
                return self._unlike(left, right)
            right = self._word(left.name, right)
        elif isinstance(left, Name) and isinstance(right, Name):
            kinds = {fact_of(left.name).kind, fact_of(right.name).kind}
            if len(kinds) > 1 or Kind.WORDS in kinds:
                return self._wrong(f'"{left.name}" and "{right.name}" cannot be compared')
        return Compare(left, cast("Any", operator), right)

    def _order(self, node: ast.ArithmeticComparisonExpression) -> Node:
        """`<`, `<=`, `>`, `>=`: of numbers only, false when one is absent."""
        swapped = isinstance(node.right, _NAMES) and not isinstance(node.left, _NAMES)
        operator = _OPERATORS[node.type]
        left, right = self._operands(node.left, node.right)
        if left is None or right is None:
            return Value(value=False)
        for operand in (left, right):
            if _kind(operand) is not Kind.NUMBER:
                shown = operand.name if isinstance(operand, Name) else operand.value
                return self._wrong(
                    f'"{shown}" is no number: use ==, != or IN [...] for words', str(shown)
                )
        operator = _MIRRORED[operator] if swapped else operator
        return guarded(Compare(left, cast("Any", operator), right), left, right)

    def _membership(self, node: ast.ContainsExpression) -> Node:
        """`'x' IN signals`, `priority IN ['critical', 'high']`."""
        if isinstance(node.container, ast.ArrayExpression):
            return self._in_list(node)
        container = self._operand(node.container)
        if not isinstance(container, Name):
            return Value(value=False) if container is None else self._wrong("IN needs a list")
        if fact_of(container.name).kind is not Kind.WORDS:
            return self._wrong(
                f'"{container.name}" is no list: write == or IN [...]', container.name
            )
        item = self._operand(node.member)
        if item is None:
            return Value(value=False)
        if not isinstance(item, Value) or not isinstance(item.value, str):
            return self._wrong(f'what is looked for in "{container.name}" is a quoted word')
        return guarded(Member(self._word(container.name, item), container), container)

    def _in_list(self, node: ast.ContainsExpression) -> Node:
        """A fact in a list of literals."""
        item = self._operand(node.member)
        if not isinstance(item, Name):
            wrong = item is not None
            return self._wrong("a fact is expected before IN") if wrong else Value(value=False)
        found: list[str | float] = []
        for element in node.container.value:
            value = self._operand(element)
            if value is None:
                continue
            if not isinstance(value, Value) or _kind(value) not in {Kind.WORD, Kind.NUMBER}:
                return self._wrong("a list holds quoted words or numbers only")
            if _kind(value) is not fact_of(item.name).kind:
                return self._unlike(item, value)
            found.append(cast("str | float", self._word(item.name, value).value))
        return Member(item, Values(tuple(found)))

    def _operands(
        self, left: ast.ExpressionBase, right: ast.ExpressionBase
    ) -> tuple[Name | Value | None, Name | Value | None]:
        """Both sides, the name first; an unquoted word of the other side's list is recognised."""
        if isinstance(right, _NAMES) and not isinstance(left, _NAMES):
            left, right = right, left
        first = self._operand(left)
        words = self.vocabulary.words.get(first.name, {}) if isinstance(first, Name) else {}
        if isinstance(right, ast.SymbolExpression) and right.name.lower() in words:
            self._wrong(f"a word needs quotes, write '{right.name}'", right.name)
            return first, None
        return first, self._operand(right)

    def _operand(self, node: ast.ExpressionBase) -> Name | Value | None:
        """`node` where a value is expected; None when it is wrong, which has been said then."""
        match type(node):
            case ast.SymbolExpression | ast.GetAttributeExpression:
                return self._name(_spelling(node))
            case ast.StringExpression:
                return Value(node.value.lower())
            case ast.FloatExpression:
                return self._number(node)
            case ast.BooleanExpression:
                return Value(node.value)
            case ast.NullExpression:
                return Value(None)
        self._wrong(_REFUSED.get(type(node).__name__, "a name or a plain value is expected here"))
        return None

    def _number(self, node: ast.FloatExpression) -> Value | None:
        """A number, exact as a float or an int can hold it."""
        if not node.value.is_finite() or abs(node.value) > _MAX_NUMBER:
            self._wrong(f"{node.value} is no number to compare with")
            return None
        whole = node.value == node.value.to_integral_value()
        return Value(int(node.value) if whole else float(node.value))

    def _name(self, spelt: str) -> Name | None:
        """The fact that `spelt` names here, by itself or by an alias."""
        name = ALIASES.get(spelt, spelt).removeprefix("ticket.")
        name = ALIASES.get(name, name)
        if name.startswith(f"{BUSINESS_HOURS}."):
            return self._calendar(spelt, name.removeprefix(f"{BUSINESS_HOURS}."))
        if name in FACTS and FACTS[name].since <= self.stage:
            return Name(name)
        if name in FACTS:
            where = self.stage.name.lower()
            self._wrong(f'"{spelt}" is not known yet in {_SECTION[self.stage]} ({where})', spelt)
        elif spelt.lower() in {"true", "false", "none"}:
            right = {"none": "null"}.get(spelt.lower(), spelt.lower())
            self._wrong(f"write {right} in small letters", spelt)
        else:
            known = [*known_at(self.stage), *ALIASES, *self.vocabulary.conditions]
            self._wrong(f'no name "{spelt}"', spelt, nearest(spelt, known))
        return None

    def _calendar(self, spelt: str, asked: str) -> Name | None:
        """Whether a calendar of the workflow is open, asked by its name."""
        known = self.vocabulary.calendars
        if asked.lower() in known:
            return Name(f"{BUSINESS_HOURS}.{known[asked.lower()]}")
        self._wrong(f'no calendar "{asked}"', spelt, nearest(asked, known.values()))
        return None

    def _word(self, fact: str, value: Value) -> Value:
        """The word in its canonical spelling, if it is one that the fact can have."""
        words = self.vocabulary.words.get(fact)
        if words is None or not isinstance(value.value, str):
            return value
        if value.value not in words:
            self._wrong(
                f'"{fact}" is never "{value.value}"', value.value, nearest(value.value, words)
            )
            return value
        return Value(words[value.value])

    def _unlike(self, name: Name, value: Value) -> Node:
        """Complain about a comparison that could never hold."""
        kind = fact_of(name.name).kind.value
        shown = f"'{value.value}'" if isinstance(value.value, str) else str(value.value).lower()
        return self._wrong(f'"{name.name}" is a {kind} and cannot be {shown}', name.name)

    def _wrong(self, message: str, token: str = "", suggestion: str | None = None) -> Value:
        """Note a complaint about `token`, at its place in the text."""
        self.complaints.append(Complaint(message, suggestion, _offset(self.text, token)))
        return Value(value=False)


_NAMES = (ast.SymbolExpression, ast.GetAttributeExpression)
_SECTION = {
    Stage.TRIAGE: "triage.at_least",
    Stage.ROUTING: "routing_rules",
    Stage.BOOSTS: "routing_boosts",
    Stage.TRIGGERS: "triggers",
    Stage.NOTIFICATIONS: "notification rules",
}


def _chain(node: ast.ExpressionBase, kind: str) -> Iterator[ast.ExpressionBase]:
    """The parts of `a and b and c`, in order, without recursing along the chain."""
    parts: list[ast.ExpressionBase] = []
    while isinstance(node, ast.LogicExpression) and node.type == kind:
        parts.append(node.right)
        node = node.left
    parts.append(node)
    yield from reversed(parts)


def _spelling(node: ast.ExpressionBase) -> str:
    """A name as it was written: `priority`, `customer.tier`."""
    parts: list[str] = []
    while isinstance(node, ast.GetAttributeExpression):
        parts.append(node.name)
        node = node.object
    parts.append(node.name if isinstance(node, ast.SymbolExpression) else "?")
    return ".".join(reversed(parts))


def _kind(operand: Name | Value) -> Kind | None:
    """What the operand holds, None for null."""
    if isinstance(operand, Name):
        return fact_of(operand.name).kind
    return None if operand.value is None else _KINDS[type(operand.value)]


def _offset(text: str, token: str) -> int | None:
    """Where `token` stands as a whole word in `text`."""
    found = re.search(rf"(?<!\w){re.escape(token)}(?!\w)", text, re.IGNORECASE) if token else None
    return found.start() if found else None
