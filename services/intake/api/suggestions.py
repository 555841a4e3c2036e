"""`GET /v1/tickets/{id}/suggestions`: tickets that may be about the same."""

from __future__ import annotations

from typing import Annotated, Any, Final
from uuid import UUID

import msgspec
from fastapi import APIRouter, Depends
from sqlalchemy.ext.asyncio import AsyncEngine

from services.intake import reading_store, views
from shared.http.auth import Principal, require
from shared.http.document import Json, refusals
from shared.http.problems import DomainError

from .document import answer, ref

Reader = Annotated[Principal, Depends(require("tickets:read"))]

_SUGGESTED: Final[dict[int | str, Json]] = {
    200: answer(
        "Tickets that may be about the same, the most alike first.",
        {
            "type": "object",
            "required": ["suggestions"],
            "properties": {"suggestions": {"type": "array", "items": ref("Suggestion")}},
        },
        {
            "suggestions": [
                {
                    "ticket_id": "019c9f3a-5c00-7000-8000-000000000009",
                    "score": 83.3,
                    "subject": "Export stops half way",
                    "status": "resolved",
                    "merged_into": None,
                    "at": "2026-03-02T09:00:01Z",
                }
            ]
        },
    ),
    **refusals(404),
}


def routes(engine: AsyncEngine) -> APIRouter:
    """The route that shows what looks alike; nothing acts on it by itself."""
    router = APIRouter()

    @router.get("/{ticket_id}/suggestions", responses=_SUGGESTED)
    async def show_suggestions(ticket_id: UUID, _: Reader) -> dict[str, Any]:
        """Tickets that may be about the same, with a score from 0 to 100. Merge them, or not."""
        async with engine.connect() as tx:
            if await views.ticket(tx, ticket_id) is None:
                raise DomainError(404, "Unknown ticket", f"No ticket {ticket_id}.")
            found = await reading_store.suggestions(tx, ticket_id)
        return {"suggestions": msgspec.to_builtins(found)}

    return router
