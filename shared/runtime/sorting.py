"""What to do with each fresh record of a batch: apply it, or park it and why. Pure (reliability 2.6).

Order within a ticket is never broken: while something of a ticket is parked, its later events are parked
behind it. The one exception is the event a gap waits for.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from shared.db.dead_letters import Reason
from shared.db.stream import Place, Stream, place

from .decoding import Entry, Received, Unreadable


@dataclass(slots=True)
class Stall:
    """What holds a key back.

    `hard`: something of it could not be read or applied. `gaps`: the topics on which it waits for missing
    events.
    """

    hard: bool = False
    gaps: set[str] = field(default_factory=set)


@dataclass(frozen=True, slots=True)
class Parked:
    """An entry that is not applied, and why."""

    entry: Entry
    reason: Reason
    error: str


@dataclass(slots=True)
class Sorted:
    """A batch, sorted; each list in the order of the records.

    `filling` are the keys of applied events that a gap was waiting for: something parked may follow now.
    """

    apply: list[Received] = field(default_factory=list)
    parked: list[Parked] = field(default_factory=list)
    truncated: list[Received] = field(default_factory=list)
    filling: set[str] = field(default_factory=set)


def sort(
    entries: Sequence[Entry], *, last: Mapping[Stream, int], stalls: Mapping[str, Stall]
) -> Sorted:
    """Sort fresh `entries`, given the last sequence applied of their streams and what holds their keys."""
    found = Sorted()
    reached = dict(last)
    held = {key: Stall(stall.hard, set(stall.gaps)) for key, stall in stalls.items()}
    for entry in entries:
        stall = held.get(entry.key)
        if isinstance(entry, Unreadable):
            found.parked.append(Parked(entry, Reason.UNDECODABLE, entry.error))
            if entry.key:
                held.setdefault(entry.key, Stall()).hard = True
            continue
        where = place(reached.get(entry.stream), entry.event.sequence)
        if where is Place.LATE:
            found.parked.append(Parked(entry, Reason.LATE, _after(reached, entry)))
        elif stall is not None and not _fills(stall, entry, where):
            found.parked.append(Parked(entry, Reason.STALLED, "behind a parked event"))
        elif where is Place.GAP:
            found.parked.append(Parked(entry, Reason.GAP, _after(reached, entry)))
            held.setdefault(entry.key, Stall()).gaps.add(entry.event.topic)
        else:
            if where is Place.TRUNCATED:
                found.truncated.append(entry)
            if stall is not None:
                found.filling.add(entry.key)
            reached[entry.stream] = entry.event.sequence
            found.apply.append(entry)
    return found


def _fills(stall: Stall, entry: Received, where: Place) -> bool:
    """The missing event a gap waits for: next on a topic with a gap, and nothing worse is parked."""
    return not stall.hard and where is Place.NEXT and entry.event.topic in stall.gaps


def _after(reached: Mapping[Stream, int], entry: Received) -> str:
    return f"sequence {entry.event.sequence} after {reached.get(entry.stream)}"
