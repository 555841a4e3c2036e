"""What to do with each fresh record of a batch: apply it, or park it and why. Pure (reliability 2.6).

Order within a ticket is never broken: while something of a ticket is parked, everything later of it is
parked behind, also the event that a gap waits for. The releaser then lets them follow in order.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field

from shared.db.dead_letters import Reason
from shared.db.stream import Place, Stream, place

from .decoding import Entry, Received, Unreadable


@dataclass(frozen=True, slots=True)
class Parked:
    """An entry that is not applied, and why."""

    entry: Entry
    reason: Reason
    error: str


@dataclass(slots=True)
class Sorted:
    """A batch, sorted; each list in the order of the records. `truncated` are applied as well."""

    apply: list[Received] = field(default_factory=list)
    parked: list[Parked] = field(default_factory=list)
    truncated: list[Received] = field(default_factory=list)


def sort(
    entries: Sequence[Entry],
    *,
    last: Mapping[Stream, int],
    stalled: Collection[str],
    own: str | None = None,
) -> Sorted:
    """Sort fresh `entries`, given the last sequence applied of their streams and the stalled keys.

    What a service hears of itself, from the source `own`, has no place to be found in its streams: they
    were counted on when it was written.
    """
    found = Sorted()
    reached = dict(last)
    held = set(stalled)
    for entry in entries:
        parked = _obstacle(entry, reached, held, own)
        if parked is not None:
            found.parked.append(parked)
            if entry.key is not None:
                held.add(entry.key)
        elif isinstance(entry, Received) and entry.event.source == own:
            found.apply.append(entry)
        elif isinstance(entry, Received):
            if place(reached.get(entry.stream), entry.event.sequence) is Place.TRUNCATED:
                found.truncated.append(entry)
            reached[entry.stream] = entry.event.sequence
            found.apply.append(entry)
    return found


def _obstacle(
    entry: Entry, reached: Mapping[Stream, int], held: Collection[str], own: str | None
) -> Parked | None:
    """Why `entry` cannot be applied now; None when it can."""
    if isinstance(entry, Unreadable):
        return Parked(entry, Reason.UNDECODABLE, entry.error)
    is_own = entry.event.source == own
    where = Place.NEXT if is_own else place(reached.get(entry.stream), entry.event.sequence)
    told = f"sequence {entry.event.sequence} after {reached.get(entry.stream)}"
    if where is Place.LATE:
        return Parked(entry, Reason.LATE, told)
    if entry.key in held:
        return Parked(entry, Reason.STALLED, "behind a parked event")
    return Parked(entry, Reason.GAP, told) if where is Place.GAP else None
