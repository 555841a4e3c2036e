"""One Python function per rule set: every fact is fetched once, every condition is one expression.

About a microsecond for fifty rules. The property test in `tests/contract/test_conditions.py` holds the
verdicts equal to rule-engine's on the same guarded tree.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Sequence
from functools import lru_cache
from types import CodeType, FunctionType
from typing import cast

from .facts import BUSINESS_HOURS, FACTS, Facts, Kind, fact_of
from .tree import Both, Compare, Either, Member, Name, Node, Not, Value, Values, names_of

_FETCH = {Kind.WORD: "word({})", Kind.WORDS: "words({})", Kind.NUMBER: "{}", Kind.FLAG: "{}"}
_LISTS = (list, tuple, set, frozenset)


def compile_first(trees: Sequence[Node]) -> Callable[[Facts], int]:
    """A function giving the index of the first tree that holds, or -1."""
    lines = [f"    if {to_python(tree)}: return {index}" for index, tree in enumerate(trees)]
    return cast("Callable[[Facts], int]", _function(trees, [*lines, "    return -1"]))


def compile_all(trees: Sequence[Node]) -> Callable[[Facts], tuple[int, ...]]:
    """A function giving the indexes of all trees that hold, in order."""
    lines = [f"    if {to_python(tree)}: found.append({n})" for n, tree in enumerate(trees)]
    body = ["    found = []", *lines, "    return tuple(found)"]
    return cast("Callable[[Facts], tuple[int, ...]]", _function(trees, body))


def normalise(facts: Facts) -> dict[str, object]:
    """The facts as conditions see them: every known name, words in lower case, absent ones None."""
    asked = [name for name in facts if name.startswith(f"{BUSINESS_HOURS}.")]
    return {name: _seen(fact_of(name).kind, facts.get(name)) for name in (*FACTS, *asked)}


def to_python(node: Node | Values) -> str:
    """The tree as a Python expression over local variables named like the facts."""
    match node:
        case Name(name):
            return f"({_variable(name)} is True)"
        case Value(value):
            return repr(value)
        case Values(values):
            return repr(values)
        case Compare(left, operator, Value(None)):
            return f"({_operand(left)} {'is' if operator == '==' else 'is not'} None)"
        case Compare(left, operator, right):
            return f"({_operand(left)} {operator} {_operand(right)})"
        case Member(item, container):
            return f"({_operand(item)} in {_operand(container)})"
        case Not(inner):
            return f"(not {to_python(inner)})"
        case Both(parts):
            return "(" + " and ".join(to_python(part) for part in parts) + ")"
        case Either(parts):
            return "(" + " or ".join(to_python(part) for part in parts) + ")"


def _operand(node: Name | Value | Values) -> str:
    """A value's expression: here a name is what it holds, not a verdict."""
    if isinstance(node, Name):
        return _variable(node.name)
    return repr(node.value if isinstance(node, Value) else node.values)


def _variable(name: str) -> str:
    """The local variable of a fact: its name, or for one that asks a calendar a word of its own."""
    return name if name in FACTS else f"asked_{name.encode().hex()}"


def _function(trees: Sequence[Node], body: list[str]) -> FunctionType:
    """The function with that body after the facts it needs have been fetched.

    The text is made of names of our own table and of reprs of literals only.
    """
    wanted = sorted(set().union(*(names_of(tree) for tree in trees)))
    fetch = [
        f"    {_variable(n)} = {_FETCH[fact_of(n).kind].format(f'facts.get({n!r})')}"
        for n in wanted
    ]
    source = "\n".join(["def rules(facts):", *fetch, *body])
    module = compile(source, "<workflow>", "exec")
    code = next(constant for constant in module.co_consts if isinstance(constant, CodeType))
    made: FunctionType = FunctionType(code, {"word": _word, "words": _words, "tuple": tuple})
    return made


def _seen(kind: Kind, value: object) -> object:
    """One fact as a condition sees it."""
    match kind:
        case Kind.WORD:
            return _word(value)
        case Kind.WORDS:
            return _words(value)
        case Kind.NUMBER | Kind.FLAG:
            return value


def _word(value: object) -> str | None:
    """Words compare without regard to case (semantics G10)."""
    if value is None:
        return None
    return _lower(value if isinstance(value, str) else str(value))


def _words(value: object) -> tuple[str, ...] | None:
    """A list of words in lower case."""
    if not isinstance(value, _LISTS):
        return None
    return tuple([_lower(word if isinstance(word, str) else str(word)) for word in value])


@lru_cache(maxsize=4096)
def _lower(word: str) -> str:
    """`word` in lower case; the same object each time, so that most comparisons need not look into it."""
    return sys.intern(str(word).lower())
