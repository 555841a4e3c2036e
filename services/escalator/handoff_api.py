"""`/v1/tickets/{id}/handoff`: the hand-off document, read as JSON or Markdown, written version by version.

The ETag names the version of what people wrote; what is generated around it goes with the ticket.
"""

from __future__ import annotations

import re
from collections.abc import Collection
from typing import Annotated, Any, Final, Literal
from uuid import UUID

from fastapi import APIRouter, Depends, Header, Query, Response
from sqlalchemy.ext.asyncio import AsyncEngine

from services.escalator import handoffs
from services.escalator.domain.document import Document, compose
from services.escalator.domain.written import Content
from services.escalator.handoff_models import HandoffBody, HandoffView
from services.escalator.handoff_page import markdown
from services.escalator.handoffs import Found, Handoffs
from shared.clock import Clock
from shared.http.auth import Principal, require
from shared.http.document import refusals
from shared.http.problems import DomainError, FieldError
from shared.policy import WorkflowPolicy

Reader = Annotated[Principal, Depends(require("sla:read"))]
Escalator = Annotated[Principal, Depends(require("escalate"))]

MARKDOWN: Final = "text/markdown"

Format = Annotated[
    Literal["json", "markdown"] | None,
    Query(description="Instead of the Accept header.", examples=["markdown"]),
]
Accept = Annotated[str, Header(description="`application/json` or `text/markdown`.")]
IfMatch = Annotated[
    str | None,
    Header(description='The ETag of the version you read, as `"3"`; `*` for whatever there is.'),
]

_ETAG: Final = {"ETag": {"description": "The version.", "schema": {"type": "string"}}}
_PAGE: Final = "# Hand-off of ticket 01970b5a-6c00-7000-8000-000000000001\n\n- **Priority**: high\n"
_SHOWN: Final[dict[int | str, dict[str, Any]]] = {
    200: {
        "headers": _ETAG,
        "content": {MARKDOWN: {"schema": {"type": "string"}, "example": _PAGE}},
    },
    **refusals(404),
}


def routes(
    writing: Handoffs, engine: AsyncEngine, policy: WorkflowPolicy, clock: Clock
) -> APIRouter:
    """The routes of hand-off documents."""
    router = APIRouter(prefix="/v1/tickets/{ticket_id}/handoff", tags=["hand-off"])

    def document(found: Found) -> Document:
        case, rows = found
        content = rows[0].content if rows else Content()
        return compose(case, content, at=clock.now(), policy=policy)

    @router.get("", response_model=HandoffView, responses=_SHOWN)
    async def show_handoff(
        response: Response,
        ticket_id: UUID,
        _: Reader,
        accept: Accept = "application/json",
        format: Format = None,  # noqa: A002 - the name callers use
    ) -> HandoffView | Response:
        """What whoever takes over must know, with what people wrote; as JSON or as Markdown."""
        async with engine.connect() as tx:
            found = await handoffs.read(tx, ticket_id)
        headers = _headers(found)
        if format == "markdown" or (format is None and wants_markdown(accept)):
            page = markdown(document(found), found[1][0] if found[1] else None)
            return Response(page, media_type=MARKDOWN, headers=headers)
        response.headers.update(headers)
        return HandoffView.of(document(found), found[1])

    @router.put("", responses={200: {"headers": _ETAG}, **refusals(404, 409, 412, 428)})
    async def write_handoff(
        response: Response,
        ticket_id: UUID,
        body: HandoffBody,
        who: Escalator,
        if_match: IfMatch = None,
    ) -> HandoffView:
        """Write what people say in it, all of it anew; every version is kept with who wrote it."""
        versions = matching(if_match)
        found = await writing.write(ticket_id, body.content(), versions=versions, by=who.name)
        response.headers.update(_headers(found))
        return HandoffView.of(document(found), found[1])

    return router


def wants_markdown(accept: str) -> bool:
    """Does an Accept header name Markdown, and nothing it likes better?"""
    liked: dict[str, float] = {}
    for part in accept.lower().split(","):
        media, _, rest = part.partition(";")
        weight = re.search(r"q=([01](?:\.\d{0,3})?)", rest)
        liked[media.strip()] = float(weight[1]) if weight else 1.0
    wish = liked.get(MARKDOWN, 0.0)
    return wish > 0 and wish >= liked.get("application/json", 0.0)


def matching(if_match: str | None) -> Collection[int] | None:
    """The versions an If-Match header allows to be replaced; None: any. Raises DomainError 428."""
    if if_match is None:
        fault = FieldError("header.if-match", "is needed: the ETag of the version you read, or *")
        raise DomainError(428, "Version needed", "Say which version you change.", errors=[fault])
    if if_match.strip() == "*":
        return None
    return {int(number) for number in re.findall(r'"(\d{1,9})"', if_match)}


def _headers(found: Found) -> dict[str, str]:
    _, rows = found
    version = rows[0].version if rows else 0
    return {"ETag": f'"{version}"', "Vary": "Accept", "Cache-Control": "no-store"}
