"""Which queue a ticket goes to, and what it needs of an agent."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import timedelta

from shared.contracts.vocabulary import Complexity

from .assigning import AssigningPolicy
from .facts import Facts
from .tree import ALWAYS_TRUE, Node

GENERAL = "general"
"""The queue of a rule set without a catch-all (semantics G9); it exists in every workflow."""


@dataclass(frozen=True, slots=True)
class Queue:
    """A waiting line. Lower ranks are served first. Without `teams` all people of the level serve it."""

    name: str
    level: str
    rank: int
    teams: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Action:
    """What a rule does. Without a queue it changes only skills, preferences and rank.

    `teams` serve the ticket in place of the queue's own; `role` is what its skills and preference are
    called together.
    """

    queue: str | None = None
    level: str | None = None
    teams: tuple[str, ...] = ()
    role: str | None = None
    rank: int = 0
    required_skills: Mapping[str, int] = field(default_factory=dict)
    any_skills: Mapping[str, int] = field(default_factory=dict)
    preferred_skills: Mapping[str, int] = field(default_factory=dict)
    prefer: str | None = None
    priority_boost: bool = False


@dataclass(frozen=True, slots=True)
class RoutingRule:
    """A condition and what follows from it. `tree` is what the text says; an empty text always holds."""

    name: str
    condition: str
    action: Action
    notify: tuple[str, ...] = ()
    cc: tuple[str, ...] = ()
    sla_target: timedelta | None = None
    tree: Node = ALWAYS_TRUE


@dataclass(frozen=True, slots=True)
class Route:
    """The answer of `RoutingPolicy.route`.

    Skills map names to the proficiency asked for, 1 to 5: all of `required_skills`, one of
    `any_skills` (if any), and `preferred_skills` only to choose between agents. `rule` is None for
    the catch-all that every rule set has (semantics G9); `sla_target` only ever tightens the first
    response (K10); `priority_boost` lifts the ticket's place in the line by one class (G12).
    """

    rule: str | None
    queue: str
    level: str
    rank: int
    teams: tuple[str, ...]
    role: str | None
    priority_boost: bool
    required_skills: Mapping[str, int]
    any_skills: Mapping[str, int]
    preferred_skills: Mapping[str, int]
    prefer: str | None
    notify: tuple[str, ...]
    cc: tuple[str, ...]
    sla_target: timedelta | None
    boosts: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class RoutingPolicy:
    """The routing rules as one compiled function, the boosts as another.

    `first_match` gives the index of the first matching rule or -1, `all_matches` those of all
    matching boosts. `known` are the answers given before: there are few, and many tickets.
    """

    rules: tuple[RoutingRule, ...]
    boosts: tuple[RoutingRule, ...]
    first_match: Callable[[Facts], int]
    all_matches: Callable[[Facts], tuple[int, ...]]
    queues: Mapping[str, Queue]
    default_queue: str
    escalated_to: Mapping[str, str]
    weights: Mapping[Complexity, int]
    assigning: AssigningPolicy
    known: dict[tuple[int, tuple[int, ...]], Route] = field(
        default_factory=dict, init=False, compare=False, repr=False
    )

    def route(self, facts: Facts) -> Route:
        """First matching rule, then every matching boost (semantics G9, G11, G12)."""
        matches = self.first_match(facts), self.all_matches(facts)
        route = self.known.get(matches)
        if route is None:
            route = self.known[matches] = self._route(*matches)
        return route

    def _route(self, index: int, matching: Iterable[int]) -> Route:
        rule = self.rules[index] if index >= 0 else None
        boosts = [self.boosts[n] for n in matching]
        action = rule.action if rule else Action()
        queue = self.queues[action.queue or self.default_queue]
        sources = [rule, *boosts] if rule else boosts
        return Route(
            rule=rule.name if rule else None,
            queue=queue.name,
            level=action.level or queue.level,
            rank=queue.rank + sum(source.action.rank for source in sources),
            teams=action.teams or queue.teams,
            role=action.role,
            priority_boost=any(source.action.priority_boost for source in sources),
            required_skills=highest(source.action.required_skills for source in sources),
            any_skills=highest(source.action.any_skills for source in sources),
            preferred_skills=highest(source.action.preferred_skills for source in sources),
            prefer=next((s.action.prefer for s in sources if s.action.prefer), None),
            notify=_union(source.notify for source in sources),
            cc=_union(source.cc for source in sources),
            sla_target=rule.sla_target if rule else None,
            boosts=tuple(boost.name for boost in boosts),
        )

    def weight(self, complexity: Complexity | str) -> int:
        """What a ticket of that complexity costs of an agent's capacity (semantics N2.34)."""
        return self.weights[Complexity(complexity)]


def highest(skills: Iterable[Mapping[str, int]]) -> dict[str, int]:
    """All skills, each with the highest proficiency asked for: boosts add, they replace nothing (G12)."""
    united: dict[str, int] = {}
    for wanted in skills:
        for skill, proficiency in wanted.items():
            united[skill] = max(proficiency, united.get(skill, 0))
    return united


def _union(names: Iterable[tuple[str, ...]]) -> tuple[str, ...]:
    """The names in order, each once."""
    return tuple(dict.fromkeys(name for group in names for name in group))
