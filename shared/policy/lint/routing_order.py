"""What follows from the order and the hours of routing rules (semantics A16, A17)."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import combinations
from typing import Final

from shared.policy.cases import Cases
from shared.policy.facts import BUSINESS_HOURS
from shared.policy.tree import ALWAYS_TRUE, Both, Name, Node, Not, names_of

from .assuming import assume
from .subject import Remark, Subject, brief

#: How many earlier rules one finding names.
_NAMED: Final = 3


def overlapping(subject: Subject) -> Iterator[Remark]:
    """L034: a later rule whose tickets an earlier one takes; only among rules with a target of their own,
    where the order decides a promise.
    """
    rules = subject.policy.routing.rules
    promising = [n for n, rule in enumerate(rules) if rule.sla_target and rule.tree != ALWAYS_TRUE]
    cases = Cases([rule.tree for rule in rules])
    earlier: dict[int, list[int]] = {}
    for first, second in combinations(promising, 2):
        if cases.possible(second, (), also=first):
            earlier.setdefault(second, []).append(first)
    for later, firsts in earlier.items():
        others = ", ".join(f"routing_rules[{n}] ({_target(subject, n)})" for n in firsts[:_NAMED])
        more = f" and {len(firsts) - _NAMED} more" if len(firsts) > _NAMED else ""
        yield Remark(
            "L034",
            "routing rules",
            ("routing_rules", later),
            f"{rules[later].name} ({_target(subject, later)}) fits tickets that {others}{more} takes: "
            "the first match decides",
            "put the rule that is to win first, or let the conditions exclude each other",
        )


def _target(subject: Subject, index: int) -> str:
    target = subject.policy.routing.rules[index].sla_target
    return brief(target) if target else "no target"


def uncovered_hours(subject: Subject) -> Iterator[Remark]:
    """L033: a rule that needs an open calendar, whose tickets no rule but a catch-all takes when it is
    closed.
    """
    rules = subject.policy.routing.rules
    for index, rule in enumerate(rules):
        for hours in sorted(name for name in names_of(rule.tree) if _asks_hours(name)):
            if _left_alone(rule.tree, hours, [r.tree for n, r in enumerate(rules) if n != index]):
                yield Remark(
                    "L033",
                    "routing rules",
                    ("routing_rules", index, "condition"),
                    f"{rule.name} acts only while {hours} is open; at other times its tickets go to "
                    f"{_catch_all(subject)}",
                    "add a rule for these tickets without the hours if somebody is there at night",
                )


def _asks_hours(name: str) -> bool:
    return name.split(".", 1)[0] == BUSINESS_HOURS


def _left_alone(tree: Node, hours: str, others: list[Node]) -> bool:
    """Whether a ticket can miss the rule for the hour alone, and every other rule with a condition."""
    closed = Both((assume(tree, {hours: True}), Not(Name(hours))))
    conditional = [other for other in others if other != ALWAYS_TRUE]
    cases = Cases([tree, closed, Both((tree, Not(Name(hours)))), *conditional])
    needs_hours = not cases.possible(2, ())
    return needs_hours and cases.possible(1, range(3, 3 + len(conditional)))


def _catch_all(subject: Subject) -> str:
    """Where a ticket goes that no condition fits."""
    routing = subject.policy.routing
    rule = next((rule for rule in routing.rules if rule.tree == ALWAYS_TRUE), None)
    queue = (rule.action.queue if rule else None) or routing.default_queue
    return f"the catch-all {rule.name} (queue {queue})" if rule else f"the queue {queue}"
