"""Routing domains: the queues that share people, each served by one dispatcher at a time (semantics G6).

Two queues share people when somebody could get tickets of both, whether or not such a person works here
today: the domains follow from the workflow alone, so that hiring somebody does not change them. Hence
`routing_domains` takes the routing policy, which also knows at which levels a queue's tickets may stand:
its own, those its rules name, and those whose raised tickets come to it.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from itertools import combinations

from shared.policy.routing import RoutingPolicy


def routing_domains(routing: RoutingPolicy) -> Mapping[str, str]:
    """For every queue of the workflow the name of its domain: the smallest of the domain's queues."""
    domains = {queue: queue for queue in routing.queues}
    for (one, at), (other, level) in combinations(sorted(_levels(routing)), 2):
        if at == level and _share(routing, one, other):
            _join(domains, domains[one], domains[other])
    return domains


def queues_served(routing: RoutingPolicy, team: str, level: str) -> tuple[str, ...]:
    """The queues whose tickets people of `team` at `level` can get, sorted; all are of one domain.

    Teams that qualify only after relaxation (G4) count where the workflow has that step.
    """
    return tuple(
        queue
        for queue, at in sorted(_levels(routing))
        if at == level and _serves(routing, team, queue)
    )


def _levels(routing: RoutingPolicy) -> set[tuple[str, str]]:
    """Every queue with each level at which its tickets may stand."""
    return {
        *((queue.name, queue.level) for queue in routing.queues.values()),
        *((queue, level) for level, queue in routing.escalated_to.items()),
        *_levels_of_rules(routing),
    }


def _levels_of_rules(routing: RoutingPolicy) -> Iterator[tuple[str, str]]:
    for rule in routing.rules:
        if rule.action.level is not None:
            yield rule.action.queue or routing.default_queue, rule.action.level


def _share(routing: RoutingPolicy, one: str, other: str) -> bool:
    """Whether somebody of a level that both serve could get tickets of both."""
    teams, others = routing.queues[one].teams, routing.queues[other].teams
    for_all = routing.assigning.relaxation.other_teams is not None or not teams or not others
    return for_all or not set(teams).isdisjoint(others)


def _serves(routing: RoutingPolicy, team: str, queue: str) -> bool:
    teams = routing.queues[queue].teams
    for_all = routing.assigning.relaxation.other_teams is not None or not teams
    return for_all or team in teams


def _join(domains: dict[str, str], one: str, other: str) -> None:
    """Make one domain of two."""
    name = min(one, other)
    for queue, domain in domains.items():
        if domain in {one, other}:
            domains[queue] = name
