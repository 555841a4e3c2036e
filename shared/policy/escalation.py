"""When a ticket is raised, to which level, and how long people there have to acknowledge."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import timedelta

from .facts import Facts
from .tree import ALWAYS_TRUE, Node

NEXT_LEVEL = "next_level"


@dataclass(frozen=True, slots=True)
class Trigger:
    """Why a ticket is raised. `to` is a level's name, `next_level`, or None: stay at the level held,
    with the boost and the audience. It is a floor (semantics L10).

    `starting`: a starting level, so nobody is paged and no acknowledgement is awaited (G11).
    Triggers of the escalation matrix have `on` empty: they act as soon as they hold (X6).
    """

    name: str
    on: str
    to: str | None = None
    audience: tuple[str, ...] = ()
    priority_boost: int | None = None
    threshold: int | None = None
    condition: str = ""
    starting: bool = False
    tree: Node = ALWAYS_TRUE


@dataclass(frozen=True, slots=True)
class HoldPolicy:
    """How long an acknowledgement holds: min(limit, share of what is left), at least floor (L4)."""

    limit: timedelta
    share: float
    floor: timedelta


@dataclass(frozen=True, slots=True)
class LevelRules:
    """One level's block of the escalation matrix (semantics X6). `timeout` is the `level_work` clock;
    with `waits_for_reply` it runs until a public reply there, else until the ticket is solved.
    `audience` is told of everything that is raised to the level.
    """

    timeout: timedelta | None
    waits_for_reply: bool
    escalate_to: str | None
    triggers: tuple[Trigger, ...]
    matches: Callable[[Facts], tuple[int, ...]]
    audience: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class EscalationPolicy:
    """The ladder. `window_share` and `window_floor` bound the acknowledgement window by what is left
    of the nearest clock (L4); `repeats` and `repeat_limit` are the end of the ladder (L5).
    `manual_reasons` maps the reasons of a request to `next_level` or a level's name (V16).
    """

    ladder: tuple[str, ...]
    aliases: Mapping[str, str]
    acknowledge: Mapping[str, timedelta]
    window_share: float
    window_floor: timedelta
    holds: HoldPolicy
    repeats: int
    repeat_limit: timedelta
    triggers: tuple[Trigger, ...]
    matches: Callable[[Facts], tuple[int, ...]]
    levels: Mapping[str, LevelRules]
    anywhere: LevelRules
    manual_reasons: Mapping[str, str]

    def acknowledge_within(self, level: str) -> timedelta | None:
        """The configured acknowledgement window of `level`; None: nobody need acknowledge (N2.7)."""
        return self.acknowledge.get(level)

    def fired(self, on: str, facts: Facts, *, threshold: int | None = None) -> tuple[Trigger, ...]:
        """The triggers that event type `on` sets off: those without a threshold and those with this
        one, if their condition holds. In the order of the file.
        """
        return tuple(
            trigger
            for trigger in (self.triggers[n] for n in self.matches(facts))
            if trigger.on == on and trigger.threshold in (None, threshold)
        )

    def level_conditions(self, level: str, facts: Facts) -> tuple[Trigger, ...]:
        """What holds for a ticket at `level`: the level's own conditions, then the triggers of
        `management`, which apply at every level (semantics X6).
        """
        rules = self.levels.get(level)
        own = tuple(rules.triggers[n] for n in rules.matches(facts)) if rules else ()
        return own + tuple(self.anywhere.triggers[n] for n in self.anywhere.matches(facts))

    def conditions_held(self, facts: Facts) -> frozenset[str]:
        """The conditions of whatever level that hold. One that held before a ticket came to its level
        does not become true there (semantics X6).
        """
        blocks = (*self.levels.values(), self.anywhere)
        return frozenset(
            block.triggers[n].name
            for block in blocks
            if block.triggers
            for n in block.matches(facts)
        )

    def timeout(self, level: str) -> timedelta | None:
        """The configured `level_work` time of `level` (semantics X2); None for the last level."""
        rules = self.levels.get(level)
        return rules.timeout if rules else None

    def waits_for_reply(self, level: str) -> bool:
        """Whether that time runs until somebody there has replied, not until the ticket is solved."""
        rules = self.levels.get(level)
        return rules.waits_for_reply if rules else False

    def next_level(self, level: str) -> str | None:
        """Where `level` escalates to; None for the top of the ladder."""
        rules = self.levels.get(level)
        if rules and rules.escalate_to:
            return rules.escalate_to
        above = self.rank(level) + 1
        return self.ladder[above] if above < len(self.ladder) else None

    def rank(self, level: str) -> int:
        """The level's place in the ladder, from 0. Raises KeyError for an unknown level."""
        try:
            return self.ladder.index(self.aliases.get(level, level))
        except ValueError:
            raise KeyError(level) from None
