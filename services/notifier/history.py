"""`/v1/notifications`: who was told what about a ticket, with every attempt and its outcome."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from fastapi import APIRouter, Depends
from pydantic import BaseModel
from sqlalchemy.ext.asyncio import AsyncEngine

from shared.http.auth import require
from shared.http.problems import DomainError

from .store import reports


class NotificationAnswer(BaseModel):
    """One notification and how far it has come. `hold`: why it waits, or waited, for others; those of one
    `bundle_id` left as one message.
    """

    notification_id: UUID
    ticket_id: UUID
    fact: str
    recipient_id: str
    role: str
    channel: str
    template: str
    status: str
    reason: str | None
    attempts: int
    unknowns: int
    planned_at: datetime
    due_at: datetime | None
    urgency: str
    hold: str | None
    bundle_id: UUID | None
    acknowledged_at: datetime | None


class AttemptAnswer(BaseModel):
    """One attempt; no outcome while it runs."""

    n: int
    started_at: datetime
    finished_at: datetime | None
    outcome: str | None
    detail: str | None


def notification_routes(engine: AsyncEngine) -> APIRouter:
    """The routes of `/v1/notifications`."""
    router = APIRouter(
        prefix="/v1/notifications",
        tags=["notifications"],
        dependencies=[Depends(require("notifications:read"))],
    )

    @router.get("")
    async def list_notifications(ticket_id: UUID) -> list[NotificationAnswer]:
        """The notifications about a ticket, oldest first, 500 at most."""
        async with engine.connect() as tx:
            found = await reports.about(tx, ticket_id)
        return [NotificationAnswer.model_validate(row) for row in found]

    @router.get("/{notification_id}/attempts")
    async def list_attempts(notification_id: UUID) -> list[AttemptAnswer]:
        """Every attempt of one notification, in order; 404 when there is no such notification."""
        async with engine.connect() as tx:
            found = await reports.attempts(tx, notification_id)
        if found is None:
            raise DomainError(404, "Not found", f"No notification {notification_id}.")
        return [AttemptAnswer.model_validate(row) for row in found]

    return router
