"""Why a ticket is treated as it is."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from shared.contracts.vocabulary import Priority
from shared.policy import WorkflowError, load_workflow
from shared.policy.explain import Comparison, explain
from shared.policy.ticket_file import read_ticket

TICKET = """\
category: Technical
impact: High
urgency: high
customer: {tier: Enterprise, ltv: 20000}
opened_at: 2026-06-01T03:00:00Z
"""


def test_every_rule_says_which_comparison_held_and_what_it_saw() -> None:
    found = explain(load_workflow(None), {"priority": "high", "customer_tier": "enterprise"})
    first, second = found.rules[:2]

    assert (
        Comparison("priority == 'critical'", False, {"priority": "high"}),
        Comparison("category == 'technical'", True, {"category": "technical"}),
    ) == first.comparisons
    assert not first.holds
    assert (True, False, False) == (
        second.comparisons[0].holds,
        second.comparisons[1].holds,
        second.holds,
    )


def test_rules_after_the_one_that_matched_are_not_looked_at() -> None:
    found = explain(load_workflow(None), {"impact": "high", "urgency": "high"})

    assert [True, False, False, False, False] == [verdict.considered for verdict in found.rules]
    assert "assign_to_senior_engineer" == found.route.rule


def test_P5_without_a_priority_the_matrix_is_read_and_then_raised_to_its_floor() -> None:
    found = explain(load_workflow(None), {"urgency": "low", "customer_tier": "enterprise"})

    assert (Priority.LOW, Priority.HIGH, Priority.HIGH) == (
        found.priority.matrix,
        found.priority.floor,
        found.priority.effective,
    )


def test_V4_urgency_words_make_urgency_high_before_the_matrix() -> None:
    found = explain(load_workflow(None), {"impact": "high", "signals": ["urgent"]})

    assert Priority.CRITICAL is found.priority.effective


@pytest.mark.parametrize(
    ("facts", "cell", "minutes"),
    [
        (
            {
                "priority": "critical",
                "customer_tier": "enterprise",
                "category": "billing",
                "business_hours": True,
            },
            "critical/enterprise",
            15,
        ),
        (
            {"priority": "critical", "customer_tier": "standard", "category": "technical"},
            "critical/any",
            15,
        ),
        ({"priority": "low", "category": "billing", "amount": 20_000}, "low/any", 240),
        ({"priority": "low"}, "low/any", 480),
    ],
    ids=["rule 2 loosens nothing", "rule 1 tightens", "rule 3 tightens", "no target"],
)
def test_K10_a_rules_target_only_tightens(
    facts: dict[str, object], cell: str, minutes: int
) -> None:
    found = explain(load_workflow(None), facts)

    assert cell == found.targets.policy_id
    assert timedelta(minutes=minutes) == found.first_response


def test_what_a_trigger_would_do_is_said_from_the_level_the_ticket_starts_at() -> None:
    found = explain(load_workflow(None), {"signals": ["legal"], "contact_number": 3})
    effects = {verdict.name: verdict.effect for verdict in found.triggers if verdict.holds}

    assert {
        "repeat_contact": "raise to tier_2",
        "legal_threat": "raise to management, told: support_manager, customer_success_director",
    } == effects


def test_a_tickets_text_may_nest_its_customer_and_name_its_opening() -> None:
    facts = read_ticket(TICKET, "ticket.yaml", load_workflow(None))

    assert {
        "category": "Technical",
        "impact": "High",
        "urgency": "high",
        "customer_tier": "Enterprise",
        "lifetime_value": 20_000,
        "business_hours": False,
        "opened_at": datetime(2026, 6, 1, 3, tzinfo=UTC),
    } == facts


def test_every_mistake_of_a_tickets_text_is_named_with_its_place() -> None:
    text = "prioritty: high\namount: much\ncustomer: {teir: gold, tier: gold}\nsignals: [angri]\nopened_at: soon\n"
    with pytest.raises(WorkflowError) as caught:
        read_ticket(text, "t.yaml", load_workflow(None))

    assert [
        't.yaml:1:1 prioritty: no fact "prioritty", did you mean "priority"?',
        "t.yaml:2:9 amount: a number is expected, not 'much'",
        't.yaml:3:12 customer.teir: no fact "customer.teir", did you mean "customer.tier"?',
        't.yaml:3:30 customer.tier: "customer_tier" is never "gold"',
        't.yaml:4:10 signals: "signals" is never "angri", did you mean "angry"?',
        't.yaml:5:12 opened_at: "soon" is no instant like 2026-06-01T10:00:00Z',
    ] == [str(problem) for problem in caught.value.problems]
