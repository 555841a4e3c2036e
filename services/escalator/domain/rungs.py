"""The ladder as it was when an escalation was raised (semantics L3, F1).

A workflow that changes moves no open escalation: its windows, repeats and next levels stay as copied.
Who is told is not copied: people are looked up when a step fires.
"""

from __future__ import annotations

from datetime import timedelta

import msgspec

from shared.policy import WorkflowPolicy


class Rung(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One level: its team, how long it has to acknowledge (None: nobody need) and where it leads."""

    level: str
    team: str
    window: timedelta | None = None
    above: str | None = None


class Ladder(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """The rungs from the bottom up, and the numbers of semantics L4 and L5."""

    rungs: tuple[Rung, ...]
    window_share: float
    window_floor: timedelta
    hold_limit: timedelta
    hold_share: float
    hold_floor: timedelta
    repeats: int
    repeat_limit: timedelta

    def rung(self, level: str) -> Rung | None:
        """The rung of that name; None for a level this ladder never had."""
        return next((rung for rung in self.rungs if rung.level == level), None)

    def rank(self, level: str) -> int:
        """The level's place from 0; -1, below every other, for one this ladder never had."""
        names = [rung.level for rung in self.rungs]
        return names.index(level) if level in names else -1

    def above(self, level: str) -> str | None:
        """Where `level` leads; None for the top. A level nobody knows leads where the first one does."""
        return (self.rung(level) or self.rungs[0]).above

    def is_top(self, level: str) -> bool:
        """Is there nothing above that level of this ladder?"""
        rung = self.rung(level)
        return rung is not None and rung.above is None

    def window(self, level: str) -> timedelta | None:
        """How long `level` has to acknowledge at most; None: nobody there need."""
        rung = self.rung(level)
        return rung.window if rung else None


def ladder_of(policy: WorkflowPolicy) -> Ladder:
    """The ladder of the workflow in force, to be copied."""
    rules = policy.escalation
    return Ladder(
        rungs=tuple(
            Rung(
                level=level.name,
                team=level.team,
                window=rules.acknowledge_within(level.name),
                above=rules.next_level(level.name),
            )
            for level in policy.levels
        ),
        window_share=rules.window_share,
        window_floor=rules.window_floor,
        hold_limit=rules.holds.limit,
        hold_share=rules.holds.share,
        hold_floor=rules.holds.floor,
        repeats=rules.repeats,
        repeat_limit=rules.repeat_limit,
    )
