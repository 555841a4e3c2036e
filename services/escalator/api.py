"""The escalator's HTTP surface: clocks of a ticket, escalations, acknowledging and ending them."""

from __future__ import annotations

import base64
import binascii
import hashlib
from datetime import UTC, datetime
from typing import Annotated, Final
from uuid import UUID

from fastapi import APIRouter, Depends, Header, Query, Request
from sqlalchemy.ext.asyncio import AsyncEngine

from services.escalator import store
from services.escalator.clocks_view import ClocksView
from services.escalator.commands import CREATED, Commands
from services.escalator.domain.timeline import Phase
from services.escalator.models import (
    EscalationsView,
    EscalationView,
    RequestBody,
    ResolutionBody,
    Status,
)
from shared.clock import Clock
from shared.db import idempotency
from shared.http.auth import Principal, require
from shared.http.document import refusals
from shared.http.problems import DomainError, FieldError
from shared.policy import WorkflowPolicy

Reader = Annotated[Principal, Depends(require("sla:read"))]
Escalator = Annotated[Principal, Depends(require("escalate"))]

IdempotencyKey = Annotated[
    str | None,
    Header(min_length=1, max_length=200, description="The same for every repeat of this request."),
]

PAGE: Final = 100

_BEGINNING: Final = (datetime(1970, 1, 1, tzinfo=UTC), UUID(int=0))


def routes(
    commands: Commands, engine: AsyncEngine, policy: WorkflowPolicy, clock: Clock
) -> APIRouter:
    """The routes of clocks and escalations."""
    router = APIRouter(prefix="/v1", tags=["escalations"])

    @router.get("/tickets/{ticket_id}/clocks", responses=refusals(404))
    async def show_clocks(ticket_id: UUID, _: Reader) -> ClocksView:
        """The clocks as they stand now: every segment, pause, price and threshold, and what comes next."""
        async with engine.connect() as tx:
            stored = await store.read(tx, ticket_id)
        if stored is None or stored.case.timeline.phase is Phase.UNOPENED:
            fault = FieldError("path.ticket_id", "the escalator has met no such ticket")
            raise DomainError(404, "Unknown ticket", f"No ticket {ticket_id}.", errors=[fault])
        return ClocksView.of(stored.case, clock.now(), policy)

    @router.post(
        "/tickets/{ticket_id}/escalations", status_code=CREATED, responses=refusals(404, 409)
    )
    async def escalate(
        request: Request,
        ticket_id: UUID,
        body: RequestBody,
        who: Escalator,
        idempotency_key: IdempotencyKey = None,
    ) -> EscalationView:
        """Raise the ticket by hand; 409 when it is at that level already, 422 without a hand-off that
        says what was tried and what comes next.
        """
        row = await commands.request(
            ticket_id,
            reason=body.reason,
            to_level=body.to_level,
            content=body.handoff.content() if body.handoff else None,
            by=who.name,
            key=await _key(request, who, idempotency_key),
        )
        return EscalationView.of(row)

    @router.get("/escalations")
    async def list_escalations(
        _: Reader,
        state: Annotated[list[Status], Query()] = ["open", "acknowledged"],  # noqa: B006
        after: str | None = None,
        limit: Annotated[int, Query(ge=1, le=PAGE)] = PAGE,
    ) -> EscalationsView:
        """Escalations, oldest first, a page at a time."""
        async with engine.connect() as tx:
            rows = await store.escalations(tx, state, _place(after), limit=limit + 1)
        page = [EscalationView.of(row) for row in rows[:limit]]
        more = len(rows) > limit
        return EscalationsView(escalations=page, next=_cursor(page[-1]) if more else None)

    @router.post("/escalations/{escalation_id}/acknowledgement", responses=refusals(404, 409))
    async def acknowledge(escalation_id: UUID, who: Escalator) -> EscalationView:
        """Take responsibility for it; doing so again changes nothing."""
        return EscalationView.of(await commands.acknowledge(escalation_id, by=who.name))

    @router.post("/escalations/{escalation_id}/resolution", responses=refusals(404, 409))
    async def resolve(escalation_id: UUID, body: ResolutionBody, who: Escalator) -> EscalationView:
        """End it although the ticket goes on; the reason is kept."""
        row = await commands.resolve(escalation_id, reason=body.reason, by=who.name)
        return EscalationView.of(row)

    return router


async def _key(request: Request, who: Principal, key: str | None) -> idempotency.Request | None:
    """The request as its repeats are known by; None without an Idempotency-Key."""
    if key is None:
        return None
    digest = hashlib.sha256(await request.body()).digest()
    return idempotency.Request(
        principal=who.name, key=key, route=request.url.path, body_sha256=digest
    )


def _cursor(last: EscalationView) -> str:
    place = f"{last.raised_at.isoformat()} {last.escalation_id}"
    return base64.urlsafe_b64encode(place.encode()).decode()


def _place(cursor: str | None) -> tuple[datetime, UUID]:
    """The place in the order a cursor stands for. Raises DomainError 422."""
    if cursor is None:
        return _BEGINNING
    try:
        instant, escalation_id = base64.urlsafe_b64decode(cursor).decode().split(" ")
        return datetime.fromisoformat(instant).astimezone(UTC), UUID(escalation_id)
    except (ValueError, binascii.Error) as error:
        fault = FieldError("query.after", "is no cursor of ours")
        raise DomainError(422, "Bad cursor", errors=[fault]) from error
