"""Who watches a ticket, or everything of a customer: the audience `watchers`."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Depends
from pydantic import BaseModel
from sqlalchemy.ext.asyncio import AsyncEngine

from shared.contracts import FollowUp
from shared.db import audit
from shared.db.engine import Transaction
from shared.http.auth import Principal, require
from shared.http.document import refusals
from shared.http.problems import DomainError
from shared.runtime.writer import Writer

from .people_book import unknown_recipient
from .recipient_models import Name
from .store import recipients, watchers
from .store.watchers import Kind

Reader = Annotated[Principal, Depends(require("recipients:read"))]
Keeper = Annotated[Principal, Depends(require("recipients:write"))]


class WatchersAnswer(BaseModel):
    """Who watches, in the order in which they began."""

    watchers: list[str]


def watcher_routes(engine: AsyncEngine, writer: Writer) -> APIRouter:
    """`/v1/tickets/…/watchers` and `/v1/customers/…/watchers`."""
    router = APIRouter(prefix="/v1", tags=["watchers"])
    _add_tickets(router, engine, writer)
    _add_customers(router, engine, writer)
    return router


def _add_tickets(router: APIRouter, engine: AsyncEngine, writer: Writer) -> None:
    @router.get("/tickets/{ticket_id}/watchers")
    async def list_watchers(ticket_id: UUID, _: Reader) -> WatchersAnswer:
        """Who watches a ticket; those who watch its customer are not among them."""
        return await _list(engine, Kind.TICKET, str(ticket_id))

    @router.put(
        "/tickets/{ticket_id}/watchers/{recipient_id}", status_code=204, responses=refusals(404)
    )
    async def watch_ticket(ticket_id: UUID, recipient_id: Name, who: Keeper) -> None:
        """Somebody watches a ticket from now on."""
        await _put(writer, who, Kind.TICKET, str(ticket_id), recipient_id)

    @router.delete(
        "/tickets/{ticket_id}/watchers/{recipient_id}", status_code=204, responses=refusals(404)
    )
    async def unwatch_ticket(ticket_id: UUID, recipient_id: Name, who: Keeper) -> None:
        """Somebody watches a ticket no longer."""
        await _delete(writer, who, Kind.TICKET, str(ticket_id), recipient_id)


def _add_customers(router: APIRouter, engine: AsyncEngine, writer: Writer) -> None:
    @router.get("/customers/{customer_id}/watchers")
    async def list_customer_watchers(customer_id: Name, _: Reader) -> WatchersAnswer:
        """Who watches everything of a customer."""
        return await _list(engine, Kind.CUSTOMER, customer_id)

    @router.put(
        "/customers/{customer_id}/watchers/{recipient_id}",
        status_code=204,
        responses=refusals(404),
    )
    async def watch_customer(customer_id: Name, recipient_id: Name, who: Keeper) -> None:
        """Somebody watches everything of a customer from now on."""
        await _put(writer, who, Kind.CUSTOMER, customer_id, recipient_id)

    @router.delete(
        "/customers/{customer_id}/watchers/{recipient_id}",
        status_code=204,
        responses=refusals(404),
    )
    async def unwatch_customer(customer_id: Name, recipient_id: Name, who: Keeper) -> None:
        """Somebody watches a customer no longer."""
        await _delete(writer, who, Kind.CUSTOMER, customer_id, recipient_id)


async def _list(engine: AsyncEngine, kind: Kind, subject: str) -> WatchersAnswer:
    async with engine.connect() as tx:
        return WatchersAnswer(watchers=await watchers.of(tx, kind, subject))


async def _put(
    writer: Writer, principal: Principal, kind: Kind, subject: str, recipient_id: str
) -> None:
    async def work(tx: Transaction, now: datetime) -> tuple[None, list[FollowUp]]:
        if not await recipients.find(tx, [recipient_id]):
            known = {one.recipient_id: one for one in await recipients.everyone(tx)}
            raise unknown_recipient(recipient_id, known)
        if kind is Kind.TICKET and not await watchers.knows_ticket(tx, UUID(subject)):
            raise DomainError(404, "Not found", f"Nothing has been heard of ticket {subject}.")
        await watchers.put(tx, kind, subject, recipient_id, now)
        await _note(tx, principal, "watch", f"{kind} {subject}: {recipient_id}", now)
        return None, []

    await writer.write(work)


async def _delete(
    writer: Writer, principal: Principal, kind: Kind, subject: str, recipient_id: str
) -> None:
    async def work(tx: Transaction, now: datetime) -> tuple[None, list[FollowUp]]:
        if not await watchers.delete(tx, kind, subject, recipient_id):
            raise DomainError(404, "Not found", f"{recipient_id!r} does not watch it.")
        await _note(tx, principal, "unwatch", f"{kind} {subject}: {recipient_id}", now)
        return None, []

    await writer.write(work)


async def _note(
    tx: Transaction, principal: Principal, action: str, what: str, now: datetime
) -> None:
    deed = audit.Deed(principal=principal.name, action=action, object=what[:1000])
    await audit.record(tx, deed, now)
