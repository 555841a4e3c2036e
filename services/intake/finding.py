"""Which customer and which ticket every command of a group is about, before anything is decided."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from shared.db.engine import Transaction
from shared.ids import new_id

from . import store
from .domain.commands import Contact
from .domain.identity import about, addresses_of, customer_of, owner_of
from .parcels import Item


@dataclass(frozen=True, slots=True)
class Found:
    """`known` tickets may be there, or be shells; `fresh` ones were named a moment ago, by us."""

    known: frozenset[UUID]
    fresh: frozenset[UUID]


async def find(tx: Transaction, items: Sequence[Item], now: datetime) -> Found:
    """Settle the customer and the ticket of every item. All names are locked afterwards."""
    await _settle_customers(tx, items, now)
    if any(_has_choice(item) for item in items):
        return await _by_several_names(tx, items)
    return await _by_one_name(tx, items)


def _has_choice(item: Item) -> bool:
    return len(item.names) > 1 or _reference(item) is not None


async def _by_one_name(tx: Transaction, items: Sequence[Item]) -> Found:
    made, named = await store.name_tickets(
        tx, {item.names[0]: item.ticket_id for item in items if item.names}
    )
    known = set()
    for item in items:
        if item.names and item.names[0] in named:
            item.ticket_id = named[item.names[0]]
            known.add(item.ticket_id)
        elif item.command.ticket_id:
            known.add(item.ticket_id)
    return Found(frozenset(known), frozenset(made.values()))


async def _by_several_names(tx: Transaction, items: Sequence[Item]) -> Found:
    """The first known name counts, then the writer's own reference; all names become the ticket's."""
    names = {name for item in items for name in item.names}
    owners = await store.named(tx, names)
    referenced = await store.referenced(tx, {r for i in items if (r := _reference(i))})
    known = {*owners.values(), *referenced.values()}
    known |= {item.ticket_id for item in items if item.command.ticket_id}
    for item in items:
        found = [owners[name] for name in item.names if name in owners]
        if (reference := _reference(item)) in referenced and not found:
            found = [referenced[reference]]
        if found:
            item.ticket_id = found[0]
        for name in item.names:
            owners.setdefault(name, item.ticket_id)
    made, others = await store.name_tickets(tx, {name: owners[name] for name in names})
    moved = {owners[name]: owner for name, owner in others.items() if owners[name] != owner}
    if moved:  # somebody else named them between our look and our word
        await store.rename(tx, {n: moved[owner] for n, owner in made.items() if owner in moved})
        for item in items:
            item.ticket_id = moved.get(item.ticket_id, item.ticket_id)
        known |= set(moved.values())
    return Found(frozenset(known), frozenset(made.values()) - known)


def _reference(item: Item) -> tuple[str, str] | None:
    """Whose ticket a mail's subject names: a reference is believed for the writer's own tickets."""
    command = item.command
    if not isinstance(command, Contact) or command.reference is None:
        return None
    return command.customer.customer_id, command.reference


async def _settle_customers(tx: Transaction, items: Sequence[Item], now: datetime) -> None:
    addressed = {
        number: addresses
        for number, item in enumerate(items)
        if (facts := customer_of(item.command)) and (addresses := addresses_of(facts))
    }
    if not addressed:
        return
    owners = await store.owners(tx, {a for addresses in addressed.values() for a in addresses})
    linked: dict[str, str] = {}
    for number, addresses in addressed.items():
        facts = customer_of(items[number].command)
        assert facts is not None
        customer_id = owner_of(facts, owners, stranger=f"c-{new_id().hex}")
        for address in addresses:
            if address not in owners:
                owners[address] = linked[address] = customer_id
        items[number].command = about(items[number].command, customer_id)
    taken = await store.link(tx, linked, now) if linked else {}
    _give_way(items, addressed, {linked[address]: owner for address, owner in taken.items()})


def _give_way(items: Sequence[Item], addressed: Collection[int], meant: Mapping[str, str]) -> None:
    """Strangers whom somebody else got to know a moment earlier are those customers."""
    for number in addressed if meant else ():
        facts = customer_of(items[number].command)
        if facts is not None and facts.customer_id in meant and not items[number].named_customer:
            items[number].command = about(items[number].command, meant[facts.customer_id])
