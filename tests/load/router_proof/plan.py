"""How much is proved, and what came of it."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from typing import Final

#: What an agent of the proof can hold, in weight units.
CAPACITY: Final = 4

#: What a ticket of the proof costs on average, in weight units.
MEAN_WEIGHT: Final = 1.5


@dataclass(frozen=True, slots=True)
class Plan:
    """How much, how hard, how long to wait for it. Times are in seconds.

    `a_round` assignments are made on one broker, for the embedded one gets slow as its topics get long.
    `crowding`: so many times what the desks can hold is open at once, so that somebody always waits.
    """

    assignments: int = 100_000
    agents: int = 2000
    replicas: int = 4
    kill_every: float = 20.0
    a_round: int = 50_000
    crowding: float = 1.4
    patience: float = 120.0
    seed: int = 4

    @property
    def open_at_once(self) -> int:
        """How many tickets are kept open."""
        return int(self.agents * CAPACITY / MEAN_WEIGHT * self.crowding)


@dataclass(slots=True)
class Verdict:
    """What was done, and every way in which it was wrong; counts, and seconds of the assigning itself.

    What is `…_told` was found in the events on the topics, the rest in the tables.
    """

    assigned: int = 0
    opened: int = 0
    reopened: int = 0
    rounds: int = 0
    seconds: float = 0.0
    kills: int = 0
    own_ends: int = 0
    commands: Counter[str] = field(default_factory=Counter)
    repeats: int = 0
    snapshots: int = 0
    waiting: list[int] = field(default_factory=list)
    fullness: list[float] = field(default_factory=list)
    above: int = 0
    above_told: int = 0
    doubles: int = 0
    doubles_told: int = 0
    lost: int = 0
    wrong_loads: int = 0
    gaps: int = 0
    parked: int = 0
    deadlocks: int = 0

    @property
    def clean(self) -> bool:
        """Nothing of what must never happen has happened."""
        above, doubles = self.above + self.above_told, self.doubles + self.doubles_told
        wrong = (above, doubles, self.lost, self.wrong_loads, self.gaps, self.parked)
        return not any(wrong) and not self.commands["500"]
