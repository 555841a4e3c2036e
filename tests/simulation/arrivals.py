"""The tickets of a simulated desk: when they come, from a real profile, and what they are, by lot."""

from __future__ import annotations

import json
import math
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from pathlib import Path
from random import Random
from typing import Final, TypeVar
from uuid import UUID

from services.router.domain.work import WorkItem, WorkStatus
from shared.contracts import Cause, Customer, TicketOpened, TicketQueued
from shared.contracts.vocabulary import Complexity, Grade, Metric, Priority, QueueReason
from shared.policy import WorkflowPolicy

from .desk import (
    CHANNEL,
    CLOSES,
    COMPLEXITIES,
    LEVEL,
    OPENS,
    PRIORITIES,
    REQUIRED,
    SKILLS,
    SPREAD,
    START,
    TEAM,
    TIERS,
    WORKDAYS,
    Case,
    Model,
)

#: Tickets by weekday (0 is Monday) and hour, as they were counted.
Profile = Sequence[Sequence[int]]

DATA: Final = Path(__file__).resolve().parents[3] / "shared" / "data" / "incident_event_log"

Kind = TypeVar("Kind")


def read_profile(folder: Path = DATA) -> Profile:
    """The arrival profile of the incident log; FileNotFoundError without the folder of data."""
    document = json.loads((folder / "arrival_profile.json").read_text())
    counts: Profile = document["counts"]
    return counts


def staffed_share(profile: Profile) -> float:
    """The share of all arrivals that come while the desk is staffed."""
    staffed = sum(sum(day[OPENS:CLOSES]) for day in profile[:WORKDAYS])
    return staffed / sum(map(sum, profile))


def cases(
    profile: Profile, policy: WorkflowPolicy, *, weekly: float, weeks: int, random: Random
) -> list[Case]:
    """The tickets of `weeks` weeks, `weekly` of them on average, in the order they come."""
    instants = _instants(profile, weekly, weeks, random)
    return [_case(number, at, policy, random) for number, at in enumerate(instants)]


def expected_effort(policy: WorkflowPolicy, model: Model) -> timedelta:
    """What a ticket takes of an agent on average."""
    medians = policy.routing.assigning.effort.resolution
    each = (
        share * model.effort(policy.routing.weights[complexity], medians[complexity])
        for complexity, share in COMPLEXITIES.items()
    )
    return sum(each, timedelta()) * math.exp(SPREAD**2 / 2)


def _instants(profile: Profile, weekly: float, weeks: int, random: Random) -> Iterator[datetime]:
    """A Poisson process whose rate follows the profile hour by hour, while the desk is staffed."""
    staffed = sum(sum(day[OPENS:CLOSES]) for day in profile[:WORKDAYS])
    for week in range(weeks):
        for day, counts in enumerate(profile[:WORKDAYS]):
            for hour in range(OPENS, CLOSES):
                begins = START + timedelta(weeks=week, days=day, hours=hour)
                rate = counts[hour] / staffed * weekly
                elapsed = random.expovariate(rate) if rate else 1.0
                while elapsed < 1:
                    yield begins + timedelta(hours=elapsed)
                    elapsed += random.expovariate(rate)


def _case(number: int, at: datetime, policy: WorkflowPolicy, random: Random) -> Case:
    skill = _drawn(SKILLS, random)
    complexity = _drawn(COMPLEXITIES, random)
    priority = _drawn(PRIORITIES, random)
    tier = _drawn(TIERS, random)
    who = UUID(int=number + 1)
    targets = policy.sla.targets(priority, tier)
    opening_hours = policy.calendars[policy.sla.calendar_of(priority)]
    item = WorkItem(
        ticket_id=who,
        status=WorkStatus.WAITING,
        opened=_opened(who, at, skill=skill, complexity=complexity, priority=priority, tier=tier),
        opened_at=at,
        place=TicketQueued(
            ticket_id=who,
            queue="general",
            level=LEVEL,
            rank=0,
            weight=policy.routing.weights[complexity],
            reason=QueueReason.NEW,
            required_skills={skill: REQUIRED[complexity]},
            teams=[TEAM],
        ),
        queued=Cause(id=who, correlation_id=who),
        waiting_since=at,
        entered_at=at,
        deadlines={
            Metric.FIRST_RESPONSE.value: opening_hours.add(at, targets.first_response),
            Metric.RESOLUTION.value: opening_hours.add(at, targets.resolution),
        },
    )
    return Case(item, _handling(complexity, policy, random))


def _opened(
    who: UUID, at: datetime, *, skill: str, complexity: Complexity, priority: Priority, tier: str
) -> TicketOpened:
    return TicketOpened(
        ticket_id=who,
        channel=CHANNEL,
        customer=Customer(customer_id=f"customer of {who}", tier=tier),
        subject_line="",
        category=skill,
        complexity=complexity,
        priority=priority,
        impact=Grade.MEDIUM,
        urgency=Grade.MEDIUM,
        opened_at=at,
        contact_number=1,
        reopened_count=0,
        recent_reopened=0,
    )


def _handling(complexity: Complexity, policy: WorkflowPolicy, random: Random) -> timedelta:
    effort = policy.routing.assigning.effort.resolution[complexity]
    return effort * random.lognormvariate(0, SPREAD)


def _drawn(shares: Mapping[Kind, float], random: Random) -> Kind:
    return random.choices(list(shares), weights=list(shares.values()))[0]
