"""Acknowledgement links: GET shows what it is about, POST takes responsibility, once (D7, L4)."""

from __future__ import annotations

from datetime import datetime
from enum import Enum, auto

from fastapi import APIRouter
from fastapi.responses import HTMLResponse
from sqlalchemy.ext.asyncio import AsyncEngine

from shared.clock import Clock
from shared.contracts import FollowUp, NotificationAcknowledged
from shared.db.engine import Transaction
from shared.ids import derived_id
from shared.runtime.writer import Writer

from .domain.delivery import facts_about
from .domain.templates import clean_line
from .domain.wording import at_clock
from .metrics import NotifierMetrics
from .pages import Pages
from .store import links
from .store.links import Link


class Standing(Enum):
    """What a link is good for at this moment."""

    UNKNOWN = auto()
    EXPIRED = auto()
    DONE = auto()
    OVER = auto()
    OPEN = auto()


def standing(link: Link | None, now: datetime) -> Standing:
    """An acknowledged page stays acknowledged; an escalation that is over needs nobody any more."""
    if link is None:
        return Standing.UNKNOWN
    if link.acknowledged_at is not None:
        return Standing.DONE
    if now >= link.expires_at:
        return Standing.EXPIRED
    escalation = link.ticket.escalation
    if escalation is None or escalation.escalation_id != link.notification.about.escalation_id:
        return Standing.OVER
    return Standing.OPEN


def routes(
    engine: AsyncEngine, writer: Writer, clock: Clock, metrics: NotifierMetrics, pages: Pages
) -> APIRouter:
    """`GET` and `POST /a/{token}`. The token is the authority; nothing else is asked."""
    router = APIRouter(tags=["acknowledgement"])

    @router.get("/a/{token}", response_class=HTMLResponse)
    async def show_acknowledgement(token: str) -> HTMLResponse:
        """Show what the link is about. Changes nothing: mail scanners fetch links."""
        async with engine.connect() as tx:
            link = await links.find(tx, token)
        return _page(pages, link, standing(link, clock.now()))

    @router.post("/a/{token}", response_class=HTMLResponse)
    async def acknowledge(token: str) -> HTMLResponse:
        """Take responsibility. A second time says so and changes nothing."""

        async def work(
            tx: Transaction, now: datetime
        ) -> tuple[tuple[Link | None, Standing], list[FollowUp]]:
            link = await links.find(tx, token, lock=True)
            found = standing(link, now)
            if link is None or found is not Standing.OPEN:
                return (link, found), []
            await links.acknowledge(tx, token, link, now)
            return (link, found), [_acknowledged(link)]

        link, found = await writer.write(work)
        if link is None or found is not Standing.OPEN:
            return _page(pages, link, found)
        metrics.acknowledged.one.inc()
        return pages.show(
            "You have it",
            f"Thank you, {clean_line(link.recipient_name, limit=80)}. "
            "Everybody who would have been paged next is spared.",
            facts=_facts(link),
        )

    return router


def _acknowledged(link: Link) -> FollowUp:
    notification = link.notification
    return FollowUp(
        cause=notification.cause,
        payload=NotificationAcknowledged(**facts_about(notification), via="link"),
        id=derived_id(notification.notification_id, "notification.acknowledged"),
    )


def _page(pages: Pages, link: Link | None, found: Standing) -> HTMLResponse:
    match found:
        case Standing.UNKNOWN:
            return pages.show(
                "Nothing here",
                "This link is not one of ours, or it was cut off on its way to you.",
                status=404,
            )
        case Standing.EXPIRED:
            return pages.show(
                "This link has expired", "Look for a newer message about the ticket.", status=410
            )
        case Standing.DONE:
            return pages.show(
                "Already acknowledged",
                "This page was acknowledged before. There is nothing more to do here.",
                facts=_facts(link),
            )
        case Standing.OVER:
            return pages.show(
                "This escalation is over",
                "Nobody has to take it any more.",
                status=410,
                facts=_facts(link),
            )
        case Standing.OPEN:
            assert link is not None
            return pages.show(
                f"{link.ticket.reference} needs somebody",
                f"{clean_line(link.recipient_name, limit=80)}, do you take responsibility?",
                facts=_facts(link),
                button="Yes, I take it",
            )


def _facts(link: Link | None) -> dict[str, str | None]:
    """What the page says about the ticket: nothing that its message did not say."""
    if link is None:
        return {}
    fields = link.notification.fields
    held = link.ticket.escalation
    return {
        "Ticket": link.ticket.reference,
        "Subject": clean_line(link.subject_line) or None,
        "Priority": clean_line(fields.get("priority")),
        "Level": clean_line(fields.get("level_title")),
        "Because": clean_line(fields.get("reason")),
        "Take it by": clean_line(fields.get("acknowledge_by")),
        "Taken by": held.acknowledged_by if held else None,
        "Acknowledged": at_clock(link.acknowledged_at) if link.acknowledged_at else None,
    }
