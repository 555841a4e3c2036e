"""Routing rules learned from tickets of the past."""

from __future__ import annotations

from collections import Counter

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from services.router.domain.learning import DecisionList, Example, LearnedRule, judge, learn


def tickets(count: int, target: str, **facts: str) -> list[Example]:
    """So many tickets of one kind."""
    return [Example(facts, target)] * count


PRINTERS = [
    *tickets(40, "hardware", thing="printer", site="north"),
    *tickets(30, "depot", thing="printer", site="south"),
    *tickets(25, "desk", thing="login", site="north"),
    *tickets(25, "desk", thing="login", site="south"),
]


def test_the_surest_rules_come_first_and_the_rest_goes_where_most_of_it_belongs() -> None:
    learned = learn(PRINTERS, min_support=10)

    assert (
        LearnedRule((("thing", "login"),), "desk", 50, 50),
        LearnedRule((("site", "north"),), "hardware", 40, 40),
        LearnedRule((("site", "south"),), "depot", 30, 30),
    ) == learned.rules
    assert LearnedRule((), "desk", 0, 0) == learned.otherwise


def test_a_rule_is_judged_by_the_tickets_that_come_as_far_as_it() -> None:
    learned = learn(PRINTERS, min_support=10)

    assert "hardware" == learned.decide({"thing": "printer", "site": "north"}).target
    assert "desk" == learned.decide({"thing": "login", "site": "north"}).target
    assert learned.otherwise == learned.decide({"thing": "phone"})


def test_a_rule_takes_as_many_tickets_and_is_as_sure_as_was_asked() -> None:
    few = [
        *PRINTERS,
        *tickets(4, "phones", thing="phone"),
        *tickets(9, "a", thing="x"),
        *tickets(6, "b", thing="x"),
    ]

    assert {"printer", "login"} >= {
        value
        for rule in learn(few, min_support=10, min_precision=0.7).rules
        for _, value in rule.terms
    } - {"north", "south"}
    assert "phones" in {rule.target for rule in learn(few, min_support=4).rules}
    assert (("thing", "x"),) in {rule.terms for rule in learn(few, min_precision=0.6).rules}


def test_an_unknown_value_is_nothing_to_go_by() -> None:
    learned = learn([*tickets(50, "desk", thing=""), *tickets(20, "depot", thing="printer")])

    assert [(("thing", "printer"),)] == [rule.terms for rule in learned.rules]
    assert "desk" == learned.otherwise.target


def test_three_terms_are_found_where_two_do_not_tell() -> None:
    parity = [
        example
        for a in "01"
        for b in "01"
        for c in "01"
        for example in tickets(20, "odd" if (a + b + c).count("1") % 2 else "even", a=a, b=b, c=c)
    ]

    assert 0.5 == judge(learn(parity, min_precision=0.6), parity).accuracy
    assert 1.0 == judge(learn(parity, max_terms=3), parity).accuracy


def test_without_tickets_there_is_nothing_to_learn_or_to_judge_by() -> None:
    with pytest.raises(ValueError, match="no ticket to learn from"):
        learn([])
    with pytest.raises(ValueError, match="no ticket to judge by"):
        judge(learn(PRINTERS), [])


def test_accuracy_counts_all_tickets_and_precision_those_a_rule_takes() -> None:
    learned = learn(PRINTERS, min_support=10)
    found = judge(
        learned,
        [*tickets(2, "desk", thing="login"), *tickets(1, "x", thing="login"), *tickets(1, "x")],
    )

    assert (4, 0.5, 0.75, 2 / 3) == (
        found.tickets,
        found.accuracy,
        found.coverage,
        found.precision,
    )


histories = st.lists(
    st.builds(
        Example,
        st.fixed_dictionaries({name: st.sampled_from(["", "x", "y", "z"]) for name in "abc"}),
        st.sampled_from(["g1", "g2", "g3"]),
    ),
    min_size=1,
    max_size=60,
)


@settings(max_examples=150, deadline=None)
@given(histories, st.integers(1, 6), st.integers(1, 3))
def test_support_and_precision_are_what_a_count_of_the_tickets_gives(
    history: list[Example], min_support: int, max_terms: int
) -> None:
    learned = learn(history, min_support=min_support, min_precision=0.4, max_terms=max_terms)
    taken = [learned.decide(one.facts) for one in history]
    counts = Counter(taken)
    right = Counter(
        rule for rule, one in zip(taken, history, strict=True) if rule.target == one.target
    )

    for rule in (*learned.rules, learned.otherwise):
        assert (counts[rule], right[rule]) == (rule.support, rule.right)
    assert all(rule.support >= min_support and rule.precision >= 0.4 for rule in learned.rules)
    assert all(
        len({column for column, _ in rule.terms}) == len(rule.terms) for rule in learned.rules
    )


@settings(max_examples=50, deadline=None)
@given(histories)
def test_the_order_of_the_tickets_does_not_matter(history: list[Example]) -> None:
    def found(tickets: list[Example]) -> DecisionList:
        return learn(tickets, min_support=2)

    assert found(history) == found(history[::-1])


@settings(max_examples=50, deadline=None)
@given(histories)
def test_rules_are_right_more_often_than_one_answer_for_all(history: list[Example]) -> None:
    usual = Counter(one.target for one in history).most_common(1)[0][1]

    assert judge(learn(history, min_support=2), history).accuracy * len(history) >= usual - 1e-9
