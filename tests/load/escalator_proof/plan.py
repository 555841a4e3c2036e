"""How much is proved, under what, and what came of it."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import timedelta
from typing import Final

from services.auditor.report import Report
from shared.policy import WorkflowPolicy, parse_workflow

#: Warnings and breaches that fall due of a ticket of the proof, about.
DEADLINES_A_TICKET: Final = 10

#: Targets of each priority: first response and resolution, in units of the plan's pace.
_TARGETS: Final = {"critical": (10, 30), "high": (15, 45), "medium": (20, 60), "low": (30, 90)}

#: Tickets a second at most, so that two cores can bear it while half of the escalators start again.
_FASTEST: Final = 20.0

#: How far the wall clock is stepped, forwards and backwards.
STEP: Final = timedelta(hours=2)


@dataclass(frozen=True, slots=True)
class Plan:
    """How much, how hard, how long. Times are in seconds; `pace` is one unit of the targets.

    `lag`: how long every escalator sleeps, so that it wakes that far behind; `stepped`: how long the
    clock stays wrong; `calm`: between two faults.
    """

    deadlines: int = 5000
    replicas: int = 2
    kill_every: float = 8.0
    pace: float = 1.0
    outage: float = 15.0
    lag: float = 60.0
    stepped: float = 8.0
    calm: float = 8.0
    patience: float = 120.0
    seed: int = 5

    @property
    def tickets(self) -> int:
        """How many tickets it takes."""
        return -(-self.deadlines // DEADLINES_A_TICKET)

    @property
    def cycle(self) -> float:
        """How long all the faults take, one after the other."""
        return self.outage + self.lag + 2 * self.stepped + 6 * self.calm + 4

    @property
    def rate(self) -> float:
        """Tickets opened a second: all before the last fault of a cycle, unless that is too fast."""
        return min(_FASTEST, self.tickets / (self.cycle - self.stepped))

    @property
    def longest(self) -> float:
        """When a ticket's last reminder is due."""
        return 1.5 * self.pace * max(resolution for _, resolution in _TARGETS.values())

    @property
    def seconds(self) -> float:
        """How long it takes, about."""
        return 20 + max(self.cycle, self.tickets / self.rate) + self.longest

    @property
    def hold_limit(self) -> float:
        """How long a log that is not heard holds a deadline."""
        return max(5.0, 20 * self.pace)

    def workflow_text(self) -> str:
        """The packaged workflow with targets of seconds."""
        cells = "".join(
            f"  ('{priority}', 'any'): {{first_response: {self._told(first)}, "
            f"next_response: {self._told(first)}, resolution: {self._told(resolution)}}}\n"
            for priority, (first, resolution) in _TARGETS.items()
        )
        return (
            f"version: 1\nbusiness_hours: always\nSLA_MATRIX:\n{cells}"
            f"sla: {{overdue: [150], hold_limit: {round(self.hold_limit * 1000)}ms, "
            f"reopen_window: {self._told(60)}}}\n"
        )

    def workflow(self) -> WorkflowPolicy:
        """The same, read."""
        return parse_workflow(self.workflow_text())

    def _told(self, units: float) -> str:
        return f"{round(units * self.pace * 1000)}ms"


@dataclass(slots=True)
class Verdict:
    """What was done, and the auditor's report on it. `letters`: what was parked, each with its error."""

    report: Report | None = None
    tickets: int = 0
    facts: int = 0
    unheard: int = 0
    repeats: int = 0
    letters: list[str] = field(default_factory=list)
    kills: int = 0
    own_ends: int = 0
    held: int = 0
    seconds: float = 0.0
    faults: dict[str, int] = field(default_factory=dict)

    @property
    def parked(self) -> int:
        """How many facts were parked."""
        return len(self.letters)

    @property
    def clean(self) -> bool:
        """Nothing of what must never happen has happened."""
        report = self.report
        if report is None or self.unheard or self.parked or report.unjudged:
            return False
        return report.clean and not report.pending
