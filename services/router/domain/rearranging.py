"""Making room for a ticket by moving others that were given out in the same run (semantics G3, H6, H7).

Taking tickets one by one, each to its best agent, can leave one waiting whose only agent got a ticket that
somebody else could have had as well. So when nobody has room for a ticket, one that was given to somebody
who qualifies goes to its next best agent instead, or, one step further, to one whose own goes on. Tickets
held before the run are never touched, and nothing is said of a move: whoever is moved has not heard of
their first agent.

What holds for tickets taken one by one still does:

* Nobody loses a place in the line: every ticket moved has an agent before and after.
* H6: a desk takes a ticket only into room it has, counted without the one that leaves at that moment.
* H7: a ticket moves only to somebody who qualifies, has room and has not given it back. A ticket takes
  only the place of one that costs no more and whose channel's cap it counts against itself, if there is
  one. So desks only fill: who had no room for a ticket when it was its turn has none at the end, and
  nobody who fits better, or is there at all for a ticket left waiting, is idle.

With tickets of equal cost a ticket is left out only if no arrangement with as few moves serves it and all
that stand before it: chains that lengthen a matching are tried shortest first. A ticket that came back to
its former agent, or has its owner, stays there. What is tried is bounded, so that a full house is cheap.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from .lanes import Desk, Given, Lane
from .work import WorkItem

#: Tickets moved for one at most.
MOVES: Final = 2

#: Desks and tickets looked at in a run at most, about a microsecond each.
LOOKS: Final = 10_000

#: A ticket and the desk it moves to.
_Move = tuple[Given, Desk]


class Rearranging:
    """The moves of one run, which gives tickets out at `now`, in seconds of Unix time."""

    def __init__(self, now: float) -> None:
        self._now = now
        self._looks = LOOKS
        self._filled: dict[str, Desk] = {}
        self._hopeless: set[tuple[Lane, int]] = set()

    def give(self, item: WorkItem, lane: Lane, desk: Desk) -> Given:
        """The desk, which has room for it, gets the ticket."""
        given = Given(item, lane, desk)
        desk.take(given, self._now)
        self._filled[desk.agent.agent_id] = desk
        return given

    def make_room(self, item: WorkItem, lane: Lane) -> Desk | None:
        """Move others so that a desk has room for `item`, the best possible; None if that cannot be."""
        for moves in range(1, MOVES + 1):
            chain = self._chain(item, lane, moves, frozenset())
            if chain:
                desk = chain[0][0].desk
                for given, onto in reversed(chain):
                    self._move(given, onto)
                return desk
        return None

    def _move(self, given: Given, onto: Desk) -> None:
        given.desk.lose(given)
        onto.take(given, self._now)
        self._filled[onto.agent.agent_id] = onto

    def _chain(
        self, item: WorkItem, lane: Lane, moves: int, apart: frozenset[str]
    ) -> list[_Move] | None:
        """What to move, the one in `item`'s way first, with at most `moves`; no desk appears twice.

        Once nothing was found for a lane nothing will be: until the end of the run desks only fill.
        """
        if (lane, moves) in self._hopeless:
            return None
        for out in self._in_the_way(item, lane, apart):
            aside = apart | {out.desk.agent.agent_id}
            onto = out.lane.best_for(out.item, aside)
            if onto is not None:
                return [(out, onto)]
            chain = self._chain(out.item, out.lane, moves - 1, aside) if moves > 1 else None
            if chain:
                return [(out, chain[0][0].desk), *chain]
        if apart or not item.declined:
            self._hopeless.add((lane, moves))
        return None

    def _in_the_way(self, item: WorkItem, lane: Lane, apart: frozenset[str]) -> Iterator[Given]:
        """What was given in this run to those who qualify for `item` and would leave it their place.

        Best desk first, of a desk the last in the line first, while we may look.
        """
        refused = apart.union(item.declined)
        desks = [
            desk for one, desk in self._filled.items() if one in lane.fit and one not in refused
        ]
        desks.sort(key=lambda desk: lane.standing(desk, item))
        self._looks -= len(desks)
        for desk in desks:
            for out in reversed(desk.given):
                self._looks -= 1
                if self._looks < 0:
                    return
                fits = desk.has_room_instead(lane.cost, lane.channel, out)
                if fits and not out.lane.keeps(desk, out.item):
                    yield out
