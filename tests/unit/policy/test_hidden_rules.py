"""Rules that can never act are pointed out, and nothing else is."""

from __future__ import annotations

import time
from itertools import product

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from shared.contracts.vocabulary import Priority
from shared.policy import parse_workflow
from shared.policy.cases import Cases
from shared.policy.compiler import compile_first
from shared.policy.conditions import check_condition
from shared.policy.facts import Stage
from shared.policy.vocabulary import Vocabulary

#: Comparisons that overlap, exclude and imply each other in every way.
COMPARISONS = (
    "priority == 'critical'",
    "priority IN ['critical', 'high']",
    "priority != 'low'",
    "priority IN ['medium', 'low']",
    "category == 'billing'",
    "category IN ['billing', 'product']",
    "category != 'billing'",
    "category == null",
    "amount > 5",
    "amount >= 10",
    "amount < 7",
    "amount == 10",
    "amount IN [5, 10]",
    "amount != null",
    "amount > lifetime_value",
    "'urgent' IN signals",
    "'legal' NOT IN signals",
    "customer_vip",
    "customer_vip == false",
    "business_hours == true",
    "NOT business_hours",
    "business_hours.emea",
    "business_hours.emea == false",
    "true",
)

#: Every ticket there can be, as far as those tell tickets apart.
TICKETS = [
    {
        "priority": priority.value,
        "category": category,
        "amount": amount,
        "lifetime_value": value,
        "signals": signals,
        "customer_vip": vip,
        "business_hours": hours,
        "business_hours.emea": emea,
    }
    for priority, category, amount, value, signals, vip, hours, emea in product(
        Priority,
        (None, "billing", "product", "account"),
        (None, 4, 5, 6, 7, 8, 10, 11),
        (None, 0),
        (None, (), ("urgent",), ("urgent", "legal")),
        (None, True, False),
        (True, False),
        (True, False),
    )
][::7]  # a seventh: 7 divides none of the counts, so that every pair of values stays in

VOCABULARY = Vocabulary(calendars={"emea": "emea"})

conditions = st.recursive(
    st.sampled_from(COMPARISONS),
    lambda inner: st.one_of(
        st.lists(inner, min_size=2, max_size=3).map(lambda parts: f"({' AND '.join(parts)})"),
        st.lists(inner, min_size=2, max_size=3).map(lambda parts: f"({' OR '.join(parts)})"),
        inner.map(lambda part: f"NOT ({part})"),
    ),
    max_leaves=5,
)


@settings(max_examples=120, deadline=None)
@given(st.lists(conditions, min_size=1, max_size=7))
def test_a_rule_that_is_pointed_out_is_the_first_match_of_no_ticket(texts: list[str]) -> None:
    trees = [check_condition(text, VOCABULARY, Stage.ROUTING).tree for text in texts]
    cases, first = Cases(trees), compile_first(trees)
    hidden = {index for index in range(len(trees)) if not cases.possible(index, range(index))}

    assert set() == hidden & {first(ticket) for ticket in TICKETS}


@settings(max_examples=60, deadline=None)
@given(
    st.lists(
        st.lists(
            st.sampled_from([text for text in COMPARISONS[:16] if "value" not in text]),
            min_size=1,
            max_size=3,
        ).map(" AND ".join),
        min_size=1,
        max_size=7,
    )
)
def test_every_rule_that_is_the_first_match_of_no_ticket_is_pointed_out(texts: list[str]) -> None:
    trees = [check_condition(text, VOCABULARY, Stage.ROUTING).tree for text in texts]
    cases, first = Cases(trees), compile_first(trees)
    met = {first(ticket) for ticket in TICKETS}

    assert {n for n in range(len(trees)) if cases.possible(n, range(n))} <= met


def warnings(text: str) -> list[str]:
    """What is pointed out in rules written as one condition a line, each with its action."""
    policy = parse_workflow(text, name="mine.yaml")
    return [str(found) for found in policy.warnings if found.file == "mine.yaml"]


def rules(*texts: str) -> str:
    """A workflow with rules of these conditions, from line 2 on."""
    lines = [f'  - {{condition: "{text}", action: billing}}' for text in texts]
    return "\n".join(["routing_rules:", *lines, "  - {action: general}"])


@pytest.mark.parametrize(
    ("earlier", "later"),
    [
        ("category == 'billing'", "category == 'billing' AND amount > 5"),
        ("amount > 5", "amount > 10"),
        ("amount > 5", "amount >= 6 AND priority == 'high'"),
        ("priority IN ['critical', 'high']", "priority == 'high'"),
        ("priority != 'low'", "priority == 'high'"),
        ("amount > 5 OR 'urgent' IN signals", "'urgent' IN signals AND vip"),
        ("vip", "lifetime_value > 20000"),
        ("NOT business_hours", "business_hours == false AND priority == 'low'"),
        ("category != null", "category IN ['billing', 'product']"),
    ],
)
def test_a_rule_whose_condition_implies_an_earlier_one_never_matches(
    earlier: str, later: str
) -> None:
    assert [
        "mine.yaml:3:5 routing_rules[1]: never matches: routing_rules[0] always does first"
    ] == warnings(rules(earlier, later))


def test_several_rules_may_hide_one_together() -> None:
    said = warnings(
        rules(
            "'legal' IN signals", "amount > 5", "vip", "amount <= 5", "amount >= 3 AND amount < 8"
        )
    )

    assert [
        "mine.yaml:6:5 routing_rules[4]: never matches: one of routing_rules[1], routing_rules[3] always does first"
    ] == said


@pytest.mark.parametrize(
    "condition",
    ["priority == 'low' AND priority == 'high'", "amount > 10 AND amount < 5", "vip AND NOT vip"],
)
def test_a_rule_may_contradict_itself(condition: str) -> None:
    assert [
        "mine.yaml:2:17 routing_rules[0].condition: never matches: it contradicts itself"
    ] == warnings(rules(condition))


@pytest.mark.parametrize(
    ("earlier", "later"),
    [
        ("category == 'billing' AND amount > 5", "category == 'billing'"),
        ("amount > 10", "amount >= 10"),
        ("amount > lifetime_value", "amount >= lifetime_value"),
        ("customer_vip == true", "customer_vip != true"),
        ("amount > 5 OR amount <= 5", "category == 'billing'"),
    ],
    ids=["partly hidden", "touching", "two facts", "absent", "no amount at all"],
)
def test_a_rule_that_can_still_match_is_no_warning(earlier: str, later: str) -> None:
    assert [] == warnings(rules(earlier, later))


def test_a_catch_all_behind_rules_for_every_case_is_no_warning() -> None:
    assert [] == warnings(rules("business_hours == true", "business_hours == false"))


def test_a_boost_that_contradicts_itself_is_pointed_out() -> None:
    text = 'routing_boosts: [{condition: "amount > 5 AND amount < 3", rank: 1}]\n'

    assert [
        "mine.yaml:1:30 routing_boosts[0].condition: never matches: it contradicts itself"
    ] == warnings(text)


def test_a_queue_that_nothing_leads_to_is_pointed_out() -> None:
    text = """\
queues: {a: {level: tier_1}, b: {level: tier_2}, c: {level: tier_3}, d: {level: tier_1}, e: {level: tier_1}}
escalated_to: {tier_2: b, tier_3: b, management: b}
actions: {to_c: {queue: c}, unused: {queue: d}}
routing_rules: [{condition: vip, action: to_c}, {condition: "amount > 5", action: {queue: a}}]
"""

    assert [
        "mine.yaml:1:70 queues.d: no routing rule and no entry of escalated_to leads here",
        "mine.yaml:1:90 queues.e: no routing rule and no entry of escalated_to leads here",
    ] == warnings(text)


def test_a_file_that_keeps_the_packaged_queues_hears_nothing_of_them() -> None:
    assert [] == warnings("routing_rules: [{action: billing}]")


def test_200_rules_are_looked_through_in_a_moment() -> None:
    texts = [
        f"category == 'billing' AND amount > {n} AND contact_number != {n}"
        for n in range(150, -50, -1)
    ]
    trees = [check_condition(text, VOCABULARY, Stage.ROUTING).tree for text in texts]
    began = time.process_time()
    cases = Cases(trees)

    assert all(cases.possible(n, range(n)) for n in range(len(trees)))
    assert 5 > time.process_time() - began
