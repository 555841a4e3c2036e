"""The SLA matrix: where a target is looked for, and what may stand in a cell."""

from __future__ import annotations

from datetime import timedelta

import pytest

from shared.contracts.vocabulary import Priority
from shared.policy import SlaPolicy, WorkflowError, parse_workflow

TIERS = "customers: {tiers: [gold, silver], default_tier: silver}\n"
CONDITIONS = "conditions: {vip: \"customer_tier == 'gold'\"}\nrouting_rules: []\nnotifications: {rules: []}\n"


def sla(cells: str) -> SlaPolicy:
    """The SLA policy of a matrix for two tiers of its own."""
    return parse_workflow(f"{TIERS}{CONDITIONS}SLA_MATRIX:\n{cells}").sla


def test_K6_the_more_exact_cell_wins_each_metric_for_itself() -> None:
    policy = sla(
        "  critical/gold: {first_response: 1}\n"
        "  critical/any: {first_response: 2, resolution: 20}\n"
        "  any/silver: {first_response: 3, next_response: 33}\n"
        "  any/any: {first_response: 4, resolution: 40}\n"
    )

    def minutes(priority: str, tier: str) -> tuple[str, float, float, float]:
        found = policy.targets(priority, tier)
        times = (found.first_response, found.next_response, found.resolution)
        first, following, resolution = (t / timedelta(minutes=1) for t in times)
        return found.policy_id, first, following, resolution

    assert ("critical/gold", 1, 1, 20) == minutes("critical", "gold")
    assert ("critical/any", 2, 33, 20) == minutes("critical", "silver")
    assert ("any/silver", 3, 33, 40) == minutes("low", "silver")
    assert ("any/any", 4, 4, 40) == minutes("low", "gold")


def test_a_tier_nobody_knows_has_the_targets_of_the_default_tier() -> None:
    policy = sla(
        "  any/any: {first_response: 4, resolution: 40}\n  low/silver: {first_response: 9}\n"
    )

    assert timedelta(minutes=9) == policy.targets(Priority.LOW, "platinum").first_response


def test_words_of_a_cell_may_be_in_any_case() -> None:
    policy = sla(
        "  ('Critical', 'GOLD'): {first_response: 1}\n  any/any: {first_response: 4, resolution: 4}\n"
    )

    assert timedelta(minutes=1) == policy.targets("critical", "gold").first_response


@pytest.mark.parametrize(
    ("cells", "problem"),
    [
        ("  hihg/any: {resolution: 1}\n", 'no priority "hihg", did you mean "high"?'),
        ("  high/glod: {resolution: 1}\n", 'no customer tier "glod", did you mean "gold"?'),
        ("  high: {resolution: 1}\n", r"\('priority', 'customer tier'\) is expected, not high"),
        ("  (1, 2, 3): {resolution: 1}\n", r"is expected, not \(1, 2, 3\)"),
        ("  high/any: {resoluton: 1}\n", 'no field "resoluton", did you mean "resolution"?'),
        ("  high/any: {resolution: 0}\n", "a duration above zero is expected"),
        ("  high/any: {resolution: -3}\n", "-3 minutes is no target"),
        ("  high/any: {resolution: long}\n", '"long" is no duration'),
        ("  high/any: 15\n", "a mapping of keys to values is expected"),
    ],
)
def test_a_cell_that_is_wrong_is_named(cells: str, problem: str) -> None:
    with pytest.raises(WorkflowError, match=problem):
        sla(cells)


def test_A5_without_customer_tiers_everybody_has_the_best_targets() -> None:
    policy = parse_workflow(
        "customers: {tiers: [], default_tier: null}\nconditions: {vip: 'customer_vip'}\n"
        "routing_rules: []\nnotifications: {rules: []}\n"
    )

    found = [policy.sla.targets(priority, "whoever") for priority in Priority]
    assert [15, 60, 240, 480] == [t.first_response / timedelta(minutes=1) for t in found]
    assert [240, 480, 1440, 2880] == [t.resolution / timedelta(minutes=1) for t in found]


def test_a_calendar_may_be_chosen_by_priority() -> None:
    policy = parse_workflow("sla: {calendar: {critical: always, default: office}}\n").sla

    assert ["always", "office"] == [policy.calendar_of(p) for p in ("critical", "low")]
