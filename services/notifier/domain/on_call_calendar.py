"""A team's shifts as a calendar (iCalendar): read into overrides, written from turns."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

import icalendar

from shared.ical import RECIPIENT, NoCalendarError, Occurrence, WorkCalendar
from shared.ids import derived_id
from shared.policy.problems import nearest

from .on_call import Override, Turn
from .recipient import Recipient

#: How far ahead shifts are read, and how far they are written.
READ_AHEAD: Final = timedelta(days=400)
WRITTEN_AHEAD: Final = timedelta(days=90)

#: The longest turn of a rotation, so that the last one written has its end.
LONGEST_TURN: Final = timedelta(days=8)

#: How many shifts of one team are kept.
MOST_SHIFTS: Final = 1000

#: Faults that are told at once.
_MOST_FAULTS: Final = 10

#: What overrides are named within.
_OVERRIDES: Final = UUID("6f8de9f0-0b1e-5d5b-9f0f-3c0f3ad1a6a1")

#: What stands around a name in a title: `On call: Ana`, `Ana (primary)`, `Ana - support`.
_PARTS: Final = re.compile(r"\s*(?:[:(),;|/]|\s[-–—]\s)\s*")


class ShiftsError(ValueError):
    """A calendar has events of people nobody knows; `faults` are sentences."""

    def __init__(self, faults: list[str]) -> None:
        super().__init__("; ".join(faults))
        self.faults = faults


def override_of(
    team: str,
    recipient_id: str,
    *,
    since: datetime,
    until: datetime,
    made_at: datetime,
    imported: bool = False,
) -> Override:
    """An override whose id follows from what it says, so that it is there once."""
    said = f"{team}\n{recipient_id}\n{since.isoformat()}\n{until.isoformat()}\n{imported}"
    return Override(
        override_id=derived_id(_OVERRIDES, said),
        team=team,
        recipient_id=recipient_id,
        since=since,
        until=until,
        made_at=made_at,
        imported=imported,
    )


def shifts_of(text: str, team: str, people: Iterable[Recipient], now: datetime) -> list[Override]:
    """The shifts of a calendar that are not over, for some 400 days. Whose an event is, is said by who
    attends it, by address or name, else by its title.

    Raises NoCalendarError for what is no calendar or has too many, ShiftsError for unknown people.
    """
    known = _Known(people)
    found: dict[UUID, Override] = {}
    faults: dict[str, None] = {}
    for event in sorted(
        WorkCalendar(text).occurrences(now, now + READ_AHEAD), key=lambda one: one.begins
    ):
        recipient_id, fault = known.whose(event)
        if recipient_id is None:
            faults[fault] = None
            continue
        shift = override_of(
            team,
            recipient_id,
            since=event.begins,
            until=event.ends,
            made_at=now,
            imported=True,
        )
        found[shift.override_id] = shift
    if faults:
        raise ShiftsError(list(faults)[:_MOST_FAULTS])
    if len(found) > MOST_SHIFTS:
        raise NoCalendarError(
            f"It has more than {MOST_SHIFTS} shifts within {READ_AHEAD.days} days."
        )
    return list(found.values())


def calendar_of(
    team: str, turns: Iterable[Turn], people: Mapping[str, Recipient], *, now: datetime
) -> str:
    """The calendar of the turns that begin within 90 days, each one event; one without an end lasts until
    then. Read again, it gives the same shifts.
    """
    calendar = icalendar.Calendar()
    calendar.add("version", "2.0")
    calendar.add("prodid", "-//Tierline//on-call//EN")
    calendar.add("x-wr-calname", f"On call: {team}")
    for turn in turns:
        if turn.since < now + WRITTEN_AHEAD:
            person, until = people.get(turn.recipient_id), turn.until or now + WRITTEN_AHEAD
            calendar.add_component(_event(team, turn, until, person, now))
    written: bytes = calendar.to_ical()
    return written.decode()


def _event(
    team: str, turn: Turn, until: datetime, person: Recipient | None, now: datetime
) -> icalendar.Event:
    event = icalendar.Event()
    shift = override_of(team, turn.recipient_id, since=turn.since, until=until, made_at=now)
    event.add("uid", str(shift.override_id))
    event.add("dtstamp", now)
    event.add("dtstart", turn.since)
    event.add("dtend", until)
    event.add("summary", f"On call: {person.name if person and person.name else turn.recipient_id}")
    event.add(RECIPIENT.lower(), turn.recipient_id)
    return event


class _Known:
    """People by everything they go by in a calendar."""

    def __init__(self, people: Iterable[Recipient]) -> None:
        self._names: dict[str, set[str]] = defaultdict(set)
        for one in people:
            for name in (one.recipient_id, one.name, one.channels.get("email", "")):
                if name:
                    self._names[name.casefold()].add(one.recipient_id)

    def whose(self, event: Occurrence) -> tuple[str | None, str]:
        """Whose event it is, or why nobody's."""
        parts = [part for name in event.names for part in _PARTS.split(name) if part]
        for name in (*event.names, *parts):
            matching = self._names.get(name.casefold(), set())
            if len(matching) == 1:
                return next(iter(matching)), ""
        begins = f"the event of {event.begins:%Y-%m-%d %H:%M} UTC"
        if not event.names:
            return None, f"{begins} says nothing of whose it is"
        near = nearest(event.names[0], self._names) or next(
            (close for part in parts if (close := nearest(part, self._names))), None
        )
        hint = f', did you mean "{near}"?' if near else ""
        return None, f'{begins} is that of "{event.names[0]}", whom nobody knows{hint}'
