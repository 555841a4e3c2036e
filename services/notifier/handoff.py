"""The hand-off page behind a message's link: what whoever takes over must know, with the answers below it.

The document itself is the escalator's; without leave to ask it, the page shows what the message said.
"""

from __future__ import annotations

import logging
from uuid import UUID

from fastapi import APIRouter
from fastapi.responses import HTMLResponse

from shared.contracts.vocabulary import Answer
from shared.http.egress import Egress, EgressError

from .acknowledging import useless
from .answering import Answering, ByToken
from .domain.answers import Standing
from .linked import facts_of, offers_of
from .pages import Pages

log = logging.getLogger(__name__)


class Documents:
    """A client of the escalator's `GET /v1/tickets/{id}/handoff`."""

    def __init__(self, egress: Egress, *, url: str, key: str, timeout_seconds: float = 3.0) -> None:
        self._egress = egress
        self._url = url.rstrip("/")
        self._key = key
        self._timeout_seconds = timeout_seconds

    async def of(self, ticket_id: UUID) -> str | None:
        """The document as Markdown; None when the escalator does not give it: the page goes without."""
        try:
            reply = await self._egress.get(
                f"{self._url}/v1/tickets/{ticket_id}/handoff?format=markdown",
                headers={"authorization": f"Bearer {self._key}"},
                timeout_seconds=self._timeout_seconds,
            )
            if reply.status == 200:
                return reply.body.decode()
            why = f"http {reply.status}"
        except (EgressError, UnicodeDecodeError) as error:
            why = type(error).__name__
        log.warning(
            "A hand-off page goes without its document: %s",
            why,
            extra={"action": "handoff_not_shown", "ticket_id": ticket_id},
        )
        return None


def handoff_routes(answering: Answering, pages: Pages, documents: Documents | None) -> APIRouter:
    """`GET /a/{token}/handoff`. The answers are posted to the message's own page."""
    router = APIRouter(tags=["answers"])

    @router.get("/a/{token}/handoff", response_class=HTMLResponse)
    async def show_handoff(token: str) -> HTMLResponse:
        """Show what is handed over. Changes nothing: mail scanners fetch links."""
        link = await answering.look(ByToken(token))
        found = answering.standing(link, Answer.ACKNOWLEDGE)
        if link is None or found in {Standing.UNKNOWN, Standing.EXPIRED, Standing.OVER}:
            return useless(pages, link, found)
        document = await documents.of(link.ticket.ticket_id) if documents else None
        escalation = link.ticket.escalation
        return pages.show(
            f"Hand-off of {link.ticket.reference}",
            escalation.summary or "" if escalation else "",
            facts=facts_of(link),
            offers=offers_of(link, answering),
            document=document,
            action=f"../{token}",
        )

    return router
