"""Which queue, and what is needed of an agent."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from shared.contracts import TicketOpened
from shared.policy import WorkflowError, load_workflow, parse_workflow
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

    assert opening_facts(opened, hours={}, currency="USD")["amount"] is None
    assert 20_000.0 == opening_facts(opened, hours={}, currency="VND")["amount"]


def test_an_opening_knows_every_fact_that_routing_rules_may_use() -> None:
    from shared.policy.facts import Stage, known_at

    facts = opening_facts(a(TicketOpened), hours={"business_hours": False}, currency="USD")

    assert set(known_at(Stage.BOOSTS)) <= set(facts)


# Actions with teams and roles

ROLES = """\
agent_roles:
  engineer: {skills: {incident: 3}, preferred_skills: {senior: 1}, prefer: account_owner}
actions:
  repair: {queue: engineering, team: [field, depot], role: engineer, skills: {incident: 4, tools: 1}}
routing_rules:
  - {condition: "priority == 'critical'", action: repair}
  - {condition: "priority == 'high'", action: {queue: specialists, team: field, role: engineer, prefer: ana}}
  - {condition: "priority == 'low'", action: {skills: {patience: 5}}}
"""


def test_a_role_is_asked_for_beside_the_skills_of_the_action_itself() -> None:
    route = parse_workflow(ROLES).routing.route({"priority": "critical"})

    assert {"incident": 4, "tools": 1} == route.required_skills
    assert {"senior": 1} == route.preferred_skills
    assert ("engineer", "account_owner") == (route.role, route.prefer)


def test_the_team_of_an_action_serves_its_tickets_in_place_of_the_queues_own() -> None:
    text = "queues: {engineering: {level: tier_3, teams: [other]}, specialists: {level: tier_2}}\n"
    text += "escalated_to: {tier_2: specialists, tier_3: engineering, management: engineering}\n"
    routing = parse_workflow(f"{text}{ROLES}").routing

    assert ("field", "depot") == routing.route({"priority": "critical"}).teams
    assert () == routing.route({"priority": "low"}).teams
    assert ("other",) == routing.queues["engineering"].teams


def test_an_action_may_be_described_on_the_spot() -> None:
    routing = parse_workflow(ROLES).routing
    route = routing.route({"priority": "high"})

    assert ("specialists", "tier_2", ("field",), "engineer", "ana") == (
        route.queue,
        route.level,
        route.teams,
        route.role,
        route.prefer,
    )
    assert ["repair", "engineer", "general"] == [rule.name for rule in routing.rules]
    assert ("general", {"patience": 5}) == (
        routing.route({"priority": "low"}).queue,
        routing.route({"priority": "low"}).required_skills,
    )


def test_a_role_of_the_packaged_workflow_may_be_said_anew() -> None:
    routing = parse_workflow("agent_roles: {senior_engineer: {skills: {incident: 2}}}").routing

    assert {"incident": 2} == routing.route(CRITICAL).required_skills
    assert {"incident": 4} == load_workflow(None).routing.route(CRITICAL).required_skills


CRITICAL = {"priority": "critical", "category": "technical"}


@pytest.mark.parametrize(
    ("action", "problem"),
    [
        (
            "{queu: billing}",
            '2:31 routing_rules[0].action.queu: no field "queu", did you mean "queue"?',
        ),
        (
            "{role: senior_enginer}",
            '2:37 routing_rules[0].action.role: no agent role "senior_enginer", did you mean "senior_engineer"?',
        ),
        ("billin", '2:30 routing_rules[0].action: no action "billin", did you mean "billing"?'),
        (
            "[billing]",
            "2:30 routing_rules[0].action: the name of an action is expected, not ['billing']",
        ),
        (
            "{skills: {x: 9}}",
            "2:43 routing_rules[0].action.skills.x: input should be less than or equal to 5, not 9",
        ),
    ],
    ids=["field", "role", "name", "list", "proficiency"],
)
def test_a_mistake_in_an_action_is_answered_with_its_place(action: str, problem: str) -> None:
    with pytest.raises(WorkflowError) as caught:
        parse_workflow(f"routing_rules:\n  - {{name: one_rule, action: {action}}}\n")

    assert [f"workflow.yaml:{problem}"] == [str(found) for found in caught.value.problems]


# Business hours of named calendars

HOURS = """\
calendars:
  emea: {zone: Europe/Berlin, hours: {mon-fri: ["09:00-18:00"]}}
  Asia.south: {zone: Asia/Kolkata, hours: {mon-fri: ["09:00-18:00"]}}
routing_rules:
  - {name: by_day, condition: "business_hours.EMEA == true", action: billing}
  - {name: by_night, condition: "ticket.business_hours.asia.south AND NOT business_hours.emea", action: specialists}
"""


@pytest.mark.parametrize(
    ("hour", "rule"),
    [(8, "by_day"), (4, "by_night"), (20, None)],
    ids=["Berlin", "Kolkata", "nobody"],
)
def test_a_rule_may_ask_any_calendar_whether_it_is_open_at_the_opening(
    hour: int, rule: str | None
) -> None:
    policy = parse_workflow(HOURS)
    at = datetime(2026, 6, 1, hour, tzinfo=UTC)

    assert rule == policy.routing.route(policy.opening_facts(a(TicketOpened), at)).rule


def test_only_calendars_that_a_condition_asks_are_looked_at() -> None:
    assert {"business_hours", "business_hours.Asia.south", "business_hours.emea"} == set(
        parse_workflow(HOURS).hours(datetime(2026, 6, 1, tzinfo=UTC))
    )
    assert {"business_hours"} == set(load_workflow(None).hours(datetime(2026, 6, 1, tzinfo=UTC)))


def test_a_calendar_that_is_not_there_is_an_error_with_its_place() -> None:
    with pytest.raises(WorkflowError) as caught:
        parse_workflow(HOURS.replace("business_hours.EMEA", "business_hours.emae"))

    assert [
        'workflow.yaml:5:32 routing_rules[0].condition: no calendar "emae", did you mean "emea"?'
    ] == [str(problem) for problem in caught.value.problems]
