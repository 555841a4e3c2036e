"""The condition language: what it accepts, what it refuses and how, and that the compiled function and
rule-engine give the same verdict on the same guarded tree (semantics G10).
"""

from __future__ import annotations

from typing import Any

import pytest
import rule_engine
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from shared.policy import load_workflow
from shared.policy.compiler import compile_all, compile_first, normalise
from shared.policy.conditions import ConditionError, check_condition
from shared.policy.facts import ALIASES, FACTS, Kind, Stage, known_at
from shared.policy.syntax import MAX_BYTES, spelt_for_library
from shared.policy.tree import (
    Both,
    Compare,
    Either,
    Member,
    Name,
    Node,
    Not,
    Value,
    Values,
    guarded,
    render,
)
from shared.policy.vocabulary import Complaint, Vocabulary

VOCABULARY = Vocabulary(
    words={
        "priority": {word: word for word in ("critical", "high", "medium", "low")},
        "category": {"billing": "billing", "integration": "integration", "api": "integration"},
        "customer_tier": {"enterprise": "enterprise", "standard": "standard"},
        "status": {"open": "open", "resolved": "resolved"},
        "signals": {"legal": "legal", "urgent": "urgent"},
    },
    conditions={
        "vip": "customer_tier == 'enterprise' OR lifetime_value > 10000",
        "loop": "vip AND loop",
        "broken": "prioritty == 'high'",
    },
)


def holds(text: str, facts: dict[str, object], stage: Stage = Stage.NOTIFICATIONS) -> bool:
    """The verdict of the compiled condition."""
    return compile_first([check_condition(text, VOCABULARY, stage).tree])(facts) == 0


def complaints(text: str, stage: Stage = Stage.NOTIFICATIONS) -> list[Complaint]:
    """Everything that is wrong with the condition."""
    with pytest.raises(ConditionError) as caught:
        check_condition(text, VOCABULARY, stage)
    return caught.value.complaints


# What it accepts


@pytest.mark.parametrize(
    "text",
    [
        "priority == 'critical' AND category == 'billing'",
        "priority == 'critical' and category == 'billing'",
        "priority == 'critical' And category == 'billing'",
        "priority == 'critical' aND category == 'billing'",
        'ticket.priority = "Critical" AND ticket.category = "Billing"',
        "PRIORITY_IS_CRITICAL AND category == 'billing'",
    ],
)
def test_keywords_in_any_case_and_both_equals_signs_mean_the_same(text: str) -> None:
    vocabulary = Vocabulary(VOCABULARY.words, {"PRIORITY_IS_CRITICAL": "priority == 'CRITICAL'"})
    tree = check_condition(text, vocabulary, Stage.ROUTING).tree

    expected = Both(
        (
            Compare(Name("priority"), "==", Value("critical")),
            Compare(Name("category"), "==", Value("billing")),
        )
    )
    assert expected == tree


def test_G10_words_compare_without_regard_to_case() -> None:
    assert holds("priority == 'High'", {"priority": "high"})
    assert holds("priority == 'high'", {"priority": "HIGH"})
    assert holds("'Legal' IN signals", {"signals": ["LEGAL"]})


@pytest.mark.parametrize("alias", ALIASES)
def test_A27_every_alias_names_a_fact(alias: str) -> None:
    tree = check_condition(f"{alias} != null", VOCABULARY, Stage.NOTIFICATIONS).tree

    assert Compare(Name(ALIASES[alias]), "!=", Value(None)) == tree


def test_G14_a_category_may_be_named_by_its_alias() -> None:
    assert holds("category == 'api'", {"category": "integration"})


def test_words_and_signs_inside_quotes_are_left_alone() -> None:
    text = """a = 'x = y AND z' And b >= 3 OR NOT "NOT = IN" iN c.IN"""

    assert """a == 'x = y AND z' and b >= 3 or not "NOT = IN" in c.IN""" == spelt_for_library(text)


def test_a_named_condition_stands_for_its_text_inside_another() -> None:
    assert holds("NOT vip AND priority == 'high'", {"priority": "high", "lifetime_value": 10_000})
    assert not holds("NOT vip", {"lifetime_value": 10_001})


def test_a_comparison_may_be_written_from_either_side() -> None:
    assert holds("10000 < amount", {"amount": 10_001})
    assert not holds("10000 < amount", {"amount": 10_000})


def test_300_parts_of_one_kind_are_no_problem() -> None:
    assert holds(" or ".join(["amount>1"] * 150), {"amount": 2})


# Absent values


@pytest.mark.parametrize("operator", ["<", "<=", ">", ">="])
def test_G10_an_ordering_comparison_with_an_absent_value_is_false(operator: str) -> None:
    assert not holds(f"amount {operator} 10000", {})
    assert not holds(f"amount {operator} 10000", {"amount": None})


def test_G10_the_negation_of_that_is_true() -> None:
    assert holds("NOT (amount > 10000)", {})


def test_membership_in_an_absent_list_is_false() -> None:
    assert not holds("'legal' IN signals", {})
    assert holds("'legal' NOT IN signals", {})


def test_an_absent_word_equals_nothing_and_differs_from_everything() -> None:
    assert not holds("status == 'resolved'", {})
    assert holds("status != 'resolved'", {})
    assert holds("status == null", {})


def test_V20_comparisons_are_strict_as_written() -> None:
    assert not holds("sentiment < -0.7", {"sentiment": -0.7})
    assert holds("sentiment < -0.7", {"sentiment": -0.70001})
    assert not holds("amount > 10000", {"amount": 10_000})
    assert holds("amount > 10000", {"amount": 10_000.01})


# What it refuses, and in which words


@pytest.mark.parametrize(
    ("text", "message", "suggestion"),
    [
        ("prioritty == 'high'", 'no name "prioritty"', "priority"),
        ("customer.teir == 'standard'", 'no name "customer.teir"', "customer.tier"),
        ("priority == 'criticl'", '"priority" is never "criticl"', "critical"),
        ("priority IN ['high', 'hihg']", '"priority" is never "hihg"', "high"),
        ("'legl' IN signals", '"signals" is never "legl"', "legal"),
        ("priority == high", "a word needs quotes, write 'high'", None),
        ("priority == 5", '"priority" is a text and cannot be 5', None),
        ("amount == 'much'", "\"amount\" is a number and cannot be 'much'", None),
        ("signals == 'legal'", "\"signals\" is a list of words and cannot be 'legal'", None),
        ("priority > 'high'", '"priority" is no number: use ==, != or IN [...] for words', None),
        ("business_hours == TRUE", "write true in small letters", None),
        ("business_hours == True", "write true in small letters", None),
        ("priority", '"priority" is a text: compare it with something', None),
        ("'l' IN category", '"category" is no list: write == or IN [...]', None),
        ("priority == amount", '"priority" and "amount" cannot be compared', None),
        ("loop", 'condition "loop": condition "loop" leads back to itself', None),
        ("broken", 'condition "broken": no name "prioritty"', "priority"),
        ("category =~ '(a+)+$'", "regular expressions are not allowed in a condition", None),
        ("amount * 2 > 5", "arithmetic is not allowed in a condition", None),
        ("amount / 0 > 5", "arithmetic is not allowed in a condition", None),
        ("priority == 'high' # or so", "a condition holds no comment", None),
        ("priority == 'high", "a quote is opened and not closed", None),
        ("priority ==", "the condition ends too early", None),
        ("", "the condition is empty", None),
        ("priority == 'high' category == 'billing'", "category is not expected here", None),
        ("amount > inf", "Infinity is no number to compare with", None),
    ],
)
def test_a_mistake_is_named_with_the_nearest_known_word(
    text: str, message: str, suggestion: str | None
) -> None:
    found = complaints(text)

    assert (message, suggestion) == (found[0].message, found[0].suggestion)


def test_every_mistake_of_a_condition_is_named_with_its_place() -> None:
    text = "prioritty == 'high' AND categry == 'billing'"

    assert [(0, "priority"), (24, "category")] == [
        (found.offset, found.suggestion) for found in complaints(text)
    ]


@pytest.mark.parametrize(
    "text",
    [
        "signals[0] == 'legal'",
        "[s for s in signals]",
        "priority ? true : false",
        "$now() == 3",
        "amount & 3",
        "signals.length > 3",
        "{'a': 1} == 3",
        "d'2026-01-01' < 3",
        "amount ?? 3 > 4",
    ],
)
def test_only_a_closed_list_of_operations_is_allowed(text: str) -> None:
    assert complaints(text)


@pytest.mark.parametrize(
    "text",
    [
        "x" * 3000,
        "not " * 300 + "vip",
        "(" * 1500 + "vip" + ")" * 1500,
        " and ".join(["vip"] * 400),
    ],
)
def test_a_text_too_long_or_too_deep_is_refused_at_once(text: str) -> None:
    assert complaints(text)


@pytest.mark.parametrize(
    ("name", "stage"),
    [(name, stage) for name, fact in FACTS.items() for stage in Stage if fact.since > stage],
)
def test_a_name_is_refused_in_a_section_that_does_not_know_it_yet(name: str, stage: Stage) -> None:
    found = complaints(f"{name} == null", stage)

    assert "is not known yet in" in found[0].message


def test_G10_routing_rules_know_nothing_that_is_read_after_the_opening() -> None:
    unknown = {"sentiment", "sentiment_label", "rating", "recent_escalations", "status", "level"}

    assert not unknown & set(known_at(Stage.ROUTING))


# The compiled function and rule-engine


WORDS = ("critical", "high", "billing", "resolved", "legal", "x")
NUMBERS = st.one_of(
    st.integers(-20_000, 20_000),
    st.floats(-1e6, 1e6, allow_nan=False).map(lambda number: round(number, 4)),
)


def names(kind: Kind) -> st.SearchStrategy[Name]:
    """The facts of that kind."""
    return st.sampled_from([Name(name) for name, fact in FACTS.items() if fact.kind is kind])


def leaves() -> st.SearchStrategy[Node]:
    """Comparisons as `check_condition` makes them, guards included."""
    word = st.sampled_from(WORDS)
    equal = st.sampled_from(["==", "!="])
    order = st.sampled_from(["<", "<=", ">", ">="])
    words, numbers, lists = names(Kind.WORD), names(Kind.NUMBER), names(Kind.WORDS)
    return st.one_of(
        st.builds(Compare, words, equal, st.builds(Value, word)),
        st.builds(Compare, words, equal, words),
        st.builds(Compare, st.one_of(words, numbers, lists), equal, st.just(Value(None))),
        st.builds(Compare, numbers, equal, st.builds(Value, NUMBERS)),
        st.builds(Compare, names(Kind.FLAG), equal, st.builds(Value, st.booleans())),
        st.builds(Compare, numbers, order, st.one_of(numbers, st.builds(Value, NUMBERS))).map(
            lambda node: guarded(node, node.left, node.right)
        ),
        st.builds(Member, st.builds(Value, word), lists).map(
            lambda node: guarded(node, node.container)
        ),
        st.builds(Member, words, st.lists(word, min_size=1).map(lambda w: Values(tuple(w)))),
        st.builds(Member, numbers, st.lists(NUMBERS, min_size=1).map(lambda n: Values(tuple(n)))),
        names(Kind.FLAG),
        st.booleans().map(Value),
    )


def trees() -> st.SearchStrategy[Node]:
    """Conditions."""
    return st.recursive(
        leaves(),
        lambda inner: st.one_of(
            st.builds(Not, inner),
            st.lists(inner, min_size=2, max_size=4).map(lambda parts: Both(tuple(parts))),
            st.lists(inner, min_size=2, max_size=4).map(lambda parts: Either(tuple(parts))),
        ),
        max_leaves=12,
    )


def facts() -> st.SearchStrategy[dict[str, object]]:
    """Tickets, each fact present, None, or missing."""
    spelt = st.sampled_from([*WORDS, *(word.upper() for word in WORDS)])
    values: dict[Kind, st.SearchStrategy[Any]] = {
        Kind.WORD: spelt,
        Kind.NUMBER: NUMBERS,
        Kind.FLAG: st.booleans(),
        Kind.WORDS: st.lists(spelt),
    }
    return st.fixed_dictionaries(
        {},
        optional={name: st.none() | values[fact.kind] for name, fact in FACTS.items()},
    )


@settings(max_examples=80, deadline=None)
@given(tree=trees(), ticket=facts())
def test_G10_the_compiled_verdict_is_rule_engines_verdict(
    tree: Node, ticket: dict[str, object]
) -> None:
    rule = rule_engine.Rule(render(tree), rule_engine.Context(default_value=None))

    expected = bool(rule.matches(normalise(ticket)))
    assert expected == (compile_first([tree])(ticket) == 0)


@settings(max_examples=50, deadline=None)
@given(rules=st.lists(trees(), max_size=6), ticket=facts())
def test_a_rule_set_answers_what_its_rules_answer_one_by_one(
    rules: list[Node], ticket: dict[str, object]
) -> None:
    matching = tuple(n for n, rule in enumerate(rules) if compile_first([rule])(ticket) == 0)

    assert matching == compile_all(rules)(ticket)
    assert (matching[0] if matching else -1) == compile_first(rules)(ticket)


@settings(max_examples=80, deadline=None)
@given(tree=trees())
def test_a_rendered_condition_reads_back_to_the_same_verdicts(tree: Node) -> None:
    assume(len(render(tree)) < MAX_BYTES)
    again = check_condition(render(tree), Vocabulary(), Stage.NOTIFICATIONS).tree

    for ticket in ({}, {"priority": "high", "amount": 3, "signals": ["legal"]}):
        assert compile_first([tree])(ticket) == compile_first([again])(ticket)


def test_every_condition_of_the_packaged_workflow_is_read_by_rule_engine_alike() -> None:
    policy = load_workflow(None)
    trees = [rule.tree for rule in policy.routing.rules + policy.routing.boosts]
    trees += [trigger.tree for trigger in policy.escalation.triggers]
    ticket = {"priority": "critical", "category": "technical", "signals": ["urgent"], "rating": 2}

    for tree in trees:
        rule = rule_engine.Rule(render(tree), rule_engine.Context(default_value=None))
        assert bool(rule.matches(normalise(ticket))) == (compile_first([tree])(ticket) == 0)
