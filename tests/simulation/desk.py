"""What is simulated: the assumptions about tickets, people and opening hours, in one place."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Final

from services.router.domain.work import WorkItem
from shared.contracts.vocabulary import Complexity, Priority
from shared.policy import WorkflowPolicy, parse_workflow

#: A Monday, midnight: the instant the simulation starts at.
START: Final = datetime(2026, 1, 5, tzinfo=UTC)

#: The desk is staffed Monday to Friday between these hours; what comes at other times is left out.
OPENS, CLOSES = 7, 20
WORKDAYS: Final = 5
SHIFT: Final = timedelta(hours=8)

#: The hours the desk is staffed, as a calendar of the workflow.
HOURS: Final = "desk"
#: The packaged calendar that runs day and night.
DAY_AND_NIGHT: Final = "always"

LEVEL: Final = "tier_1"
TEAM: Final = "frontline"
CHANNEL: Final = "email"

#: The four skills, with the share of the tickets that need them (one each).
SKILLS: Final[Mapping[str, float]] = {
    "technical": 0.4,
    "account": 0.25,
    "billing": 0.2,
    "integration": 0.15,
}

#: The proficiency a ticket requires, by how difficult it is.
REQUIRED: Final[Mapping[Complexity, int]] = {
    Complexity.L1: 1,
    Complexity.L2: 2,
    Complexity.L3: 3,
}

COMPLEXITIES: Final[Mapping[Complexity, float]] = {
    Complexity.L1: 0.6,
    Complexity.L2: 0.3,
    Complexity.L3: 0.1,
}
PRIORITIES: Final[Mapping[Priority, float]] = {
    Priority.CRITICAL: 0.05,
    Priority.HIGH: 0.2,
    Priority.MEDIUM: 0.5,
    Priority.LOW: 0.25,
}
TIERS: Final[Mapping[str, float]] = {"enterprise": 0.15, "professional": 0.35, "standard": 0.5}

#: Handling times are lognormal: the median is the workflow's effort, this the logarithm's deviation.
SPREAD: Final = 0.6

#: What every agent can hold, in weight units: what the router gives who says nothing.
CAPACITY: Final = 8

#: How many skills the agents have, and in which shares.
VERSATILITY: Final[Mapping[int, float]] = {1: 0.3, 2: 0.4, 3: 0.3}


def workflow(calendar: str = HOURS) -> WorkflowPolicy:
    """What the desk has promised: the packaged targets and efforts, by clocks that run in `calendar`."""
    hours = f'zone: UTC, hours: {{mon-fri: ["{OPENS:02}:00-{CLOSES:02}:00"]}}'
    return parse_workflow(f"calendars: {{{HOURS}: {{{hours}}}}}\nsla: {{calendar: {calendar}}}")


@dataclass(frozen=True, slots=True)
class Model:
    """How people work. `hands`: on how many tickets at a time; None is on all they hold. `calendar`: when
    the clocks run.

    Utilisation is counted in what is scarce: weight units where tickets are worked on side by side, time
    where they are worked on one at a time.
    """

    name: str
    hands: int | None
    calendar: str = HOURS

    def effort(self, weight: int, handling: timedelta) -> timedelta:
        """How much of an agent a ticket takes."""
        return handling * weight if self.hands is None else handling

    def capacity(self, people: int, weeks: int = 1) -> timedelta:
        """How much of that `people` agents have in `weeks` weeks of shifts."""
        width = CAPACITY if self.hands is None else self.hands
        return people * weeks * WORKDAYS * width * SHIFT


SIDE_BY_SIDE: Final = Model("side by side", None)
ONE_AT_A_TIME: Final = Model("one at a time", 1)
NIGHTS_COUNT: Final = Model("side by side, nights count", None, DAY_AND_NIGHT)


@dataclass(frozen=True, slots=True)
class Case:
    """A ticket as the router sees it when it comes, and how long somebody will need for it."""

    item: WorkItem
    handling: timedelta


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of a case: who worked on it, from when to when."""

    case: Case
    agent_id: str
    started_at: datetime
    ended_at: datetime
