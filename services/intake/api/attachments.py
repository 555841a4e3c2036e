"""`GET /v1/tickets/{ticket_id}/attachments/{attachment_id}`: a file, to be saved and never to be shown.

The bytes are a stranger's: no browser may guess their type, draw them in our name, or run what is in them.
"""

from __future__ import annotations

import re
from typing import Annotated, Final
from urllib.parse import quote
from uuid import UUID

from fastapi import APIRouter, Depends, Response
from sqlalchemy.ext.asyncio import AsyncEngine

from services.intake import kept_files
from shared.http.auth import Principal, require
from shared.http.problems import DomainError

Reader = Annotated[Principal, Depends(require("tickets:read"))]

_HEADERS: Final = {
    "X-Content-Type-Options": "nosniff",
    "Content-Security-Policy": "default-src 'none'; frame-ancestors 'none'; sandbox",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Cache-Control": "private, no-store",
}

_NOT_PLAIN: Final = re.compile(r"[^A-Za-z0-9._ -]")


def routes(engine: AsyncEngine) -> APIRouter:
    """The route that hands out files, below the tickets'."""
    router = APIRouter()

    @router.get(
        "/{ticket_id}/attachments/{attachment_id}",
        response_class=Response,
        responses={
            200: {
                "description": "The file's bytes.",
                "content": {"*/*": {"schema": {"type": "string", "format": "binary"}}},
            }
        },
    )
    async def download(ticket_id: UUID, attachment_id: UUID, _: Reader) -> Response:
        """A file that came with a message of the ticket; 404 with the reason for one not kept."""
        async with engine.connect() as tx:
            file = await kept_files.stored(tx, ticket_id, attachment_id)
        if file is None:
            raise DomainError(404, "Unknown attachment", "No such file on this ticket.")
        if file.content is None:
            reason = file.refused or "Its bytes are gone."
            raise DomainError(404, "Attachment not kept", reason)
        disposition = {"Content-Disposition": to_be_saved_as(file.name)}
        return Response(file.content, media_type=file.content_type, headers=_HEADERS | disposition)

    return router


def to_be_saved_as(name: str) -> str:
    """The header that saves a file under `name`: in ASCII for old readers, then in full (RFC 6266)."""
    plain = _NOT_PLAIN.sub("_", name)
    return f"attachment; filename=\"{plain}\"; filename*=UTF-8''{quote(name, safe='')}"
