"""What is owed at an instant, to be compared with what somebody else owes (semantics P1, M2)."""

from __future__ import annotations

from dataclasses import dataclass

from .clock import NEVER, Walk
from .hours import Hours


@dataclass(frozen=True, slots=True)
class Promise:
    """What is owed, and how much of the time for it is used."""

    budget: int
    hours: Hours
    consumed: int

    @classmethod
    def of(cls, walk: Walk) -> Promise:
        """What a clock promises where the walk along it ended."""
        return cls(walk.budget, walk.hours, walk.consumed)

    def due(self, at: int) -> int:
        """When the time is used up, if it counts from `at` on."""
        due = self.hours.after(at, self.budget - self.consumed)
        return NEVER if due is None else due
