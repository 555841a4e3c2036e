"""One promise and how much of it is used (semantics K2), counted anew from the beginning whenever it is asked."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from fractions import Fraction

from .hours import Hours

_NOTHING = timedelta(0)
_MILLISECOND = timedelta(milliseconds=1)


@dataclass
class Promise:
    """One cycle of one metric. `ran` are the stretches it has run, each by the hours it counted in then;
    `known` spares asking again for the same instant.
    """

    metric: str
    cycle: int
    budget: timedelta
    hours: Hours
    began: datetime
    since: datetime | None
    carried: timedelta = _NOTHING
    ran: list[tuple[datetime, datetime, Hours]] = field(default_factory=list)
    told: int = 0
    missed: datetime | None = None
    over: bool = False
    known: dict[tuple[int, datetime, timedelta, int], datetime] = field(default_factory=dict)

    def used(self, at: datetime) -> timedelta:
        """Open time used until `at`, from the beginning."""
        spent = self.carried
        for start, end, hours in self.ran:
            spent += hours.used(start, end)
        if self.since is not None:
            spent += self.hours.used(self.since, at)
        return spent

    def due(self, percent: int) -> datetime | None:
        """When `percent` of the budget will be used, or None while it stands (K2)."""
        if self.since is None:
            return None
        asked = (percent, self.since, self.budget, id(self.hours))
        if asked not in self.known:
            left = share(self.budget, percent) - self.used(self.since)
            self.known[asked] = self.hours.reached(self.since, left)
        return self.known[asked]

    @property
    def deadline(self) -> datetime | None:
        """The one it missed, or the one it runs towards."""
        return self.missed or self.due(100)

    def stand(self, at: datetime) -> None:
        """Run no longer."""
        if self.since is not None:
            self.ran.append((self.since, at, self.hours))
            self.since = None


def share(budget: timedelta, percent: int | Fraction) -> timedelta:
    """That much of a budget in whole milliseconds, rounded up: not before it is used."""
    exact = Fraction(budget // _MILLISECOND) * percent / 100
    return -(-exact.numerator // exact.denominator) * _MILLISECOND
