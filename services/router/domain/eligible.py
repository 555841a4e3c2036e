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

#: The best proficiency there is.
MASTERY: Final = 5


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
    place, opened = item.place, item.opened
    if place is None or opened is None or agent.level != place.level:
        return False
    if place.teams and agent.team not in place.teams and not place.other_teams:
        return False
    if agent.channels and opened.channel not in agent.channels:
        return False
    has = agent.skills
    return all(has.get(s, 0) >= least for s, least in place.required_skills.items()) and (
        not place.any_skills or any(has.get(s, 0) >= least for s, least in place.any_skills.items())
    )


def skill_fit(agent: Agent, item: WorkItem) -> float:
    """How well the agent covers what is asked, from 0 to 1: the mean proficiency over its mastery.

    Of alternatives the agent's best counts. A ticket that asks for nothing fits everybody.
    """
    assert item.place is not None
    asked = {**item.place.required_skills, **item.place.preferred_skills}
    held = [agent.skills.get(skill, 0) for skill in asked]
    if item.place.any_skills:
        held.append(max(agent.skills.get(skill, 0) for skill in item.place.any_skills))
    return sum(held) / (MASTERY * len(held)) if held else 1.0


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
    agents = tuple(roster)
    qualified = [agent for agent in agents if qualifies(agent, item)]
    if any(agent.at_work for agent in qualified):
        return None
    if qualified or not _asks_for_skills(item):
        return Nobody(UnroutableCause.NOBODY_ON_SHIFT)
    return Nobody(UnroutableCause.MISSING_SKILL, _missing(item, agents))


def _asks_for_skills(item: WorkItem) -> bool:
    return item.place is not None and bool(item.place.required_skills or item.place.any_skills)


def _missing(item: WorkItem, agents: Iterable[Agent]) -> tuple[str, ...]:
    """The skills nobody of the level holds as required; all of them if only no one holds them together."""
    assert item.place is not None
    required, alternatives = item.place.required_skills, item.place.any_skills
    level = [agent for agent in agents if agent.level == item.place.level]

    def held(skill: str, least: int) -> bool:
        return any(agent.skills.get(skill, 0) >= least for agent in level)

    absent = [skill for skill, least in required.items() if not held(skill, least)]
    if alternatives and not any(held(skill, least) for skill, least in alternatives.items()):
        absent += alternatives
    return tuple(sorted(absent or [*required, *alternatives]))
