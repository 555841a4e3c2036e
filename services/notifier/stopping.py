"""The link by which somebody stops their summaries by mail: one click of a mail program (RFC 8058), or a page
with one button that takes it back as well. Looking changes nothing: mail scanners fetch links.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Final
from urllib.parse import parse_qs
from uuid import UUID

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse
from sqlalchemy.ext.asyncio import AsyncEngine

from shared.clock import Clock
from shared.contracts import FollowUp
from shared.db import audit
from shared.db.engine import Transaction
from shared.runtime.writer import Writer

from .domain.parcel import Parcel
from .domain.stopping import is_summary
from .pages import Offer, Pages
from .store import stops

#: What a mail program posts.
_ONE_CLICK: Final = ("List-Unsubscribe", "One-Click")

#: A form of ours has one field.
_MOST_FIELDS: Final = 10

_STOP: Final = "stop"
_BACK: Final = "back"


async def stop_links(
    tx: Transaction, parcels: Sequence[Parcel], now: datetime, mint: Callable[[], str]
) -> dict[UUID, str]:
    """A token for each of `parcels` that can be stopped, by the id of its first notification; remembered."""
    heads = [parcel.head for parcel in parcels if is_summary(parcel)]
    tokens = {head.notification_id: mint() for head in heads}
    whose = {tokens[head.notification_id]: head.recipient_id for head in heads}
    await stops.add(tx, whose, now)
    return tokens


def stop_routes(engine: AsyncEngine, writer: Writer, clock: Clock, pages: Pages) -> APIRouter:
    """`GET` and `POST /u/{token}`."""
    router = APIRouter(tags=["summaries"])

    @router.get("/u/{token}", response_class=HTMLResponse)
    async def show_summaries(token: str) -> HTMLResponse:
        """Say whose summaries the link stops, and whether they are stopped."""
        async with engine.connect() as tx:
            found = await stops.find(tx, token, clock.now())
        return _page(pages, found)

    @router.post("/u/{token}", response_class=HTMLResponse)
    async def stop_summaries(token: str, request: Request) -> HTMLResponse:
        """Stop them, or take that back. A second time changes nothing."""
        stopped = wish_of(await request.body())
        if stopped is None:
            return pages.show(
                "Not understood", "Open the link again and use its button.", status=422
            )

        async def work(
            tx: Transaction, now: datetime
        ) -> tuple[tuple[str, str, bool] | None, list[FollowUp]]:
            found = await stops.find(tx, token, now)
            if found is None:
                return None, []
            recipient_id, name, _ = found
            if await stops.stop(tx, recipient_id, stopped=stopped):
                await _note(tx, recipient_id, stopped=stopped, now=now)
            return (recipient_id, name, stopped), []

        return _page(pages, await writer.write(work))

    return router


def wish_of(form: bytes) -> bool | None:
    """What is posted: True to stop, False to take that back, None for what is neither."""
    name, value = _ONE_CLICK
    if form.startswith(b"--"):  # multipart, which mail programs may use as well
        asked = f'name="{name}"'.encode() in form and value.encode() in form
        return True if asked else None
    try:
        fields = parse_qs(form.decode("ascii"), max_num_fields=_MOST_FIELDS)
    except ValueError:
        return None
    if fields.get(name) == [value] or fields.get("answer") == [_STOP]:
        return True
    return False if fields.get("answer") == [_BACK] else None


def _page(pages: Pages, found: tuple[str, str, bool] | None) -> HTMLResponse:
    if found is None:
        return pages.show(
            "Nothing here",
            "This link is not one of ours, it is older than three months, or it was cut off on its way.",
            status=404,
        )
    recipient_id, name, stopped = found
    if stopped:
        return pages.show(
            "Your summaries are stopped",
            f"{name or recipient_id}, nothing that can wait comes to you by mail any more. Pages,"
            " escalations and whatever is about a critical ticket still do.",
            offers=[Offer(answer=_BACK, button="Send them again")],
        )
    return pages.show(
        "Summaries by mail",
        f"{name or recipient_id}, you get what can wait in summaries by mail. If you stop them, it does"
        " not come by mail at all; pages, escalations and whatever is about a critical ticket still do.",
        offers=[Offer(answer=_STOP, button="Stop these summaries")],
    )


async def _note(tx: Transaction, recipient_id: str, *, stopped: bool, now: datetime) -> None:
    action = "stop_summaries" if stopped else "resume_summaries"
    deed = audit.Deed(principal=f"link:{recipient_id}", action=action, object=recipient_id)
    await audit.record(tx, deed, now)
