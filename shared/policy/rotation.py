"""Turns of being on call, as instants: handovers in local time, one holder at every instant."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

_FIRST_MONDAY = date(1970, 1, 5)
_SECOND = timedelta(seconds=1)


@dataclass(frozen=True, slots=True)
class Rotation:
    """Who of a team is on call: `members` take turns of `days` days (1 or 7), each beginning at
    `minute` local minutes after midnight, of `weekday` (0 = Monday) when a turn is a week.
    """

    members: tuple[str, ...]
    zone: ZoneInfo
    days: int
    weekday: int
    minute: int

    def holder(self, at: datetime) -> str:
        """The member on call at that instant. Turns are counted in local calendar days, so a handover
        stays at its local time when clocks change.
        """
        return self.member(self.turn(at))

    def member(self, turn: int) -> str:
        """Whose turn that is."""
        return self.members[turn % len(self.members)]

    def turn(self, at: datetime) -> int:
        """The number of the turn at that instant, counted from 1970."""
        today = at.astimezone(self.zone).date()
        turn = ((today - _FIRST_MONDAY).days - self.weekday) // self.days
        while self.begins(turn) > at:
            turn -= 1
        while self.begins(turn + 1) <= at:
            turn += 1
        return turn

    def begins(self, turn: int) -> datetime:
        """When that turn begins, in UTC. A handover time that comes twice, as clocks are put back, is
        meant the first time; one that is skipped is when the clocks are put forward.
        """
        day = _FIRST_MONDAY + timedelta(days=turn * self.days + self.weekday)
        return _instant(datetime.combine(day, time()) + timedelta(minutes=self.minute), self.zone)

    def after(self, member: str) -> Iterator[str]:
        """The other members, in the order in which they follow `member`."""
        if member in self.members:
            index = self.members.index(member)
            others = self.members[index + 1 :] + self.members[:index]
            yield from (other for other in dict.fromkeys(others) if other != member)


def _instant(local: datetime, zone: ZoneInfo) -> datetime:
    first = local.replace(tzinfo=zone)
    before, after = first.utcoffset(), first.replace(fold=1).utcoffset()
    assert before is not None
    assert after is not None
    if before < after:
        return _change_between(local - after, local - before, zone)
    return (local - before).replace(tzinfo=UTC)


def _change_between(low: datetime, high: datetime, zone: ZoneInfo) -> datetime:
    """The instant in `(low, high]` (naive UTC) at which the zone's offset changes."""
    early, late = low.replace(tzinfo=UTC), high.replace(tzinfo=UTC)
    offset = early.astimezone(zone).utcoffset()
    while late - early > _SECOND:
        middle = early + (late - early) // _SECOND // 2 * _SECOND
        if middle.astimezone(zone).utcoffset() == offset:
            early = middle
        else:
            late = middle
    return late
