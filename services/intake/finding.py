"""Which ticket every command of a group is about, before anything is decided."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from shared.db.engine import Transaction

from . import name_store
from .domain.commands import Contact
from .domain.threads import Clue, Named, follow
from .parcels import Item


@dataclass(frozen=True, slots=True)
class Found:
    """`known` tickets may be there, or be shells; `fresh` ones were named a moment ago, by us.

    `heirs` have got the names of shells, and what was kept for those.
    """

    known: frozenset[UUID]
    fresh: frozenset[UUID]
    heirs: frozenset[UUID] = frozenset()


def names_of(item: Item) -> tuple[Named, ...]:
    """The names that an item gives its ticket, the surest first.

    A mail and those it answers are also known by its writer, so that an answer finds its mail and a
    mail its answer, whichever comes first.
    """
    command = item.command
    if not isinstance(command, Contact) or command.answers is None:
        return item.names
    writer = command.customer.customer_id
    mails = [name for _, name in item.names] + list(command.answers)
    return (*item.names, *((item.source, f"{writer} {name}") for name in mails))


def _answered(item: Item) -> tuple[Named, ...]:
    """The names that lead to a ticket without becoming its names."""
    command = item.command
    answers = command.answers if isinstance(command, Contact) else None
    return tuple((item.source, name) for name in answers or ())


async def find(tx: Transaction, items: Sequence[Item]) -> Found:
    """Settle the ticket of every item, whose customer is settled. All names are locked afterwards."""
    if any(_has_choice(item) for item in items):
        return await _by_several_names(tx, items)
    return await _by_one_name(tx, items)


def _has_choice(item: Item) -> bool:
    return len(names_of(item)) > 1 or _reference(item) is not None


async def _by_one_name(tx: Transaction, items: Sequence[Item]) -> Found:
    made, named = await name_store.name_tickets(
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
    """Name first, whatever is free, then look where it leads: what we look at is locked by then."""
    given = [names_of(item) for item in items]
    answered = [_answered(item) for item in items]
    proposed = {
        name: item.ticket_id
        for item, names in zip(reversed(items), reversed(given), strict=True)
        for name in names
    }
    made, named = await name_store.name_tickets(
        tx, proposed, looked_up={name for names in answered for name in names}
    )
    opened = await name_store.opened(tx, named.values())
    referenced = await name_store.referenced(tx, {r for i in items if (r := _reference(i))})
    clues = [
        Clue(names, answers, referenced.get(_reference(item) or ("", "")), item.ticket_id)
        for item, names, answers in zip(items, given, answered, strict=True)
    ]
    tickets, leads = follow(clues, named, opened | set(referenced.values()))
    known = {*named.values(), *referenced.values()}
    known |= {item.ticket_id for item in items if item.command.ticket_id}
    for item, ticket_id in zip(items, tickets, strict=True):
        item.ticket_id = ticket_id
    led = made | named
    moved = {name: ticket_id for name, ticket_id in leads.items() if led[name] != ticket_id}
    await name_store.rename(tx, moved)
    heirs = {named[name]: ticket_id for name, ticket_id in moved.items() if name in named}
    await name_store.inherit(tx, heirs)
    return Found(frozenset(known), frozenset(tickets) - known, frozenset(heirs.values()))


def _reference(item: Item) -> tuple[str, str] | None:
    """Whose ticket a mail's subject names: a reference is believed for the writer's own tickets."""
    command = item.command
    if not isinstance(command, Contact) or command.reference is None:
        return None
    return command.customer.customer_id, command.reference
