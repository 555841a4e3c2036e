"""Routing domains: which queues one dispatcher serves."""

from __future__ import annotations

from dataclasses import replace

import pytest

from services.router.domain.domains import queues_served, routing_domains
from shared.policy.routing import Action, Queue, RoutingPolicy, RoutingRule
from tests.support.desks import policy


def a_routing(
    *queues: Queue,
    other_teams: int | None = None,
    rules: tuple[RoutingRule, ...] = (),
    escalated_to: dict[str, str] | None = None,
) -> RoutingPolicy:
    plain = policy().routing
    relaxation = replace(plain.assigning.relaxation, other_teams=other_teams)
    return replace(
        plain,
        queues={queue.name: queue for queue in queues},
        default_queue=queues[0].name,
        rules=rules,
        boosts=(),
        escalated_to=escalated_to or {},
        assigning=replace(plain.assigning, relaxation=relaxation),
    )


BILLING = Queue("billing", "tier_2", 50, ("finance", "backoffice"))
API = Queue("api", "tier_2", 50, ("integrations",))
MAIL = Queue("mail", "tier_2", 50, ("backoffice",))
GENERAL = Queue("general", "tier_1", 50)


def test_G6_queues_of_different_teams_are_domains_of_their_own() -> None:
    domains = routing_domains(a_routing(BILLING, API, GENERAL))

    assert {"billing": "billing", "api": "api", "general": "general"} == domains


def test_G6_a_shared_team_makes_one_domain_named_by_its_smallest_queue() -> None:
    domains = routing_domains(a_routing(MAIL, API, BILLING))

    assert {"billing": "billing", "mail": "billing", "api": "api"} == domains


def test_G6_a_queue_of_all_teams_joins_everything_at_its_level() -> None:
    everybody = Queue("whoever", "tier_2", 50)

    domains = routing_domains(a_routing(BILLING, API, GENERAL, everybody))

    assert {"billing": "api", "api": "api", "whoever": "api", "general": "general"} == domains


def test_G4_relaxation_to_other_teams_joins_all_queues_of_a_level() -> None:
    domains = routing_domains(a_routing(BILLING, API, GENERAL, other_teams=60))

    assert {"billing": "api", "api": "api", "general": "general"} == domains


def test_G6_a_rule_that_names_another_level_joins_that_level_to_its_queue() -> None:
    rule = RoutingRule("vip", "", Action(queue="general", level="tier_2"))

    domains = routing_domains(a_routing(API, GENERAL, rules=(rule,)))

    assert {"api": "api", "general": "api"} == domains


def test_L10_a_queue_to_which_a_level_is_raised_has_that_level_s_people() -> None:
    domains = routing_domains(a_routing(API, GENERAL, escalated_to={"tier_2": "general"}))

    assert {"api": "api", "general": "api"} == domains


@pytest.mark.parametrize(
    ("team", "level", "queues"),
    [
        ("backoffice", "tier_2", ("billing", "mail")),
        ("integrations", "tier_2", ("api",)),
        ("frontline", "tier_1", ("general",)),
        ("frontline", "tier_2", ()),
    ],
)
def test_G6_people_serve_the_queues_of_their_level_that_name_their_team_or_none(
    team: str, level: str, queues: tuple[str, ...]
) -> None:
    routing = a_routing(BILLING, API, MAIL, GENERAL)

    assert queues == queues_served(routing, team, level)


def test_G4_with_relaxation_people_serve_every_queue_of_their_level() -> None:
    routing = a_routing(BILLING, API, MAIL, GENERAL, other_teams=60)

    assert ("api", "billing", "mail") == queues_served(routing, "frontline", "tier_2")


def test_G6_the_packaged_workflow_has_a_domain_a_level() -> None:
    routing = policy().routing
    levels: dict[str, set[str]] = {}
    for queue, domain in routing_domains(routing).items():
        levels.setdefault(domain, set()).add(routing.queues[queue].level)

    assert [{"tier_2"}, {"tier_3"}, {"tier_1"}, {"management"}] == [
        levels[domain] for domain in sorted(levels)
    ]
