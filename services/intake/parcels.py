"""A delivery on its way through a group: claimed once, with the answer its repeats will get."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final
from uuid import UUID

from shared.db.dead_letters import Letter, Reason
from shared.db.engine import Transaction
from shared.ids import derived_id, new_id

from . import store
from .domain.commands import AnyCommand, Contact, engine_time
from .domain.delivery import Answer, Delivery, Disposition, Outcome
from .domain.threads import Named
from .store import Claim

CONFLICT: Final = Outcome(
    outcome=Disposition.QUARANTINED,
    reason="conflict",
    detail="This delivery id was used for another body before.",
)


@dataclass(slots=True)
class Item:
    """One command with its id, its engine time, and its ticket as far as that is known.

    `names` are the ticket's at the source, the surest first.
    """

    command: AnyCommand
    command_id: UUID
    at: datetime
    is_claim: bool
    ticket_id: UUID
    source: str
    names: tuple[Named, ...]
    traceparent: str | None
    is_api: bool


@dataclass(slots=True)
class Parcel:
    """A delivery, its commands, and what is known of its answer."""

    delivery: Delivery
    items: list[Item]
    clock_skew: bool
    answer: Answer | None = None
    repeats: Parcel | None = None
    outcomes: tuple[Outcome, ...] = field(default=())

    @property
    def name(self) -> Named:
        """What tells a repeat."""
        return self.delivery.source, self.delivery.dedupe_key

    @property
    def is_fresh(self) -> bool:
        """Whether there is something to do."""
        return self.answer is None and self.repeats is None

    def expected(self) -> tuple[Outcome, ...]:
        """The answer it will most likely get: claimed with it, few rows have to be corrected."""
        return self.numbered(
            [Outcome(outcome=Disposition.ACCEPTED, ticket_id=item.ticket_id) for item in self.items]
        )

    def numbered(self, of_commands: Sequence[Outcome]) -> tuple[Outcome, ...]:
        """Outcomes in the order of the body, those of unreadable parts among them."""
        if not self.delivery.unreadable:
            return tuple(of_commands)
        found = {
            ordinal: outcome
            for (ordinal, _), outcome in zip(self.delivery.commands, of_commands, strict=True)
        }
        for part in self.delivery.unreadable:
            found[part.ordinal] = Outcome(
                outcome=Disposition.PARKED, reason="unreadable", detail=part.detail
            )
        return tuple(found[ordinal] for ordinal in sorted(found))

    def told(self) -> Answer:
        """The answer, once everything is decided."""
        if self.answer is not None:
            return self.answer
        if self.repeats is not None:
            return Answer(self.repeats.told().outcomes, repeated=True)
        return Answer(self.outcomes)


def parcels_of(deliveries: Sequence[Delivery], now: datetime) -> list[Parcel]:
    """Deliveries with ids for everything they may make.

    Commands that name one ticket of one source share the id that a new ticket would get.
    """
    proposed: defaultdict[Named, UUID] = defaultdict(new_id)
    parcels = []
    for delivery in deliveries:
        delivery_id = delivery.delivery_id
        items, skewed = [], False
        for ordinal, command in delivery.commands:
            at, is_off = engine_time(command.occurred_at, now)
            skewed |= is_off
            names = _names(delivery.source, command)
            items.append(
                Item(
                    command=command,
                    command_id=derived_id(delivery_id, f"command:{ordinal}"),
                    at=at,
                    is_claim=at < now,
                    ticket_id=command.ticket_id or (proposed[names[0]] if names else new_id()),
                    source=delivery.source,
                    names=names,
                    traceparent=delivery.traceparent,
                    is_api=delivery.is_api,
                )
            )
        parcels.append(Parcel(delivery, items, skewed))
    return parcels


def _names(source: str, command: AnyCommand) -> tuple[Named, ...]:
    also = command.also if isinstance(command, Contact) else ()
    external = (command.external_id,) if command.external_id else ()
    return tuple((source, name) for name in dict.fromkeys((*external, *also)))


async def claim(tx: Transaction, parcels: Sequence[Parcel], now: datetime) -> None:
    """Claim what nobody has claimed; the others learn whom they repeat, or that they conflict."""
    first: dict[Named, Parcel] = {}
    for parcel in parcels:
        earlier = first.setdefault(parcel.name, parcel)
        if earlier is not parcel:
            if earlier.delivery.digest == parcel.delivery.digest:
                parcel.repeats = earlier
            else:
                parcel.answer = Answer((CONFLICT,))
    claims = [Claim(p.name, p.delivery.digest, p.expected(), p.clock_skew) for p in first.values()]
    claimed = await store.claim(tx, claims, now)
    if len(claimed) == len(first):
        return
    known = await store.recall(tx, [name for name in first if name not in claimed])
    for name, (digest, answer) in known.items():
        repeated = digest == first[name].delivery.digest
        first[name].answer = Answer(answer, repeated=True) if repeated else Answer((CONFLICT,))


def letters(parcels: Sequence[Parcel]) -> Iterator[Letter]:
    """What goes to the dead letters: unreadable parts of what is fresh, and webhooks that conflict.

    A conflict of our own API is told to the caller instead (semantics D1).
    """
    for parcel in parcels:
        if parcel.is_fresh:
            for part in parcel.delivery.unreadable:
                yield letter(
                    parcel.delivery, Reason.UNDECODABLE, part.detail, part.raw, part.ordinal
                )
        elif parcel.answer == Answer((CONFLICT,)) and not parcel.delivery.is_api:
            yield letter(parcel.delivery, Reason.CONFLICT, str(CONFLICT.detail))


def letter(
    delivery: Delivery, reason: Reason, error: str, raw: bytes | None = None, ordinal: int = 0
) -> Letter:
    """A delivery, or one part of it, as a dead letter: its source stands for the topic."""
    return Letter(
        topic=delivery.source,
        partition=0,
        offset=ordinal,
        key=delivery.dedupe_key,
        event_id=delivery.delivery_id,
        raw=delivery.raw if raw is None else raw,
        reason=reason,
        error=error,
    )
