"""Which queue, and what is needed of an agent."""

from __future__ import annotations

from datetime import timedelta

import pytest

from shared.contracts import TicketOpened
from shared.policy import load_workflow, parse_workflow
from shared.policy.facts import opening_facts
from tests.support.builders import a

RULES = """\
actions:
  skilled: {queue: billing, skills: {billing: 3}, preferred_skills: {french: 1}}
  sharper: {skills: {billing: 5, incident: 2}, rank: 5}
routing_rules:
  - {name: first, condition: "priority == 'critical'", action: skilled, notify: [team_lead, on_call], cc: account_manager}
  - {condition: "priority IN ['critical', 'high']", action: specialists, sla_target: 30m}
routing_boosts:
  - {name: rich, condition: "lifetime_value > 100", action: sharper, notify: team_lead, rank: -20}
  - {name: tired, condition: "contact_number > 2", cc: duty_manager}
"""


def test_G9_the_first_rule_that_matches_wins() -> None:
    routing = parse_workflow(RULES).routing

    assert "first" == routing.route({"priority": "critical"}).rule
    assert "specialists" == routing.route({"priority": "high"}).rule
    assert timedelta(minutes=30) == routing.route({"priority": "high"}).sla_target


def test_G12_every_boost_that_matches_adds_to_it() -> None:
    route = parse_workflow(RULES).routing.route(
        {"priority": "critical", "lifetime_value": 101, "contact_number": 3}
    )

    assert ("rich", "tired") == route.boosts
    assert {"billing": 5, "incident": 2} == route.required_skills
    assert {"french": 1} == route.preferred_skills
    assert 50 + 5 - 20 == route.rank
    assert ("team_lead", "on_call") == route.notify
    assert ("account_manager", "duty_manager") == route.cc


def test_a_boost_changes_neither_queue_nor_level() -> None:
    routing = parse_workflow(RULES).routing

    plain, boosted = routing.route({}), routing.route({"lifetime_value": 101})
    assert (plain.queue, plain.level) == (boosted.queue, boosted.level)


def test_a_rule_may_name_a_queue_in_place_of_an_action() -> None:
    assert "specialists" == parse_workflow(RULES).routing.route({"priority": "high"}).queue


def test_two_rules_with_one_action_have_different_names() -> None:
    rules = "routing_rules: [{condition: 'amount > 5', action: billing}, {action: billing}]"

    assert ["billing", "billing_2"] == [rule.name for rule in parse_workflow(rules).routing.rules]


@pytest.mark.parametrize(
    ("facts", "rule", "target"),
    [
        (
            {"priority": "critical", "category": "technical", "customer_tier": "enterprise"},
            "assign_to_senior_engineer",
            15,
        ),
        ({"category": "billing", "amount": 10_000}, "assign_to_frontline", None),
        ({"category": "billing", "amount": 10_000.01}, "assign_to_billing_specialist", 240),
        ({"category": "billing"}, "assign_to_frontline", None),
        ({"category": "account", "signals": ["integration"]}, "assign_to_integrations", None),
        ({"category": "api"}, "assign_to_frontline", None),
    ],
    ids=["G-g", "G-h no", "G-h rule 3", "G-h none", "G14 word", "alias is resolved before"],
)
def test_the_packaged_rules(facts: dict[str, object], rule: str, target: int | None) -> None:
    route = load_workflow(None).routing.route(facts)

    assert rule == route.rule
    assert (timedelta(minutes=target) if target else None) == route.sla_target


def test_G14_one_of_two_skills_is_needed_for_an_integration() -> None:
    route = load_workflow(None).routing.route({"category": "integration"})

    assert {"api_expert": 3, "integration_specialist": 3} == route.any_skills
    assert {} == route.required_skills


def test_G10_money_in_another_currency_counts_as_absent() -> None:
    opened = a(TicketOpened, amount=20_000.0, currency="VND")

    assert opening_facts(opened, business_hours=True, currency="USD")["amount"] is None
    assert 20_000.0 == opening_facts(opened, business_hours=True, currency="VND")["amount"]


def test_an_opening_knows_every_fact_that_routing_rules_may_use() -> None:
    from shared.policy.facts import Stage, known_at

    facts = opening_facts(a(TicketOpened), business_hours=False, currency="USD")

    assert set(known_at(Stage.BOOSTS)) <= set(facts)
