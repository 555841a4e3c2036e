"""Who may have a ticket, how well they fit, and why there may be nobody (semantics G1, G5)."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

from shared.contracts.vocabulary import UnroutableCause

from .roster import Agent
from .work import WorkItem

#: What a rule's `prefer` says for the agent who looks after the customer.
ACCOUNT_OWNER: Final = "account_owner"


@dataclass(frozen=True, slots=True)
class Nobody:
    """Nobody could take it even with an empty desk, and why (semantics G5)."""

    cause: UnroutableCause
    missing_skills: tuple[str, ...] = ()


def qualifies(agent: Agent, item: WorkItem) -> bool:
    """Whether the agent works at the ticket's level and channel and has the skills it requires.

    The level of the queue is the level of its people, of its teams if it names any. Says nothing about
    presence and room.
    """
    return bool(qualified(item, (agent,)))


def qualified(item: WorkItem, agents: Iterable[Agent]) -> list[Agent]:
    """Those of `agents` who qualify for the ticket, in their order."""
    place = item.place
    if place is None or item.opened is None:
        return []
    found = serving(item, agents)
    for skill, least in place.required_skills.items():
        found = [agent for agent in found if agent.skills.get(skill, 0) >= least]
    alternatives = place.any_skills.items()
    if alternatives:
        found = [a for a in found if any(a.skills.get(s, 0) >= least for s, least in alternatives)]
    return found


def serving(item: WorkItem, agents: Iterable[Agent]) -> list[Agent]:
    """Those of `agents` who serve the ticket's queue and channel, whatever their skills."""
    place, opened = item.place, item.opened
    if place is None or opened is None:
        return []
    level, channel = place.level, opened.channel
    found = [a for a in agents if a.level == level and (not a.channels or channel in a.channels)]
    if place.teams and not place.other_teams:
        found = [agent for agent in found if agent.team in place.teams]
    return found


def skill_fit(agent: Agent, item: WorkItem) -> float:
    """How well the agent covers what is asked, from 0 to 1; of alternatives the best counts.

    More proficiency than is asked covers no more: otherwise all work of a kind would pile up on its
    best expert's desk while others who may do it are idle (ADR 0038). Who is asked for nothing fits.
    """
    return skill_fits(item, (agent,))[agent.agent_id]


def skill_fits(item: WorkItem, agents: Iterable[Agent]) -> dict[str, float]:
    """How well each of `agents` covers what is asked, by their ids."""
    assert item.place is not None
    asked = [*item.place.required_skills.items(), *item.place.preferred_skills.items()]
    alternatives = item.place.any_skills
    whole = len(asked) + bool(alternatives)
    if not whole:
        return dict.fromkeys((agent.agent_id for agent in agents), 1.0)
    fits = {}
    for agent in agents:
        skills = agent.skills
        covered = sum([min(1.0, skills.get(skill, 0) / least) for skill, least in asked])
        if alternatives:
            covered += max(
                [min(1.0, skills.get(s, 0) / least) for s, least in alternatives.items()]
            )
        fits[agent.agent_id] = covered / whole
    return fits


def owner_of(item: WorkItem) -> str | None:
    """The agent whom the ticket's rule asks first: the one it names, or the customer's own (G11)."""
    if item.place is None or item.opened is None or item.place.prefer is None:
        return None
    prefer = item.place.prefer
    return item.opened.customer.account_owner if prefer == ACCOUNT_OWNER else prefer


def nobody(item: WorkItem, roster: Iterable[Agent]) -> Nobody | None:
    """Why nobody at all could take the ticket now; None if somebody at work qualifies.

    Full desks and people who are busy for a while are ordinary queueing.
    """
    there = serving(item, roster)
    able = qualified(item, there)
    if any(agent.at_work for agent in able):
        return None
    if able or not _asks_for_skills(item):
        return Nobody(UnroutableCause.NOBODY_ON_SHIFT)
    return Nobody(UnroutableCause.MISSING_SKILL, _missing(item, there))


def lacking(agent: Agent, item: WorkItem) -> tuple[str, ...]:
    """The required skills the agent does not have as required; all alternatives if none of them."""
    assert item.place is not None
    has, alternatives = agent.skills, item.place.any_skills
    absent = [s for s, least in item.place.required_skills.items() if has.get(s, 0) < least]
    if alternatives and all(has.get(s, 0) < least for s, least in alternatives.items()):
        absent += alternatives
    return tuple(sorted(absent))


def _asks_for_skills(item: WorkItem) -> bool:
    return item.place is not None and bool(item.place.required_skills or item.place.any_skills)


def _missing(item: WorkItem, there: Iterable[Agent]) -> tuple[str, ...]:
    """The skills that all who serve the queue lack; all of them if only no one holds them together."""
    assert item.place is not None
    asked = {*item.place.required_skills, *item.place.any_skills}
    absent = asked.intersection(*(lacking(agent, item) for agent in there))
    return tuple(sorted(absent or asked))
