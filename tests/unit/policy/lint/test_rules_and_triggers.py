"""What the lint says of routing rules, triggers and the levels' blocks."""

from __future__ import annotations

import pytest

from services.escalator.domain.triggers import _PASSING, _before_and_after, by_event
from shared.contracts import TicketMessageAdded, TicketQueued, type_of
from shared.policy.lint.dead_rules import PASSING, TOLD_BY
from tests.support.builders import CUSTOMER, PAYLOAD_EXAMPLES, a, an_event
from tests.support.cases import Story
from tests.support.linted import linted, of, said, tidied

RULE = """{condition: "priority == 'critical'", action: urgent}"""
TRIGGER = "{name: at_risk, on: sla.warning, threshold: 80, to: tier_2}"


def with_rule(rule: str) -> str:
    """The tidy workflow with one more rule in front of the catch-all."""
    return tidied((f"- {RULE}\n", f"- {RULE}\n  - {rule}\n"))


def with_trigger(trigger: str) -> str:
    """The tidy workflow with one more trigger."""
    return tidied((f"- {TRIGGER}\n", f"- {TRIGGER}\n    - {trigger}\n"))


def test_G9_a_rule_hidden_by_an_earlier_one_is_pointed_out() -> None:
    rule = """{condition: "priority == 'critical' AND amount > 5", action: urgent}"""

    assert said("L030", linted(with_rule(rule))) == [
        "never matches: routing_rules[0] always does first"
    ]


def test_a_rule_that_contradicts_itself_is_pointed_out() -> None:
    rule = '{condition: "amount > 5 AND amount < 3", action: urgent}'

    assert said("L031", linted(with_rule(rule))) == ["never matches: it contradicts itself"]


def test_K10_a_target_that_tightens_every_promise_it_meets_is_no_finding() -> None:
    rule = """{condition: "priority == 'low'", action: urgent, sla_target: 5_hours}"""

    assert said("L032", linted(with_rule(rule))) == []


def test_K10_a_target_is_judged_by_the_tickets_that_reach_its_rule() -> None:
    loose = """{condition: "customer_tier == 'enterprise'", action: urgent, sla_target: 5_hours}"""

    assert said("L032", linted(with_rule(loose))) == []  # critical ones are taken before


def test_rules_with_targets_that_exclude_each_other_do_not_overlap() -> None:
    one = """{condition: "category == 'billing'", action: urgent, sla_target: 1_hour}"""
    two = """{condition: "category == 'product'", action: urgent, sla_target: 2_hours}"""

    assert said("L034", linted(with_rule(f"{one}\n  - {two}"))) == []


def test_of_many_overlapping_rules_three_are_named() -> None:
    rules = [
        f"""{{condition: "amount > {n}", action: urgent, sla_target: {n}_hours}}"""
        for n in range(6, 1, -1)
    ]

    assert said("L034", linted(with_rule("\n  - ".join(rules))))[-1].endswith(
        "routing_rules[3] (4 h) and 1 more takes: the first match decides"
    )


def test_a_rule_for_the_night_covers_one_for_the_day() -> None:
    day = """{condition: "category == 'billing' AND business_hours", action: urgent}"""
    night = """{condition: "category == 'billing'", action: urgent}"""

    assert len(said("L033", linted(with_rule(day)))) == 1
    assert said("L033", linted(with_rule(f"{day}\n  - {night}"))) == []


def test_a_channel_that_is_called_like_a_category_is_no_other_name() -> None:
    assert (
        said("L035", linted(with_rule("""{condition: "channel == 'api'", action: urgent}"""))) == []
    )


def test_a_queue_that_nothing_leads_to_is_pointed_out() -> None:
    queues = "queues:\n  idle: {level: tier_2}\n  urgent:"

    assert [found.path for found in of("L036", linted(tidied(("queues:\n  urgent:", queues))))] == [
        "queues.idle"
    ]


@pytest.mark.parametrize(
    ("trigger", "reason"),
    [
        (
            "{name: t, on: ticket.closed, to: tier_2}",
            "t never acts: nothing is raised by ticket.closed",
        ),
        (
            '{name: t, on: ticket.opened, condition: "amount > 5 AND amount < 3", to: tier_2}',
            "t never acts: its condition contradicts itself",
        ),
        (
            '{name: t, on: ticket.opened, condition: "sentiment < -0.5", to: tier_2}',
            "t never acts: what its condition asks for is not known on ticket.opened",
        ),
        (
            """{name: t, on: ticket.rated, condition: "rating < 3 AND 'legal' IN signals", to: tier_2}""",
            "t never acts: what its condition asks for is not known on ticket.rated",
        ),
    ],
)
def test_V_a_trigger_that_never_acts_is_pointed_out(trigger: str, reason: str) -> None:
    assert said("L042", linted(with_trigger(trigger))) == [reason]


@pytest.mark.parametrize(
    "condition",
    ["sentiment == null", "rating != 3", "amount > 5 OR sentiment < -0.5", "NOT (sentiment < 0)"],
)
def test_a_condition_that_holds_without_the_fact_is_none_that_never_acts(condition: str) -> None:
    trigger = f'{{name: t, on: ticket.opened, condition: "{condition}", to: management}}'

    assert said("L042", linted(with_trigger(trigger))) == []


def test_the_lint_knows_which_facts_the_escalator_forgets_again() -> None:
    assert {*_PASSING, "metric"} == PASSING


def test_the_lint_knows_which_events_the_escalator_raises_by_and_what_they_tell() -> None:
    story = Story()
    story.open("high", "enterprise")
    told = {}
    changed = (a(TicketMessageAdded, author=CUSTOMER), a(TicketQueued, entry=4))
    for payload in (*PAYLOAD_EXAMPLES, *changed):
        event = an_event(payload)
        if by_event(story.case, event, story.policy)[1] is not None:
            loud = _before_and_after(story.case, event, story.policy)[1]
            told[type_of(payload).name] = {name for name in PASSING if loud.get(name)}
    known = {name: facts for name, facts in TOLD_BY.items() if name.startswith("ticket.")}

    assert told.keys() == known.keys()
    assert {name for name, facts in told.items() if not facts <= known[name]} == set()


def test_L10_a_trigger_at_another_threshold_is_not_redundant() -> None:
    trigger = "{name: t, on: sla.warning, threshold: 90, to: tier_2}"

    assert said("L043", linted(with_trigger(trigger))) == []


def test_L10_a_narrow_trigger_that_raises_higher_is_not_redundant() -> None:
    trigger = """{name: t, on: sla.warning, threshold: 80, condition: "priority == 'low'", to: management}"""

    assert said("L043", linted(with_trigger(trigger))) == []


def test_of_two_equal_triggers_the_later_is_redundant() -> None:
    trigger = "{name: t, on: sla.warning, threshold: 80, to: tier_2}"

    assert said("L043", linted(with_trigger(trigger))) == [
        "t raises no further than at_risk, which acts whenever it does"
    ]


@pytest.mark.parametrize(
    ("block", "path"),
    [
        ("timeout: 1_hour, triggers:", "escalation_matrix.management.timeout"),
        ("conditions: [no_response], triggers:", "escalation_matrix.management.conditions"),
    ],
)
def test_X6_what_ends_a_level_does_nothing_at_the_top(block: str, path: str) -> None:
    report = linted(tidied(("management: {triggers:", f"management: {{{block}")))

    assert [found.path for found in of("L044", report)] == [path]


def test_X6_a_condition_that_asks_for_another_level_does_nothing() -> None:
    block = "tier_2: {timeout: 30_minutes, conditions: [no_response"
    other = f"{block}, \"level == 'tier_1' AND amount > 5\""

    assert said("L044", linted(tidied((block, other)))) == [
        "\"level == 'tier_1' AND amount > 5\" never holds for a ticket at tier_2"
    ]


def test_X6_triggers_at_the_lowest_level_raise_nobody() -> None:
    block = "tier_1: {timeout: 30_minutes, conditions: [no_response]"
    report = linted(tidied((block, f"{block}, triggers: [\"'legal' IN signals\"]")))

    assert said("L044", report) == ["nobody is below tier_1: nothing is raised to it"]


def test_people_of_a_block_without_triggers_are_told_nothing() -> None:
    block = "tier_2: {timeout: 30_minutes, conditions: [no_response]"

    assert said("L044", linted(tidied((block, f"{block}, notify: [team_lead]")))) == [
        "only triggers of the block tell these, and it has none"
    ]
