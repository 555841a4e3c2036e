"""A checked condition as a small tree: what the compiler, the explanation and rule-engine all agree on.

Ordering and membership are guarded against absent values when the tree is built (semantics G10), so
every evaluator sees the guard.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal


@dataclass(frozen=True, slots=True)
class Name:
    """A fact."""

    name: str


@dataclass(frozen=True, slots=True)
class Value:
    """A literal. Words are in lower case."""

    value: str | float | bool | None


@dataclass(frozen=True, slots=True)
class Values:
    """A list of literals of one kind."""

    values: tuple[str | float, ...]


@dataclass(frozen=True, slots=True)
class Compare:
    """Equality of any two values of one kind, or the order of two numbers."""

    left: Name | Value
    operator: Literal["==", "!=", "<", "<=", ">", ">="]
    right: Name | Value


@dataclass(frozen=True, slots=True)
class Member:
    """`'x' in signals`, or `priority in ['high', 'low']`."""

    item: Name | Value
    container: Name | Values


@dataclass(frozen=True, slots=True)
class Not:
    """The opposite."""

    inner: Node


@dataclass(frozen=True, slots=True)
class Both:
    """Every one of `parts`: two or more."""

    parts: tuple[Node, ...]
    guard: bool = False


@dataclass(frozen=True, slots=True)
class Either:
    """At least one of `parts`: two or more."""

    parts: tuple[Node, ...]


Node = Name | Value | Compare | Member | Not | Both | Either
ALWAYS_TRUE = Value(value=True)


def guarded(node: Compare | Member, *names: Name | Value | Values) -> Node:
    """`node`, false when one of the facts among `names` is absent."""
    guards = [Compare(name, "!=", Value(None)) for name in names if isinstance(name, Name)]
    return Both((*guards, node), guard=True) if guards else node


def render(node: Node | Values) -> str:
    """The tree as text in rule-engine's language; every operation in its own parentheses."""
    match node:
        case Name(name):
            return name
        case Value(value):
            return _literal(value)
        case Values(values):
            return "[" + ", ".join(_literal(value) for value in values) + "]"
        case Compare(left, operator, right):
            return f"({render(left)} {operator} {render(right)})"
        case Member(item, container):
            return f"({render(item)} in {render(container)})"
        case Not(inner):
            return f"(not {render(inner)})"
        case Both(parts):
            return "(" + " and ".join(render(part) for part in parts) + ")"
        case Either(parts):
            return "(" + " or ".join(render(part) for part in parts) + ")"


def names_of(node: Node | Values) -> set[str]:
    """The facts the tree looks at."""
    match node:
        case Name(name):
            return {name}
        case Value() | Values():
            return set()
        case Compare(left, _, right):
            return names_of(left) | names_of(right)
        case Member(item, container):
            return names_of(item) | names_of(container)
        case Not(inner):
            return names_of(inner)
        case Both(parts) | Either(parts):
            return set().union(*(names_of(part) for part in parts))


def _literal(value: str | float | None) -> str:
    """The value (also true and false) as rule-engine and Python both write it, except for the three constants."""
    constants = {None: "null", True: "true", False: "false"}
    if value is None or isinstance(value, bool):
        return constants[value]
    return repr(value)
