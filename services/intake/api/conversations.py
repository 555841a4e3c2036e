"""`/v1/tickets/{id}/conversations`: hand a ticket on from chat to mail to phone."""

from __future__ import annotations

from collections.abc import Collection
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Depends, Path
from pydantic import BaseModel

from services.intake.joining import ConversationTakenError, Joiner, NoTicketError
from shared.http.auth import Principal, require
from shared.http.problems import DomainError, FieldError

from .bodies import Id, example_of
from .spelling import meant

Writer = Annotated[Principal, Depends(require("tickets:write"))]
SourceName = Annotated[Id, Path(description="a configured source", examples=["generic"])]
ExternalId = Annotated[Id, Path(description="its own name for the conversation", examples=["4711"])]


class ConversationAnswer(BaseModel):
    """A conversation, and the ticket it is about; after a merge that is the one which goes on."""

    model_config = example_of(
        ticket_id="019c9f3a-5c00-7000-8000-000000000001", source="chat", external_id="c-77"
    )

    ticket_id: UUID
    source: str
    external_id: str


def routes(joiner: Joiner, sources: Collection[str]) -> APIRouter:
    """The route that gives conversations to tickets; `sources` are the configured ones."""
    router = APIRouter(prefix="/v1/tickets", tags=["tickets"])

    @router.put("/{ticket_id}/conversations/{source}/{external_id:path}")
    async def join_conversation(
        ticket_id: UUID, source: SourceName, external_id: ExternalId, who: Writer
    ) -> ConversationAnswer:
        """What is said in this conversation is said on the ticket from now on; its clocks run on.

        409 while the conversation is about another ticket that is not settled.
        """
        if source not in sources:
            fault = FieldError("path.source", f"no source {source!r}{meant(source, sources)}")
            raise DomainError(422, "Invalid request", "Look at path.source.", errors=[fault])
        try:
            joined = await joiner.join(ticket_id, (source, external_id), by=who.name)
        except NoTicketError as missing:
            raise DomainError(404, "Unknown ticket", f"No ticket {ticket_id}.") from missing
        except ConversationTakenError as taken:
            raise DomainError(
                409,
                "Conversation taken",
                f"It is about the ticket {taken.ticket_id}: merge the two, or settle that one first.",
            ) from taken
        return ConversationAnswer(ticket_id=joined, source=source, external_id=external_id)

    return router
