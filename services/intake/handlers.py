"""`accept`: a group of deliveries becomes rows and facts, in one transaction of set-based statements.

Claim → park what cannot be read → find and lock → decide → save. Every step is one statement or two for
the whole group; in between everything is decided in memory, in the order of the deliveries.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from shared.contracts import FollowUp, TicketOpened
from shared.db import dead_letters
from shared.db.engine import Transaction

from . import store
from .domain.delivery import Answer, Delivery, Disposition, Outcome
from .domain.triage import IntakePolicy
from .domain.turns import Turn
from .group import Group
from .parcels import claim, letter, letters, parcels_of


@dataclass(frozen=True, slots=True)
class Accepted:
    """What became of a group: an answer a delivery, in their order, and what the metrics count."""

    answers: list[Answer]
    opened: list[TicketOpened]
    turns: list[Turn]
    skewed: list[str]


async def accept(
    tx: Transaction, deliveries: Sequence[Delivery], now: datetime, *, policy: IntakePolicy
) -> tuple[Accepted, list[FollowUp]]:
    """Apply `deliveries`, each once however often it comes, and say what follows (semantics D1).

    A command that the ticket's state does not allow is no error: its outcome says so. Whatever raises
    here concerns the whole group; the batcher halves it until the culprit stands alone.
    """
    parcels = parcels_of(deliveries, now)
    await claim(tx, parcels, now)
    await dead_letters.park(tx, list(letters(parcels)), now)
    fresh = [parcel for parcel in parcels if parcel.is_fresh]
    expected = {parcel.name: parcel.expected() for parcel in fresh}
    group = Group(policy)
    await group.load(tx, [item for parcel in fresh for item in parcel.items], now)
    for parcel in fresh:
        parcel.outcomes = parcel.numbered([group.apply(item) for item in parcel.items])
    await group.save(tx)
    surprises = {p.name: p.outcomes for p in fresh if p.outcomes != expected[p.name]}
    await store.correct_answers(tx, surprises)
    answers = [parcel.told() for parcel in parcels]
    skewed = [parcel.delivery.source for parcel in fresh if parcel.clock_skew]
    return Accepted(answers, group.opened, group.turns, skewed), group.said


async def park(
    tx: Transaction, delivery: Delivery, error: str, now: datetime
) -> tuple[Answer, list[FollowUp]]:
    """Keep a delivery that made its transaction fail, alone, as a dead letter; it is never lost."""
    [parcel] = parcels_of([delivery], now)
    await claim(tx, [parcel], now)
    if parcel.is_fresh:
        await dead_letters.park(tx, [letter(delivery, dead_letters.Reason.POISON, error)], now)
        parked = Outcome(
            outcome=Disposition.PARKED, reason="poison", detail="It could not be stored."
        )
        parcel.outcomes = (parked,)
        await store.correct_answers(tx, {parcel.name: parcel.outcomes})
    return parcel.told(), []
