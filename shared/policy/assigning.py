"""How tickets are given to agents: caps, order, relaxation, acceptance and presence (semantics G)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from fnmatch import fnmatchcase

from shared.contracts.vocabulary import Complexity


@dataclass(frozen=True, slots=True)
class AcceptancePolicy:
    """How soon an assignment must be accepted: `limit`, or `share` of what is left to accept the
    ticket at its level if that is less, but `floor` at least (semantics G8).
    """

    limit: timedelta
    share: float
    floor: timedelta

    def window(self, left: timedelta | None) -> timedelta:
        """The time to accept when `left` is left at the level; None: nothing presses."""
        if left is None:
            return self.limit
        return max(self.floor, min(self.limit, left * self.share))


@dataclass(frozen=True, slots=True)
class RelaxationPolicy:
    """At which percent of the time to accept less is asked for (semantics G4); None: never.

    First preferred skills no longer count, then proficiencies are one lower, then agents of other
    teams of the level qualify. Skills that match a pattern of `never` stay as they are.
    """

    preferred_skills: int | None
    proficiency: int | None
    other_teams: int | None
    never: tuple[str, ...]

    def is_fixed(self, skill: str) -> bool:
        """Whether `skill` is one that nothing relaxes: a language, a clearance."""
        return any(fnmatchcase(skill, pattern) for pattern in self.never)


@dataclass(frozen=True, slots=True)
class PresencePolicy:
    """How a presence with a lease lapses when nobody renews it (semantics G7).

    A client renews every `lease`; `suspect_after` the last renewal the agent gets nothing new, and
    `offline_after` that they count as gone.
    """

    lease: timedelta
    suspect_after: timedelta
    offline_after: timedelta


@dataclass(frozen=True, slots=True)
class EffortPolicy:
    """How long the work towards a deadline takes: what slack is counted with (semantics G2)."""

    response: timedelta
    resolution: Mapping[Complexity, timedelta]


@dataclass(frozen=True, slots=True)
class AssigningPolicy:
    """The section `routing`. `channel_caps`: how many tickets of a channel an agent holds at most."""

    channel_caps: Mapping[str, int]
    acceptance: AcceptancePolicy
    relaxation: RelaxationPolicy
    presence: PresencePolicy
    effort: EffortPolicy
