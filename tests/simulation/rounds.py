"""One round: the same people and the same tickets, given out by everybody in turn."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from random import Random

from .arrivals import Profile, cases, expected_effort
from .desk import HOURS, SIDE_BY_SIDE, START, Model, workflow
from .engine import Desk
from .measures import Quality, quality
from .people import people
from .rivals import COMPARED, routers


@dataclass(frozen=True, slots=True)
class Round:
    """What is simulated: `utilisation` is the wished one, a share of all capacity on shift.

    Of `weeks` weeks the first `warm_up` are not judged. `among` are those who give out the tickets.
    """

    seed: int
    utilisation: float
    model: Model = SIDE_BY_SIDE
    agents: int = 20
    weeks: int = 3
    warm_up: int = 1
    among: tuple[str, ...] = COMPARED


def play(one: Round, profile: Profile) -> Mapping[str, Quality]:
    """Play the round; the same round has the same result. By the name of who gives out the tickets."""
    policy, random = workflow(one.model.calendar), Random(one.seed)
    team = people(one.agents, profile, random)
    capacity = one.model.capacity(one.agents)
    weekly = one.utilisation * (capacity / expected_effort(policy, one.model))
    tickets = cases(profile, policy, weekly=weekly, weeks=one.weeks, random=random)
    found = {}
    everybody = routers(policy, one.model)
    for name in one.among:
        course = Desk(policy, everybody[name], team, one.model).run(tickets, weeks=2 * one.weeks)
        assert course.unfinished == 0, f"{name}: {course.unfinished} tickets never finished"
        assert course.highest_load <= 1, f"{name}: somebody held too much"
        found[name] = quality(
            course.outcomes,
            since=START + timedelta(weeks=one.warm_up),
            weeks=one.weeks - one.warm_up,
            agents=[person.agent.agent_id for person in team],
            model=one.model,
            hours=policy.calendars[HOURS],
        )
    return found
