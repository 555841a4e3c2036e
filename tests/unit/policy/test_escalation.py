"""When a ticket is raised, and to which level."""

from __future__ import annotations

import pytest

from shared.policy import WorkflowError, WorkflowPolicy, load_workflow, parse_workflow


@pytest.fixture(scope="module")
def policy() -> WorkflowPolicy:
    return load_workflow(None)


def names(policy: WorkflowPolicy, on: str, facts: dict[str, object], **more: int) -> list[str]:
    """The names of the triggers that fire."""
    return [trigger.name for trigger in policy.escalation.fired(on, facts, **more)]


@pytest.mark.parametrize(("threshold", "fired"), [(50, []), (80, ["sla_at_risk"]), (90, [])])
def test_L1_80_percent_raises_whatever_the_priority(
    policy: WorkflowPolicy, threshold: int, fired: list[str]
) -> None:
    assert fired == names(policy, "sla.warning", {"priority": "low"}, threshold=threshold)


@pytest.mark.parametrize(
    ("priority", "told"),
    [
        ("critical", ("team_managers",)),
        ("high", ("team_managers",)),
        ("medium", ("team_lead", "team_managers")),
        ("low", ("team_lead", "team_managers")),
    ],
)
def test_L1_a_breach_raises_to_the_next_level_and_tells_by_priority(
    policy: WorkflowPolicy, priority: str, told: tuple[str, ...]
) -> None:
    (trigger,) = policy.escalation.fired("sla.breached", {"priority": priority})

    assert ("sla_breached", "next_level", told) == (trigger.name, trigger.to, trigger.audience)


def test_V11_a_broken_promise_to_a_vip_is_a_complaint(policy: WorkflowPolicy) -> None:
    facts: dict[str, object] = {"priority": "high", "customer_tier": "enterprise"}

    assert ["sla_breached", "vip_customer"] == names(policy, "sla.breached", facts)


@pytest.mark.parametrize(
    ("on", "facts", "fired"),
    [
        ("ticket.opened", {"contact_number": 2}, []),
        ("ticket.opened", {"contact_number": 3}, ["repeat_contact"]),
        ("ticket.opened", {"revenue_impact": 1000}, []),
        ("ticket.opened", {"revenue_impact": 1000.01}, ["revenue_impact"]),
        ("ticket.opened", {"signals": ["urgent"], "priority": "medium"}, []),
        ("ticket.opened", {"signals": ["urgent"], "priority": "high"}, ["urgent_words"]),
        ("ticket.opened", {"customer_tier": "enterprise"}, ["vip_customer"]),
        ("ticket.reopened", {"reopened_count": 1, "recent_reopened": 2}, []),
        ("ticket.reopened", {"reopened_count": 2}, ["often_reopened"]),
        ("ticket.reopened", {"recent_reopened": 3}, ["often_reopened"]),
        ("ticket.queued", {"entry": 3}, []),
        ("ticket.queued", {"entry": 4}, ["ping_pong"]),
        ("ticket.rated", {"rating": 3}, []),
        ("ticket.rated", {"rating": 2}, ["low_satisfaction"]),
        ("ticket.rated", {"rating": 3, "rating_mean": 2.8}, ["low_satisfaction"]),
        ("ticket.rated", {"rating": 4, "rating_mean": 2.8, "rating_mean_before": 2.5}, []),
        ("ticket.rated", {"rating": 3, "rating_mean": 3.0, "rating_mean_before": 3.2}, []),
        ("ticket.reopened", {"contact_number": 3}, ["repeat_contact"]),
        ("ticket.opened", {"signals": ["manager"]}, ["manager_requested"]),
        ("ticket.message_added", {"signals": ["manager"]}, ["manager_requested"]),
        ("ticket.analysed", {"sentiment_label": "calm"}, []),
        ("ticket.analysed", {"sentiment_label": "frustrated"}, ["negative_sentiment"]),
    ],
)
def test_V_the_packaged_triggers(
    policy: WorkflowPolicy, on: str, facts: dict[str, object], fired: list[str]
) -> None:
    assert fired == names(policy, on, facts)


def test_G11_a_vip_starts_at_tier_2_and_pages_nobody(policy: WorkflowPolicy) -> None:
    (trigger,) = policy.escalation.fired("ticket.opened", {"customer_tier": "enterprise"})

    assert ("tier_2", True) == (trigger.to, trigger.starting)


@pytest.mark.parametrize(
    ("level", "facts", "raised"),
    [
        ("tier_1", {"sentiment_label": "frustrated"}, {"customer_frustration": "tier_2"}),
        ("tier_2", {"sentiment_label": "frustrated"}, {}),
        ("tier_2", {"complexity": "l3"}, {"technical_complexity": "tier_3"}),
        ("tier_1", {"complexity": "l3"}, {}),
        ("tier_3", {"signals": ["legal"]}, {"legal_threat": "management"}),
        ("tier_1", {"signals": ["public"]}, {"public_complaint": "management"}),
        ("tier_2", {"customer_vip": True}, {}),
        ("tier_2", {"customer_vip": True, "rating": 1}, {"vip_customer": "management"}),
    ],
)
def test_X6_a_levels_conditions_act_there_and_managements_triggers_everywhere(
    policy: WorkflowPolicy, level: str, facts: dict[str, object], raised: dict[str, str]
) -> None:
    found = policy.escalation.level_conditions(level, facts)

    assert raised == {trigger.name: trigger.to for trigger in found}


def test_a_level_without_a_block_waits_its_response_time_and_goes_to_the_next() -> None:
    escalation = parse_workflow("escalation_matrix: {}\n").escalation

    assert ["tier_2", "tier_3", "management", None] == [
        escalation.next_level(level) for level in escalation.ladder
    ]
    assert not escalation.waits_for_reply("tier_1")
    assert load_workflow(None).escalation.timeout("tier_1") == escalation.timeout("tier_1")


def test_a_block_may_skip_a_level_and_hold_conditions_as_texts() -> None:
    escalation = parse_workflow(
        "escalation_matrix: {tier_1: {conditions: ['amount > 5'], escalate_to: management}}\n"
    ).escalation

    assert "management" == escalation.next_level("tier_1")
    assert ["amount > 5"] == [t.name for t in escalation.level_conditions("tier_1", {"amount": 6})]


def test_a_level_has_its_rank_by_any_of_its_names(policy: WorkflowPolicy) -> None:
    assert [0, 1, 2, 3, 3] == [
        policy.escalation.rank(name)
        for name in ("tier_1", "tier_2_specialist", "tier_3", "management", "tier_4")
    ]
    with pytest.raises(KeyError):
        policy.escalation.rank("tier_9")
    with pytest.raises(KeyError):
        policy.level("tier_9")


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        (
            "escalation_matrix: {tier_2: {escalate_to: tier_1}}",
            r'1:43 escalation_matrix.tier_2.escalate_to: "tier_1" is not above "tier_2"',
        ),
        (
            "escalation_matrix: {tier_1: {conditions: [no_respons]}}",
            'no name "no_respons", did you mean "no_response"',
        ),
        ("escalation_matrix: {tier_9: {}}", 'no level "tier_9"'),
        ("escalated_to: {tier_2: billing}", 'no queue for level "tier_3"'),
        ("sla: {thresholds: [50, 40, 100]}", "percents rise and end with 100"),
        ("sla: {thresholds: [50, 90]}", "percents rise and end with 100"),
        ("sla: {overdue: [90]}", "percents rise and are above 100"),
        (
            "escalation: {triggers: [{name: a, on: sla.warning, threshold: 85}]}",
            "85 is not among sla.thresholds and sla.overdue",
        ),
        (
            "escalation: {triggers: [{name: a, on: sla.breached, threshold: 90}]}",
            "a threshold belongs to sla.warning",
        ),
        (
            "escalation: {triggers: [{name: a, on: sla.warnin}]}",
            'no event "sla.warnin", did you mean "sla.warning"',
        ),
        (
            "escalation: {triggers: [{name: a, on: ticket.rated, to: nextlevel}]}",
            'no level "nextlevel"',
        ),
        ("escalation: {manual_reasons: {a: tier_8}}", 'no level "tier_8"'),
        ("escalation: {window: {share: 2, floor: 5s}}", "less than or equal to 1"),
        ("customers: {tiers: [enterprise, any], default_tier: any}", '"any" stands for every tier'),
        ("weights: {l1: 1, l2: 2}", "no weight for l3"),
        ("sla: {calendar: {critical: always}}", "sla.calendar: is missing for default"),
        ("sla: {pause_on: [lunch]}", 'no pause reason "lunch"'),
    ],
)
def test_what_no_ladder_can_mean_is_refused(text: str, problem: str) -> None:
    with pytest.raises(WorkflowError, match=problem):
        parse_workflow(text)


def test_X10_warnings_name_what_can_never_matter() -> None:
    policy = parse_workflow(
        "routing_rules:\n"
        "  - {condition: 'amount > 5', action: billing, sla_target: 9h}\n"
        "  - {condition: 'amount>5', action: specialists}\n"
        "  - {action: general}\n"
        "  - {action: billing}\n"
        "SLA_MATRIX: {high/any: {first_response: 900, resolution: 900}}\n"
    )

    messages = [
        f"{w.line} {w.path}: {w.message}" for w in policy.warnings if w.file == "workflow.yaml"
    ]
    assert "3 routing_rules[1]: never matches: routing_rules[0] always does first" in messages
    assert "5 routing_rules[3]: never matches: routing_rules[2] always does first" in messages
    assert (
        "6 SLA_MATRIX: high/enterprise (15 h / 15 h) promises less than medium/enterprise"
        in messages
    )
