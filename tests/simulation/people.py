"""The people of a simulated desk: skills by lot, shifts that follow the arrivals as well as they can."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from random import Random
from typing import Final

from services.router.domain.roster import Agent
from services.router.domain.work import UNIT
from shared.contracts.vocabulary import Presence

from .arrivals import Profile
from .desk import CAPACITY, CLOSES, LEVEL, OPENS, SHIFT, SKILLS, TEAM, VERSATILITY, WORKDAYS

HOURS: Final = int(SHIFT / timedelta(hours=1))


@dataclass(frozen=True, slots=True)
class Person:
    """An agent, off shift, and the hour their shift begins at on every workday."""

    agent: Agent
    begins: int


def people(number: int, profile: Profile, random: Random) -> list[Person]:
    """`number` agents of equal capacity, twice as many as there are skills or more.

    Every skill is the main one of somebody of the first and of the last shift; the other people have
    main skills as the tickets need them and shifts as the arrivals need them.
    """
    edges = [(skill, begins) for begins in (OPENS, CLOSES - HOURS) for skill in SKILLS]
    mains = _main_skills(number, [skill for skill, _ in edges])
    starts = shift_starts(number, profile, [begins for _, begins in edges])
    return [
        Person(_agent(index, main, random), begins)
        for index, (main, begins) in enumerate(zip(mains, starts, strict=True))
    ]


def shift_starts(number: int, profile: Profile, first: Sequence[int]) -> list[int]:
    """When the shifts begin: the `first` ones as given, then each where it serves the arrivals best."""
    hourly = [sum(day[hour] for day in profile[:WORKDAYS]) for hour in range(24)]
    wished = [come * number * HOURS / sum(hourly[OPENS:CLOSES]) for come in hourly]
    starts: list[int] = []
    while len(starts) < number:
        begins = first[len(starts)] if len(starts) < len(first) else _most_short(wished)
        starts.append(begins)
        for hour in range(begins, begins + HOURS):
            wished[hour] -= 1
    return starts


def _most_short(wished: Sequence[float]) -> int:
    """The shift in whose hours most people are missing."""
    return max(range(OPENS, CLOSES - HOURS + 1), key=lambda at: sum(wished[at : at + HOURS]))


def _main_skills(number: int, first: Sequence[str]) -> list[str]:
    """The `first` ones as given, then each so that every skill has its share as nearly as can be."""
    mains = list(first)
    while len(mains) < number:
        mains.append(max(SKILLS, key=lambda skill: SKILLS[skill] * number - mains.count(skill)))
    return mains


def _agent(index: int, main: str, random: Random) -> Agent:
    others = [skill for skill in SKILLS if skill != main]
    held = random.choices(list(VERSATILITY), weights=list(VERSATILITY.values()))[0]
    skills = {main: random.randint(3, 5)}
    skills |= {skill: random.randint(1, 4) for skill in random.sample(others, held - 1)}
    return Agent(
        agent_id=f"agent {index:02}",
        name=f"Agent {index:02}",
        team=TEAM,
        level=LEVEL,
        capacity=CAPACITY * UNIT,
        skills=skills,
        presence=Presence.ONLINE,
        on_shift=False,
        auto_accept=True,
    )
