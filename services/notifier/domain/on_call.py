"""Who of a team is on call: overrides, then imported shifts, then turns (semantics L3).

At every instant a team with a rotation has exactly one holder. Turns change at their local time; an override
holds from its first instant to before its last.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from types import MappingProxyType
from typing import Final
from uuid import UUID

from shared.policy import Rotation

#: Whether a recipient is there to be told.
IsThere = Callable[[str], bool]


class Source(StrEnum):
    """What says who is on call, the strongest first."""

    OVERRIDE = "override"
    CALENDAR = "calendar"
    ROTATION = "rotation"
    WORKFLOW = "workflow"


@dataclass(frozen=True, slots=True, kw_only=True)
class Override:
    """Somebody is on call in `[since, until)`, whoever's turn it is: entered by hand, or `imported` as a
    shift of a calendar. Of two by hand the later one holds.
    """

    override_id: UUID
    team: str
    recipient_id: str
    since: datetime
    until: datetime
    made_at: datetime
    imported: bool = False

    @property
    def source(self) -> Source:
        """Where it comes from."""
        return Source.CALENDAR if self.imported else Source.OVERRIDE

    def covers(self, at: datetime) -> bool:
        """It holds at that instant."""
        return self.since <= at < self.until


@dataclass(frozen=True, slots=True)
class Turn:
    """One person's time on call; without `until`, nothing ends it within what was asked about."""

    recipient_id: str
    source: Source
    since: datetime
    until: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Duty:
    """What is known of a team's being on call; `source` is that of its rotation."""

    rotation: Rotation | None = None
    source: Source = Source.WORKFLOW
    overrides: tuple[Override, ...] = ()

    def holder(self, at: datetime, is_there: IsThere) -> str | None:
        """Who is told at that instant: whoever's time it is, and while they are away the next one who is
        there. Where nobody is there it stays with whoever's time it is.
        """
        candidates = list(dict.fromkeys(self._candidates(at)))
        there = (one for one in candidates if is_there(one))
        return next(there, candidates[0] if candidates else None)

    def turns(self, start: datetime, end: datetime) -> Iterator[Turn]:
        """Everybody's time on call from the one at `start` on, without gaps where there is a rotation;
        neighbouring turns of one person are one. Times in which nobody is on call are left out.
        """
        since, held = start, self._held(start)
        for change in self._changes(start, end):
            then = self._held(change)
            if then != held:
                if held is not None:
                    yield Turn(*held, since, change)
                since, held = change, then
        if held is not None:
            yield Turn(*held, since, None)

    def began(self, at: datetime) -> datetime:
        """The last instant up to `at` at which it may have become somebody's time."""
        changes = [instant for one in self.overrides for instant in (one.since, one.until)]
        if self.rotation is not None:
            changes.append(self.rotation.begins(self.rotation.turn(at)))
        return max((instant for instant in changes if instant <= at), default=at)

    def _held(self, at: datetime) -> tuple[str, Source] | None:
        """Whose time it is, away or not."""
        for override in self._in_force(at):
            return override.recipient_id, override.source
        return (self.rotation.holder(at), self.source) if self.rotation else None

    def _candidates(self, at: datetime) -> Iterator[str]:
        yield from (override.recipient_id for override in self._in_force(at))
        if self.rotation is not None:
            holder = self.rotation.holder(at)
            yield holder
            yield from self.rotation.after(holder)

    def _in_force(self, at: datetime) -> list[Override]:
        return sorted((one for one in self.overrides if one.covers(at)), key=_by_strength)

    def _changes(self, start: datetime, end: datetime) -> list[datetime]:
        """The instants in `(start, end)` at which it may become somebody else's time."""
        found = {instant for one in self.overrides for instant in (one.since, one.until)}
        if self.rotation is not None:
            turn = self.rotation.turn(start) + 1
            while (begins := self.rotation.begins(turn)) < end:
                found.add(begins)
                turn += 1
        return sorted(instant for instant in found if start < instant < end)


def _by_strength(one: Override) -> tuple[bool, float, UUID]:
    return one.imported, -one.made_at.timestamp(), one.override_id


_NOBODY: Final = Duty()


@dataclass(frozen=True, slots=True)
class Duties:
    """The duties of all teams: stored rotations stand before those of the workflow."""

    stored: Mapping[str, Rotation] = field(default_factory=lambda: MappingProxyType({}))
    overrides: Mapping[str, tuple[Override, ...]] = field(
        default_factory=lambda: MappingProxyType({})
    )

    @classmethod
    def of(cls, stored: Mapping[str, Rotation], overrides: Iterable[Override]) -> Duties:
        """The duties made of what is stored."""
        by_team: dict[str, tuple[Override, ...]] = {}
        for one in overrides:
            by_team[one.team] = (*by_team.get(one.team, ()), one)
        return cls(stored, by_team)

    def of_team(self, team: str, workflow: Mapping[str, Rotation]) -> Duty:
        """What is known of one team; `workflow` are the rotations of the workflow."""
        overrides = self.overrides.get(team, ())
        if team in self.stored:
            return Duty(rotation=self.stored[team], source=Source.ROTATION, overrides=overrides)
        if team in workflow or overrides:
            return Duty(rotation=workflow.get(team), overrides=overrides)
        return _NOBODY
