"""Classification: floors, categories, labels."""

from __future__ import annotations

import pytest

from shared.contracts.vocabulary import Priority, SentimentLabel
from shared.policy import WorkflowError, load_workflow, parse_workflow


def test_P4_the_highest_floor_that_matches_counts() -> None:
    triage = parse_workflow(
        "triage:\n  at_least:\n"
        "    - {condition: 'amount > 10', priority: medium}\n"
        "    - {condition: 'amount > 20', priority: Critical}\n"
        "    - {condition: 'amount > 30', priority: high}\n"
    ).triage

    assert triage.floors({"amount": 5}) is None
    assert Priority.MEDIUM is triage.floors({"amount": 11})
    assert Priority.CRITICAL is triage.floors({"amount": 31})


@pytest.mark.parametrize(
    "facts",
    [
        {"customer_tier": "enterprise"},
        {"customer_tier": "standard", "lifetime_value": 10_000.01},
        {"customer_vip": True},
    ],
)
def test_G11_a_vip_has_at_least_high(facts: dict[str, object]) -> None:
    assert Priority.HIGH is load_workflow(None).triage.floors(facts)


def test_V20_a_lifetime_value_of_exactly_10000_is_no_vip() -> None:
    assert load_workflow(None).triage.floors({"lifetime_value": 10_000}) is None


@pytest.mark.parametrize(
    ("spelt", "category"),
    [
        ("billing", "billing"),
        ("Billing", "billing"),
        ("API", "integration"),
        (" account ", "account"),
        ("weather", "technical"),
        (None, "technical"),
        ("", "technical"),
    ],
)
def test_a_category_is_found_in_any_case_or_by_its_alias_or_is_the_default(
    spelt: str | None, category: str
) -> None:
    assert category == load_workflow(None).triage.category_of(spelt)


@pytest.mark.parametrize(
    ("score", "label"),
    [
        (-0.71, SentimentLabel.ANGRY),
        (-0.7, SentimentLabel.FRUSTRATED),
        (-0.41, SentimentLabel.FRUSTRATED),
        (-0.4, SentimentLabel.CALM),
        (1.0, SentimentLabel.CALM),
    ],
)
def test_V3_limits_of_the_score(score: float, label: SentimentLabel) -> None:
    assert label is load_workflow(None).triage.label(score)


def test_a_customer_tier_is_found_in_any_case_or_is_the_default() -> None:
    customers = load_workflow(None).customers

    assert ["enterprise", "standard", "standard"] == [
        customers.tier_of(name) for name in ("Enterprise", "unheard of", None)
    ]


def test_a_priority_matrix_with_a_hole_is_refused() -> None:
    with pytest.raises(WorkflowError, match="no priority for impact low and urgency low"):
        parse_workflow(
            "triage:\n  priority_matrix:\n"
            "    high: {high: critical, medium: high, low: medium}\n"
            "    medium: {high: high, medium: medium, low: low}\n"
            "    low: {high: medium, medium: low}\n"
        )
