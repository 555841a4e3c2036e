"""What a hundred routing rules cost a ticket, and that they say what rule-engine says.

Rules and tickets are random but the same every time. A verdict is the first rule that holds; rule-engine
reads the same guarded conditions and is asked rule after rule, as one would use it.
"""

from __future__ import annotations

import random
import time
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import ProcessPoolExecutor
from functools import partial
from typing import Final

import rule_engine

from shared.policy.compiler import compile_first, normalise
from shared.policy.conditions import check_condition
from shared.policy.facts import Facts, Stage
from shared.policy.tree import Node, render
from shared.policy.vocabulary import Vocabulary
from tests.support.figures import Figure, over_rounds

RULES: Final = 100
_SEED: Final = 4
_CHUNK: Final = 2500
_TIMED_TICKETS: Final = 2000
_ROUNDS: Final = 5

_WORDS: Final = {
    "priority": ["low", "medium", "high", "critical"],
    "category": ["technical", "billing", "account", "product", "integration"],
    "channel": ["email", "chat", "phone", "portal"],
    "customer_tier": ["enterprise", "professional", "standard"],
    "complexity": ["l1", "l2", "l3"],
    "language": ["en", "de", "fr", "es"],
}
_NUMBERS: Final = {
    "amount": [100, 1000, 10_000, 50_000],
    "lifetime_value": [500, 10_000, 100_000],
    "revenue_impact": [1000, 25_000],
    "contact_number": [1, 2, 3, 5],
    "reopened_count": [0, 1, 2],
}
_SIGNALS: Final = ["urgent", "legal", "public", "angry", "integration"]


def conditions() -> list[str]:
    """A hundred conditions of three or four comparisons, as people write them."""
    chance = random.Random(_SEED)
    return [_condition(chance) for _ in range(RULES)]


def tickets(count: int, *, seed: int) -> list[Facts]:
    """What is known of `count` tickets; about one fact in six is absent."""
    chance = random.Random(seed)
    return [_ticket(chance) for _ in range(count)]


def trees() -> list[Node]:
    """The conditions as the workflow's reader understands them, guards for absent values put in."""
    vocabulary = Vocabulary()
    return [check_condition(text, vocabulary, Stage.ROUTING).tree for text in conditions()]


def interpreted(nodes: Iterable[Node]) -> Callable[[Facts], int]:
    """The first rule that holds according to rule-engine, -1 for none."""
    context = rule_engine.Context(default_value=None)
    rules = [rule_engine.Rule(render(node), context) for node in nodes]

    def first(facts: Facts) -> int:
        known = normalise(facts)
        return next((n for n, rule in enumerate(rules) if rule.matches(known)), -1)

    return first


def differences(count: int, *, seed: int) -> int:
    """On how many of `count` random tickets the two disagree."""
    nodes = trees()
    ours, theirs = compile_first(nodes), interpreted(nodes)
    return sum(ours(ticket) != theirs(ticket) for ticket in tickets(count, seed=seed))


def bench(verdicts: int) -> list[Figure]:
    """Cost and agreement."""
    nodes = trees()
    ours, theirs = compile_first(nodes), interpreted(nodes)
    known = tickets(_TIMED_TICKETS, seed=_SEED)
    found = [
        over_rounds(
            f"(d) {RULES} rules, process CPU a ticket",
            [_microseconds(ours, known) for _ in range(_ROUNDS)],
            "µs/ticket",
            at_most=5,
        ),
        over_rounds(
            f"(d) {RULES} rules, rule-engine",
            [_microseconds(theirs, known[: _TIMED_TICKETS // 10]) for _ in range(_ROUNDS)],
            "µs/ticket",
        ),
    ]
    chunks = [_CHUNK] * (verdicts // _CHUNK) + [verdicts % _CHUNK] * bool(verdicts % _CHUNK)
    seeds = range(1000, 1000 + len(chunks))
    with ProcessPoolExecutor() as pool:
        different = sum(pool.map(partial(_differences), chunks, seeds))
    name = f"(d) verdicts unlike rule-engine's, of {verdicts}"
    return [*found, over_rounds(name, [different], "tickets", at_most=0)]


def _differences(count: int, seed: int) -> int:
    return differences(count, seed=seed)


def _microseconds(verdict: Callable[[Facts], int], known: Sequence[Facts]) -> float:
    began = time.process_time()
    for facts in known:
        verdict(facts)
    return (time.process_time() - began) / len(known) * 1e6


def _condition(chance: random.Random) -> str:
    parts = [_comparison(chance) for _ in range(chance.choice([3, 3, 4]))]
    first, *rest = parts
    if chance.random() < 0.1:
        first = f"({first} OR {rest.pop()})"
    return " AND ".join([first, *rest])


def _comparison(chance: random.Random) -> str:
    kind = chance.random()
    if kind < 0.5:
        name = chance.choice(list(_WORDS))
        return f"{name} == '{chance.choice(_WORDS[name])}'"
    if kind < 0.8:
        name = chance.choice(list(_NUMBERS))
        return f"{name} {chance.choice(['>', '>=', '<'])} {chance.choice(_NUMBERS[name])}"
    if kind < 0.9:
        return f"'{chance.choice(_SIGNALS)}' IN signals"
    return chance.choice(["customer_vip == true", "business_hours == false", "NOT customer_vip"])


def _ticket(chance: random.Random) -> Facts:
    facts: dict[str, object] = {
        **{name: chance.choice(words) for name, words in _WORDS.items()},
        **{
            name: chance.choice(edges) + chance.choice([-1, 0, 1])
            for name, edges in _NUMBERS.items()
        },
        "signals": tuple(s for s in _SIGNALS if chance.random() < 0.2),
        "customer_vip": chance.random() < 0.1,
        "business_hours": chance.random() < 0.5,
    }
    return {name: None if chance.random() < 1 / 6 else value for name, value in facts.items()}
