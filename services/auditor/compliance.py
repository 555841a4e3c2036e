"""How many promises were kept: the share by metric, over all clocks and over both ends of a chain of cycles.

Semantics K13: met / (met + breached), by clock. What was cancelled or withdrawn counts nowhere, and a breach that
a merge brought along is its source's. Semantics R3: of a ticket that came back, the first cycle alone says how
often the first solution was in time, the last one how it ended.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Final

from shared.contracts import Event, SlaBreached, SlaMet
from shared.contracts.vocabulary import JumpCause, Metric

from .clock import BREACH
from .published import told
from .shares import Compliance, Share

_FACING: Final = tuple(metric for metric in Metric if not metric.of_level)


def compliance(tickets: Iterable[Iterable[Event]]) -> tuple[Compliance, ...]:
    """The shares by metric, of what was published about each ticket."""
    chains = [_verdicts(events) for events in tickets]
    found = (_of_metric(metric, chains) for metric in _FACING)
    return tuple(one for one in found if one.every != Share())


def _of_metric(metric: Metric, chains: Iterable[dict[tuple[Metric, int], bool]]) -> Compliance:
    of_tickets = [
        [kept for (of, _), kept in sorted(chain.items()) if of is metric] for chain in chains
    ]
    return Compliance(
        metric=metric,
        every=_share(kept for chain in of_tickets for kept in chain),
        first=_share(chain[0] for chain in of_tickets if chain),
        last=_share(chain[-1] for chain in of_tickets if chain),
    )


def _verdicts(events: Iterable[Event]) -> dict[tuple[Metric, int], bool]:
    """Was the promise kept, by clock; a breach that stands outweighs whatever came later (K7)."""
    known = list(events)
    verdicts = {
        (one.payload.metric, one.payload.cycle): True
        for one in known
        if isinstance(one.payload, SlaMet)
    }
    for metric, cycle, inherited in _breaches(known):
        verdicts[metric, cycle] = False
        if inherited:
            del verdicts[metric, cycle]
    return verdicts


def _breaches(events: list[Event]) -> Iterator[tuple[Metric, int, bool]]:
    """The breaches that were not taken back, and whether a merge brought them."""
    for point, of_point in told(events).items():
        for event in of_point.live if point.percent == BREACH else ():
            assert isinstance(event.payload, SlaBreached)
            yield point.metric, point.cycle, event.payload.cause is JumpCause.MERGED


def _share(verdicts: Iterable[bool]) -> Share:
    known = list(verdicts)
    return Share(met=sum(known), breached=len(known) - sum(known))
