"""The texts of a day, counted in memory."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date


@dataclass
class Purse:
    """So many texts; None is a purse nobody can look into."""

    left: int | None = 100
    days: list[date] = field(default_factory=list)

    async def take(self, day: date, most: int) -> bool | None:
        """One less."""
        self.days.append(day)
        if self.left is None or self.left <= 0 or most <= 0:
            return None if self.left is None else False
        self.left -= 1
        return True

    async def give_back(self, day: date) -> None:
        """One more."""
        assert self.left is not None
        self.left += 1
        self.days.remove(day)
