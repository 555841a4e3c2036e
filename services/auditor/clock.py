"""One promise as a list of marks on a line of time, and a walk along it (semantics K2, K11, P2, Z4).

Nothing that can be computed is kept: every question walks the line again from its beginning.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import Final, Literal

from shared.contracts.vocabulary import Metric, PauseReason

from .hours import Hours

BREACH: Final = 100

#: After every deadline that can be asked for.
NEVER: Final = 1 << 62


#: What can happen to a clock: it stands, runs again, ends (by a merge: until that is undone), has another
#: promise, or nothing (where an undone merge had ended it).
Does = Literal["stand", "run", "end", "merge", "price", "nothing"]


@dataclass(frozen=True, slots=True)
class Mark:
    """Something happens to a clock at `at`; it was known from `known` on. A price has a new `budget` and
    `hours`, and what then counts as `consumed`.
    """

    does: Does
    at: int
    known: int
    budget: int = 0
    hours: Hours | None = None
    consumed: int = 0


@dataclass(slots=True, kw_only=True)
class Clock:
    """The `cycle`-th run of `metric`. `carried`: what an earlier cycle used (semantics R1)."""

    metric: Metric
    cycle: int
    begun: int
    known: int
    budget: int
    hours: Hours
    thresholds: tuple[int, ...]
    pausing: frozenset[PauseReason] = frozenset()
    carried: int = 0
    marks: list[Mark] = field(default_factory=list)

    @property
    def ended(self) -> bool:
        """Has it come to its end?"""
        return any(mark.does in {"end", "merge"} for mark in self.marks)

    @property
    def calendars(self) -> set[str]:
        """The names of all calendars it has counted in."""
        return {self.hours.name, *(mark.hours.name for mark in self.marks if mark.hours)}

    def counts_after(self, at: int) -> bool:
        """Had it not ended by `at`?"""
        return not any(mark.at <= at for mark in self.marks if mark.does in {"end", "merge"})

    @property
    def stands(self) -> bool:
        """Does it not count at the moment?"""
        moves = [mark.does for mark in self.marks if mark.does in {"stand", "run"}]
        return moves[-1:] == ["stand"]

    def forget_the_merge(self, known: int) -> None:
        """It goes on as if it had never ended; that is known from `known` on (semantics M4)."""
        self.marks = [
            replace(mark, does="nothing", known=known) if mark.does == "merge" else mark
            for mark in self.marks
        ]


@dataclass(frozen=True, slots=True)
class Crossing:
    """A threshold is reached at `at`; nobody could know before `known`. `deadline`: as it then was."""

    percent: int
    at: int
    known: int
    deadline: int
    jumped: bool


class Walk:
    """A walk along `clock` up to `until` (NEVER: as if nothing more ever happened)."""

    def __init__(self, clock: Clock, until: int) -> None:
        self.crossings: list[Crossing] = []
        self.consumed, self.budget, self.hours = clock.carried, clock.budget, clock.hours
        self.breached_at: int | None = None
        self._thresholds = clock.thresholds
        self._now, self._known, self._counts = clock.begun, clock.known, True
        carried = [p for p in clock.thresholds if p < BREACH and self._has_used(p)]
        self._crossed = max(carried, default=0) if clock.carried else 0
        for mark in clock.marks:
            if mark.at > until:
                break
            self._run_to(
                mark.at - 1
            )  # at one instant what happens comes before time (semantics T4)
            self._pass_to(mark.at)
            self._obey(mark)
            if mark.does in {"end", "merge"}:
                return
        self._run_to(until)
        if until < NEVER:
            self._pass_to(until)

    def breached_before(self, at: int) -> bool:
        """Was the deadline behind already when something happened at `at` (semantics T4)?"""
        return any(c.percent == BREACH and (c.at < at or c.jumped) for c in self.crossings)

    def _has_used(self, percent: int) -> bool:
        return self.consumed * 100 >= self.budget * percent

    def _run_to(self, limit: int) -> None:
        """Cross what falls due up to `limit`, each threshold at its own instant."""
        for percent in self._thresholds:
            if percent <= self._crossed or not self._counts:
                continue
            used = -(-self.budget * percent // 100)
            at = self.hours.after(self._now, used - self.consumed)
            if at is None or at > limit:
                return
            self._pass_to(at)
            self._cross(percent, jumped=False)

    def _pass_to(self, at: int) -> None:
        if self._counts:
            self.consumed += self.hours.between(self._now, at)
        self._now = at

    def _cross(self, percent: int, *, jumped: bool) -> None:
        self._crossed = percent
        if percent == BREACH:
            self.breached_at = self._now
        deadline = self.breached_at
        if deadline is None:
            deadline = self.hours.after(self._now, self.budget - self.consumed)
        known = max(self._now, self._known)
        limit = NEVER if deadline is None else deadline
        self.crossings.append(Crossing(percent, self._now, known, limit, jumped))

    def _obey(self, mark: Mark) -> None:
        self._known = max(self._known, mark.known)
        if mark.does == "price":
            self._price(mark)
        elif mark.does != "nothing":
            self._counts = mark.does == "run"

    def _price(self, mark: Mark) -> None:
        """Another promise; of the thresholds it jumps over only the highest is said (semantics P2)."""
        assert mark.hours is not None
        self.budget, self.hours = mark.budget, mark.hours
        self.consumed = mark.consumed
        reached = [p for p in self._thresholds if self._crossed < p and self._has_used(p)]
        jumped = [p for p in reached if p <= BREACH]
        if jumped:
            self._cross(jumped[-1], jumped=True)
            self._crossed = reached[-1]
