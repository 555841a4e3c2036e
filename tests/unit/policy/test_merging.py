"""What a file says over what is packaged."""

from __future__ import annotations

import pytest

from shared.policy import WorkflowError, load_workflow, parse_workflow
from shared.policy.merging import merge


def test_a_section_replaces_the_packaged_one() -> None:
    merged = merge({"queues": {"mine": {"level": "l"}}}, {"queues": {"theirs": {}}, "sla": 1})

    assert {"queues": {"mine": {"level": "l"}}, "sla": 1} == merged


@pytest.mark.parametrize(
    "section", ["conditions", "actions", "audiences", "templates", "calendars"]
)
def test_a_section_of_names_is_merged_by_name(section: str) -> None:
    merged = merge({section: {"b": 2}}, {section: {"a": 1, "b": 1}})

    assert {"a": 1, "b": 2} == merged[section]


@pytest.mark.parametrize("section", ["customers", "triage", "sla", "escalation", "notifications"])
def test_a_section_of_settings_keeps_the_packaged_keys_it_leaves_out(section: str) -> None:
    merged = merge({section: {"b": 2}}, {section: {"a": 1, "b": 1}})

    assert {"a": 1, "b": 2} == merged[section]


def test_a_packaged_action_whose_queue_is_gone_goes_with_it() -> None:
    policy = parse_workflow(
        "queues: {desk: {level: tier_1}, up: {level: tier_3}}\n"
        "escalated_to: {tier_2: up, tier_3: up, management: up}\n"
        "routing_rules: [{action: desk}]\n"
    )

    assert "desk" == policy.routing.route({}).queue


def test_a_packaged_rule_that_needs_it_is_reported_with_its_packaged_place() -> None:
    with pytest.raises(WorkflowError) as caught:
        parse_workflow("queues: {desk: {level: tier_1}}\n")

    problem = caught.value.problems[0]
    assert "packaged workflow.yaml" == problem.file
    assert problem.line > 0


def test_a_packaged_condition_that_nothing_uses_may_name_what_is_gone() -> None:
    policy = parse_workflow(
        "triage: {signals: {}, urgent_signals: []}\n"
        "conditions: {complaint: 'rating < 3', customer_frustration: 'sentiment < 0'}\n"
        "routing_rules: []\nescalation_matrix: {}\nescalation: {triggers: []}\n"
        "notifications: {rules: []}\n"
    )

    assert {} == policy.triage.word_groups


def test_ones_own_condition_is_checked_though_nothing_uses_it() -> None:
    with pytest.raises(WorkflowError, match=r'workflow.yaml:1:21 conditions.mine: no name "amont"'):
        parse_workflow('conditions: {mine: "amont > 3"}')


def test_an_empty_mapping_of_settings_changes_nothing() -> None:
    assert load_workflow(None).digest == parse_workflow("sla: {}\n").digest
