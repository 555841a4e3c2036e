"""Why a ticket waits, and how every agent stands to it (semantics G5, G16)."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from enum import StrEnum
from typing import Final

import msgspec

from shared.contracts.vocabulary import Presence
from shared.policy import WorkflowPolicy

from .eligible import lacking, nobody, qualified, skill_fits
from .roster import Agent
from .standing import EMPTY, Claim, Familiar, Standing, acquainted, claim, last_of
from .work import WorkItem


class WaitReason(StrEnum):
    """Why nobody has the ticket yet."""

    NEXT_IN_LINE = "next_in_line"
    FULL_DESKS = "full_desks"
    CHANNEL_CAP = "channel_cap"
    ALL_BUSY = "all_busy"
    GIVEN_BACK = "given_back"
    MISSING_SKILL = "missing_skill"
    NOBODY_ON_SHIFT = "nobody_on_shift"


class Refusal(StrEnum):
    """Why an agent does not get a ticket; of several reasons the first of this list is told."""

    LEVEL = "level"
    TEAM = "team"
    CHANNEL = "channel"
    MISSING_SKILL = "missing_skill"
    OFF_SHIFT = "off_shift"
    OFFLINE = "offline"
    BUSY = "busy"
    AWAY = "away"
    SUSPECT = "suspect"
    FULL = "full"
    CHANNEL_CAP = "channel_cap"
    DECLINED = "declined"


class Wait(msgspec.Struct, frozen=True, kw_only=True):
    """Why a ticket waits: `candidates` are online and qualify, `with_room` of them have room."""

    reason: WaitReason
    candidates: int
    with_room: int
    missing_skills: tuple[str, ...] = ()


class Candidate(msgspec.Struct, frozen=True, kw_only=True):
    """How an agent stands to a ticket: at `place` (from 1) among the candidates, or `refused`.

    `skill_fit` and `load_ratio` are shares of 1, loads and limits quarters of a weight unit. `knows`:
    had the ticket or another of its customer before. `owner`: looks after the customer, or is named by
    the rule. `former`: a reopened ticket comes back to them. `idle_seconds` since the last assignment,
    None if there never was one. `missing_skills` says what a refusal for skills misses.
    """

    agent_id: str
    team: str
    place: int | None
    refused: Refusal | None
    missing_skills: tuple[str, ...]
    skill_fit: float
    load_ratio: float
    load: int
    limit: int
    knows: bool
    owner: bool
    former: bool
    idle_seconds: float | None


#: What a presence other than online says of an agent.
_NOT_FREE: Final = {
    Presence.OFFLINE: Refusal.OFFLINE,
    Presence.BUSY: Refusal.BUSY,
    Presence.AWAY: Refusal.AWAY,
}


def why_waiting(item: WorkItem, roster: Sequence[Agent], *, policy: WorkflowPolicy) -> Wait:
    """Why the waiting `item` has nobody, judged by the roster as it is now.

    Whoever is off shift, away, busy or suspected to be gone is no candidate.
    """
    found = nobody(item, roster)
    able = [agent for agent in qualified(item, roster) if agent.online]
    willing = [agent for agent in able if agent.agent_id not in item.declined]
    refused = Counter(refusal(agent, item, policy=policy) for agent in willing)
    if found is not None:
        reason = WaitReason(found.cause.value)
    elif None in refused:
        reason = WaitReason.NEXT_IN_LINE
    elif not willing:
        reason = WaitReason.GIVEN_BACK if able else WaitReason.ALL_BUSY
    else:
        capped = Refusal.CHANNEL_CAP in refused
        reason = WaitReason.CHANNEL_CAP if capped else WaitReason.FULL_DESKS
    return Wait(
        reason=reason,
        candidates=len(able),
        with_room=refused[None],
        missing_skills=found.missing_skills if found else (),
    )


def candidates(
    item: WorkItem,
    roster: Sequence[Agent],
    *,
    policy: WorkflowPolicy,
    now: datetime,
    familiar: Familiar = EMPTY,
) -> list[Candidate]:
    """Everybody of the roster as they stand to `item`: the candidates, best first, then who is refused.

    The first is the one `match` would give the ticket if no other waited; the refused stand by id.
    """
    known = acquainted(item, familiar)
    fits = skill_fits(item, roster)
    refused = {agent.agent_id: refusal(agent, item, policy=policy) for agent in roster}
    eligible = [agent for agent in roster if refused[agent.agent_id] is None]
    order = sorted(_standing(agent, item, fits[agent.agent_id], known) for agent in eligible)
    places = {standing.agent_id: place for place, standing in enumerate(order, start=1)}

    def view(agent: Agent) -> Candidate:
        one = _standing(agent, item, fits[agent.agent_id], known)
        last = agent.last_assigned_at
        return Candidate(
            agent_id=agent.agent_id,
            team=agent.team,
            place=places.get(agent.agent_id),
            refused=refused[agent.agent_id],
            missing_skills=lacking(agent, item),
            skill_fit=round(-one.unfit, 3),
            load_ratio=round(one.load_ratio, 3),
            load=agent.load,
            limit=agent.limit,
            knows=not one.stranger,
            owner=claim(item, agent.agent_id) is Claim.OWNER,
            former=one.claim is Claim.FORMER,
            idle_seconds=(now - last).total_seconds() if last else None,
        )

    last_place = len(places) + 1
    return sorted(map(view, roster), key=lambda one: (one.place or last_place, one.agent_id))


def refusals(
    item: WorkItem, roster: Iterable[Agent], *, policy: WorkflowPolicy
) -> Mapping[Refusal, int]:
    """How many of the roster are refused for each reason, most frequent first.

    Tickets of one lane differ only in who is full, capped or has declined: asking once a lane is enough
    for a record of many assignments.
    """
    counted = Counter(refusal(agent, item, policy=policy) for agent in roster)
    return {reason: number for reason, number in counted.most_common() if reason is not None}


def refusal(agent: Agent, item: WorkItem, *, policy: WorkflowPolicy) -> Refusal | None:
    """Why the agent does not get the ticket (semantics G1); None: they are a candidate."""
    return (
        _unsuited(agent, item)
        or _not_there(agent)
        or _no_room(agent, item, policy.routing.assigning.channel_caps)
        or (Refusal.DECLINED if agent.agent_id in item.declined else None)
    )


def _unsuited(agent: Agent, item: WorkItem) -> Refusal | None:
    place, opened = item.place, item.opened
    if place is None or opened is None or agent.level != place.level:
        return Refusal.LEVEL
    if place.teams and agent.team not in place.teams and not place.other_teams:
        return Refusal.TEAM
    if agent.channels and opened.channel not in agent.channels:
        return Refusal.CHANNEL
    return Refusal.MISSING_SKILL if lacking(agent, item) else None


def _not_there(agent: Agent) -> Refusal | None:
    if not agent.on_shift:
        return Refusal.OFF_SHIFT
    if agent.presence is not Presence.ONLINE:
        return _NOT_FREE[agent.presence]
    return Refusal.SUSPECT if agent.suspect else None


def _no_room(agent: Agent, item: WorkItem, caps: Mapping[str, int]) -> Refusal | None:
    assert item.opened is not None
    if item.cost > agent.headroom:
        return Refusal.FULL
    capped = not item.paused and not agent.has_room_on(item.opened.channel, caps)
    return Refusal.CHANNEL_CAP if capped else None


def _standing(agent: Agent, item: WorkItem, fit: float, known: frozenset[str]) -> Standing:
    return Standing(
        claim(item, agent.agent_id),
        -fit,
        agent.load / agent.limit if agent.limit else 1.0,
        0 if agent.agent_id in known else 1,
        last_of(agent.last_assigned_at),
        agent.agent_id,
    )
