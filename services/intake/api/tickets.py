"""`GET /v1/tickets…`: a ticket with its messages, and pages of tickets."""

from __future__ import annotations

from typing import Annotated, Any
from urllib.parse import urlencode
from uuid import UUID

import msgspec
from fastapi import APIRouter, Depends, Query, Response
from sqlalchemy.ext.asyncio import AsyncEngine

from services.intake import kept_files, views
from services.intake.domain.ticket import Ticket
from services.intake.views import TicketFilter
from shared.contracts.vocabulary import Status
from shared.http.auth import Principal, require
from shared.http.problems import DomainError

from . import attachments, suggestions
from .bodies import Id
from .document import LISTED, SHOWN

Reader = Annotated[Principal, Depends(require("tickets:read"))]
Limit = Annotated[int, Query(ge=1, le=200)]


def routes(engine: AsyncEngine) -> APIRouter:
    """The routes that show tickets."""
    router = APIRouter(prefix="/v1/tickets", tags=["tickets"])

    @router.get("/{ticket_id}", responses=SHOWN)
    async def show_ticket(ticket_id: UUID, _: Reader) -> dict[str, Any]:
        """The ticket, what was written on it, which files came along, and why it is classified as it is.

        With what was written on tickets that go on as this one (`merged`); a message names its ticket.
        """
        async with engine.connect() as tx:
            found = await views.ticket(tx, ticket_id)
            if found is None:
                raise DomainError(404, "Unknown ticket", f"No ticket {ticket_id}.")
            family = await views.family(tx, ticket_id)
            written = await views.messages(tx, family)
            files = {
                of: listed
                for one in family
                for of, listed in (await kept_files.listed(tx, one)).items()
            }
            why = await views.evidence(tx, ticket_id)
        shown = [
            msgspec.to_builtins(one) | {"attachments": files.get(one.message_id, [])}
            for one in written
        ]
        return _built(found) | {
            "messages": msgspec.to_builtins(shown),
            "evidence": msgspec.to_builtins(why),
            "merged": [str(one) for one in family if one != ticket_id],
        }

    @router.get("", responses=LISTED)
    async def list_tickets(
        *,
        response: Response,
        _: Reader,
        status: Status | None = None,
        customer_id: Id | None = None,
        external_id: Id | None = None,
        cursor: UUID | None = None,
        limit: Limit = 50,
    ) -> dict[str, Any]:
        """Tickets, the newest first; the `Link` header leads to the next page."""
        which = TicketFilter(
            before=cursor, status=status, customer_id=customer_id, external_id=external_id
        )
        async with engine.connect() as tx:
            found = await views.tickets(tx, which, limit + 1)
        page = found[:limit]
        if len(found) > limit:
            following = {**_asked(which), "cursor": str(page[-1].ticket_id), "limit": limit}
            response.headers["Link"] = f'</v1/tickets?{urlencode(following)}>; rel="next"'
        return {"tickets": [_built(one) for one in page]}

    router.include_router(attachments.routes(engine))
    router.include_router(suggestions.routes(engine))
    return router


def _built(ticket: Ticket) -> dict[str, Any]:
    built: dict[str, Any] = msgspec.to_builtins(ticket)
    return built


def _asked(which: TicketFilter) -> dict[str, str]:
    named = {
        "status": which.status,
        "customer_id": which.customer_id,
        "external_id": which.external_id,
    }
    return {name: value for name, value in named.items() if value is not None}
