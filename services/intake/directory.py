"""The customer directory: what the company itself says of its customers, and by which addresses they write.

The later word wins, the directory's or a source's. A new customer tier is the tier of the customer's open
tickets, too, in the same transaction (semantics P1); a source's word counts from its own ticket on.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime

from shared.contracts import Author, Cause, FollowUp
from shared.contracts.vocabulary import AuthorKind
from shared.db import audit
from shared.db.engine import Transaction
from shared.ids import new_id
from shared.observability.tracing import of_request
from shared.policy import WorkflowPolicy
from shared.runtime.writer import Writer

from . import customer_store, directory_store, store
from .domain.commands import CustomerFacts
from .domain.directory import claimed, repriced
from .domain.identity import addresses_of, is_stranger
from .domain.ticket import Fact, Ticket, evolve
from .domain.transitions import SETTLED


@dataclass(frozen=True, slots=True)
class Written:
    """Customers as they are now, whose addresses they did not get, and how many tickets were re-priced."""

    customers: list[CustomerFacts]
    taken: dict[str, str]
    repriced: int


class AddressTakenError(Exception):
    """The address is another customer's."""

    def __init__(self, owner: str) -> None:
        super().__init__(f"the address belongs to {owner!r}")
        self.owner = owner


class Directory:
    """Writes entries and addresses, each time in one transaction, and says what follows."""

    def __init__(self, writer: Writer, policy: WorkflowPolicy) -> None:
        self._writer = writer
        self._policy = policy

    async def put(
        self, entries: Sequence[CustomerFacts], columns: Collection[str], *, by: str
    ) -> Written:
        """Replace what is known of these customers, one entry each, in `columns`."""

        async def work(tx: Transaction, now: datetime) -> tuple[Written, list[FollowUp]]:
            taken = await _claim_addresses(tx, entries, now)
            known = await directory_store.tiers(tx, _ids(entries), lock=False)
            # tickets before customers: the lock order of `store`
            moving = self._moving(entries, known) if "tier" in columns else {}
            await store.lock_tickets(tx, await directory_store.open_tickets(tx, moving))
            before = await directory_store.tiers(tx, _ids(entries), lock=True)
            customers = await directory_store.write(tx, entries, columns)
            moved = self._moving(entries, before) if "tier" in columns else {}
            said = await _reprice(tx, moved, Author(kind=AuthorKind.SYSTEM, id=by), now)
            await audit.record(tx, _deed(by, "put_customers", _ids(entries)), now)
            return Written(customers, taken, len(said)), said

        return await self._writer.write(work)

    async def link(self, customer_id: str, address: str, *, by: str) -> bool:
        """The address is this customer's from now on; False when there is no such customer.

        A stranger gives way. Raises AddressTakenError for another customer's. Nothing in the past moves.
        """

        async def work(tx: Transaction, now: datetime) -> tuple[bool, list[FollowUp]]:
            if not await directory_store.tiers(tx, [customer_id], lock=False):
                return False, []
            taken = await customer_store.link(tx, {address: customer_id}, now)
            owner = taken.get(address, customer_id)
            if owner != customer_id:
                if not is_stranger(owner):
                    raise AddressTakenError(owner)
                await customer_store.relink(tx, {address: customer_id}, now)
            await audit.record(tx, _deed(by, "link_address", [customer_id]), now)
            return True, []

        return await self._writer.write(work)

    async def unlink(self, customer_id: str, address: str, *, by: str) -> bool:
        """The address is nobody's from now on; False when it was not this customer's."""

        async def work(tx: Transaction, now: datetime) -> tuple[bool, list[FollowUp]]:
            gone = await directory_store.unlink(tx, address, customer_id)
            if gone:
                await audit.record(tx, _deed(by, "unlink_address", [customer_id]), now)
            return gone, []

        return await self._writer.write(work)

    def _moving(
        self, entries: Sequence[CustomerFacts], before: dict[str, str | None]
    ) -> dict[str, str]:
        """The customers whose tier becomes another, with the new one."""
        tier_of = self._policy.customers.tier_of
        return {
            entry.customer_id: tier_of(entry.tier)
            for entry in entries
            if entry.customer_id in before
            and tier_of(before[entry.customer_id]) != tier_of(entry.tier)
        }


async def _claim_addresses(
    tx: Transaction, entries: Sequence[CustomerFacts], now: datetime
) -> dict[str, str]:
    """Link what is nobody's or a stranger's; returns what is somebody else's, with the owners."""
    wanted = {address for entry in entries for address in addresses_of(entry)}
    if not wanted:
        return {}
    free, moved, taken = claimed(entries, await customer_store.owners(tx, wanted))
    await customer_store.relink(tx, moved, now)
    return taken | (await customer_store.link(tx, free, now) if free else {})


async def _reprice(
    tx: Transaction, moved: dict[str, str], by: Author, now: datetime
) -> list[FollowUp]:
    """Give open tickets the tier of their customer. One that was opened a moment ago is locked only now;
    should that tie a knot with a group, PostgreSQL undoes one of the two and the writer tries again.
    """
    ids = await directory_store.open_tickets(tx, moved)
    tickets = await store.lock_tickets(tx, ids)
    found = [tickets[one] for one in ids if one in tickets]
    still_open = [one for one in found if one.status not in SETTLED and one.merged_into is None]
    said: list[FollowUp] = []
    changed: list[Ticket] = []
    for payload in repriced(still_open, moved, by):
        ticket = tickets[payload.ticket_id]
        changed.append(evolve(ticket, Fact(payload, now)))
        cause = Cause(id=new_id(), correlation_id=ticket.correlation_id, traceparent=of_request())
        said.append(FollowUp(cause=cause, payload=payload, time=now))
    await store.save(tx, tickets=changed)
    return said


def _ids(entries: Sequence[CustomerFacts]) -> list[str]:
    return [entry.customer_id for entry in entries]


def _deed(by: str, action: str, ids: Sequence[str]) -> audit.Deed:
    return audit.Deed(principal=by, action=action, object=" ".join(ids))
