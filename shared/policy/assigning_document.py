"""The section `routing` of the workflow file: how tickets are given to agents."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field, StringConstraints

from shared.contracts.vocabulary import Complexity

from .assigning import (
    AcceptancePolicy,
    AssigningPolicy,
    EffortPolicy,
    PresencePolicy,
    RelaxationPolicy,
)
from .kinds import Duration, Section, Share, Slug

#: A percent of a time that is used up.
Used = Annotated[int, Field(ge=1, le=100)]

#: A skill, or a pattern of skills like `language_*`.
SkillPattern = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9_.*?-]{1,100}$")]


class AcceptanceSection(Section):
    """How soon an assignment must be accepted (semantics G8)."""

    limit: Duration
    share: Share
    floor: Duration


class RelaxationSection(Section):
    """At which percent of the time to accept less is asked for; what is left out never is (G4)."""

    preferred_skills: Used | None = None
    proficiency: Used | None = None
    other_teams: Used | None = None
    never: tuple[SkillPattern, ...] = ()


class PresenceSection(Section):
    """How a presence with a lease lapses (semantics G7)."""

    lease: Duration
    suspect_after: Duration
    offline_after: Duration


class EffortSection(Section):
    """How long work takes: any answer, and the solution by complexity (semantics G2)."""

    response: Duration
    l1: Duration
    l2: Duration
    l3: Duration


class AssigningSection(Section):
    """How tickets are given to agents."""

    channel_caps: dict[Slug, Annotated[int, Field(ge=1, le=1000)]]
    acceptance: AcceptanceSection
    relaxation: RelaxationSection
    presence: PresenceSection
    effort: EffortSection


def build_assigning(section: AssigningSection) -> AssigningPolicy:
    """The section as values."""
    acceptance, presence, effort = section.acceptance, section.presence, section.effort
    relaxation = section.relaxation
    return AssigningPolicy(
        channel_caps=section.channel_caps,
        acceptance=AcceptancePolicy(acceptance.limit, acceptance.share, acceptance.floor),
        relaxation=RelaxationPolicy(
            relaxation.preferred_skills,
            relaxation.proficiency,
            relaxation.other_teams,
            relaxation.never,
        ),
        presence=PresencePolicy(presence.lease, presence.suspect_after, presence.offline_after),
        effort=EffortPolicy(
            effort.response,
            {Complexity.L1: effort.l1, Complexity.L2: effort.l2, Complexity.L3: effort.l3},
        ),
    )
