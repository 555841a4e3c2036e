"""A condition with some facts already known: what is left of it to be decided by the others."""

from __future__ import annotations

from collections.abc import Mapping

from shared.policy.compiler import compile_first
from shared.policy.tree import Both, Either, Node, Not, Value, names_of


def assume(tree: Node, facts: Mapping[str, object]) -> Node:
    """`tree` where `facts` are what they say; None means that a fact is absent."""
    match tree:
        case Not(inner):
            return Not(assume(inner, facts))
        case Both(parts, guard=False):
            return Both(tuple(assume(part, facts) for part in parts))
        case Either(parts):
            return Either(tuple(assume(part, facts) for part in parts))
    names = names_of(tree)
    if not names & facts.keys():
        return tree
    if names <= facts.keys():
        return Value(value=compile_first([tree])(facts) == 0)
    absent = any(facts[name] is None for name in names & facts.keys())
    # an order or membership with an absent fact never holds, whatever the other fact is
    return Value(value=False) if absent and isinstance(tree, Both) else tree
