"""Play a case on both sides, and cut a case on which they differ down to what makes them differ."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field, replace

from shared.policy import WorkflowPolicy

from . import product, ticket
from .cases import Case, Entry
from .generator import TOGETHER, World, case_of, world_of
from .zones import changes


@dataclass(frozen=True)
class Difference:
    """A case and what both sides make of it; true if that is not the same."""

    case: Case
    expected: list[Entry]
    actual: list[Entry]

    def __bool__(self) -> bool:
        return self.expected != self.actual


@dataclass
class Tally:
    """What was played: how often what happened, in which zones, how many entries were equal."""

    cases: int = 0
    entries: int = 0
    kinds: Counter[str] = field(default_factory=Counter)
    zones: set[str] = field(default_factory=set)
    over_changes: int = 0
    at_one_instant: int = 0
    difference: Difference | None = None

    def count(self, case: Case, entries: list[Entry]) -> None:
        """A case on which both agree."""
        self.cases += 1
        self.entries += len(entries)
        self.zones |= {week.zone for week in case.weeks.values()}
        self.kinds.update({entry.kind for entry in entries} | {act.verb for act in case.acts})
        changed = [at for week in case.weeks.values() for at in changes(week.zone)]
        self.over_changes += any(case.acts[0].at < at < case.until for at in changed)
        acts, due = {act.at for act in case.acts}, [e.at for e in entries if e.threshold]
        self.at_one_instant += any(at in acts for at in due) or len(acts) < len(case.acts)

    def add(self, other: Tally) -> None:
        """What was played elsewhere."""
        self.cases += other.cases
        self.entries += other.entries
        self.kinds += other.kinds
        self.zones |= other.zones
        self.over_changes += other.over_changes
        self.at_one_instant += other.at_one_instant
        self.difference = self.difference or other.difference


class Pair:
    """Both sides of the cases of one world."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.policy: WorkflowPolicy = product.policy_of(world.weeks, world.promises)

    def play(self, case: Case) -> Difference:
        """What both make of it; clock by clock, each in its own order."""
        expected = by_clock(ticket.play(case, self.world.hours))
        return Difference(case, expected, by_clock(product.play(case, self.policy)))

    def smallest(self, difference: Difference) -> Difference:
        """The same disagreement with as few acts as possible."""
        acts = difference.case.acts
        for place in range(len(acts) - 1, 0, -1):
            fewer = replace(difference.case, acts=acts[:place] + acts[place + 1 :])
            found = self.play(fewer)
            if found:
                return self.smallest(found)
        return difference


def by_clock(entries: list[Entry]) -> list[Entry]:
    """The histories one after the other; within one, order counts."""
    return sorted(entries, key=lambda entry: (entry.metric, entry.cycle))


def compare(seed: int, numbers: range) -> Tally:
    """Play the cases of those numbers, from a multiple of `TOGETHER` on; stop at a difference, cut down."""
    tally = Tally()
    for first in range(numbers.start, numbers.stop, TOGETHER):
        pair = Pair(world_of(seed, first // TOGETHER))
        for number in range(first, min(first + TOGETHER, numbers.stop)):
            played = pair.play(case_of(pair.world, seed, number))
            if played:
                tally.difference = pair.smallest(played)
                return tally
            tally.count(played.case, played.expected)
    return tally
