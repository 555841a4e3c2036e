"""Which customer every command of a group is about, by the addresses they write from."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from shared.db.engine import Transaction
from shared.ids import new_id

from . import customer_store
from .domain.identity import about, addresses_of, customer_of, recognised
from .parcels import Item


async def recognise(tx: Transaction, items: Sequence[Item], now: datetime) -> None:
    """Settle the customer of every item that says who asks. Their addresses are theirs afterwards."""
    asking = [
        (item, facts)
        for item in items
        if (facts := customer_of(item.command))
        and (facts.addresses or facts.contact or not facts.customer_id)
    ]
    if not asking:
        return
    sayings = [facts for _, facts in asking]
    strangers = [f"c-{new_id().hex}" for _ in asking]
    addresses = {address for said in sayings for address in addresses_of(said)}
    owners = await customer_store.owners(tx, addresses) if addresses else {}
    customer_ids, gained = recognised(sayings, owners, strangers)
    taken = await customer_store.link(tx, gained, now) if gained else {}
    if taken:  # somebody else got to know them a moment earlier
        customer_ids, kept = recognised(sayings, owners | taken, strangers)
        await customer_store.relink(tx, {a: c for a, c in kept.items() if c != gained[a]}, now)
    for (item, _), customer_id in zip(asking, customer_ids, strict=True):
        item.command = about(item.command, customer_id)
