"""`/v1/recipients`: the directory of who can be told. Every change is in the audit log."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from typing import Annotated

from fastapi import APIRouter, Depends
from pydantic import BaseModel
from sqlalchemy.ext.asyncio import AsyncEngine

from shared.http.auth import Principal, require
from shared.http.document import refusals
from shared.http.problems import DomainError, FieldError

from .domain.recipient import Away
from .people_book import PeopleBook, unknown_recipient
from .recipient_models import (
    AbsenceBody,
    MuteBody,
    Name,
    RecipientAnswer,
    RecipientBody,
    RecipientsBody,
)
from .store import recipients

Reader = Annotated[Principal, Depends(require("recipients:read"))]
Keeper = Annotated[Principal, Depends(require("recipients:write"))]


class Counted(BaseModel):
    """How many were written."""

    count: int


def recipient_routes(engine: AsyncEngine, book: PeopleBook) -> APIRouter:
    """Reading and writing `/v1/recipients`."""
    router = APIRouter(prefix="/v1/recipients", tags=["recipients"])
    _add_reading(router, engine)
    _add_writing(router, book)
    _add_absences(router, book)
    _add_summaries(router, book)
    return router


def _add_reading(router: APIRouter, engine: AsyncEngine) -> None:
    @router.get("")
    async def list_recipients(who: Reader) -> list[RecipientAnswer]:
        """Everyone who can be told, in id order."""
        async with engine.connect() as tx:
            known = await recipients.everyone(tx)
        return [RecipientAnswer.of(one, secrets=_may_write(who)) for one in known]

    @router.get("/{recipient_id}", responses=refusals(404))
    async def get_recipient(recipient_id: Name, who: Reader) -> RecipientAnswer:
        """One recipient; 404 when there is none of that id."""
        async with engine.connect() as tx:
            known = {one.recipient_id: one for one in await recipients.everyone(tx)}
        if recipient_id not in known:
            raise unknown_recipient(recipient_id, known)
        return RecipientAnswer.of(known[recipient_id], secrets=_may_write(who))


def _add_writing(router: APIRouter, book: PeopleBook) -> None:
    @router.put("")
    async def put_recipients(body: RecipientsBody, who: Keeper) -> Counted:
        """Add or replace many recipients in one transaction; others stay as they are."""
        given = {named.recipient_id: named for named in body.recipients}
        await book.put(who, given, path="body.recipients.{n}")
        return Counted(count=len(given))

    @router.put("/{recipient_id}")
    async def put_recipient(
        recipient_id: Name, body: RecipientBody, who: Keeper
    ) -> RecipientAnswer:
        """Add or replace one recipient."""
        (put,) = await book.put(who, {recipient_id: body}, path="body")
        return RecipientAnswer.of(put, secrets=True)

    @router.delete("/{recipient_id}", status_code=204, responses=refusals(404))
    async def delete_recipient(recipient_id: Name, who: Keeper) -> None:
        """Forget a recipient. What is still to be sent to them is given up; 404 when unknown."""
        await book.forget(who, recipient_id)


def _add_absences(router: APIRouter, book: PeopleBook) -> None:
    @router.put("/{recipient_id}/absence", responses=refusals(404))
    async def put_absence(recipient_id: Name, body: AbsenceBody, who: Keeper) -> RecipientAnswer:
        """Somebody is out of office; what they would be told is told to their delegate."""
        changed = await book.change(
            who, recipient_id, "put_absence", lambda one, now: replace(one, away=_away(body, now))
        )
        return RecipientAnswer.of(changed, secrets=True)

    @router.delete("/{recipient_id}/absence", status_code=204, responses=refusals(404))
    async def delete_absence(recipient_id: Name, who: Keeper) -> None:
        """Somebody is back, or does not leave after all."""
        await book.change(
            who, recipient_id, "delete_absence", lambda one, _: replace(one, away=None)
        )

    @router.put("/{recipient_id}/mute", responses=refusals(404))
    async def put_mute(recipient_id: Name, body: MuteBody, who: Keeper) -> RecipientAnswer:
        """Somebody is told nothing before an instant, and nobody instead of them."""
        changed = await book.change(
            who, recipient_id, "mute", lambda one, _: replace(one, muted_until=body.until)
        )
        return RecipientAnswer.of(changed, secrets=True)

    @router.delete("/{recipient_id}/mute", status_code=204, responses=refusals(404))
    async def delete_mute(recipient_id: Name, who: Keeper) -> None:
        """Somebody is told again."""
        await book.change(
            who, recipient_id, "unmute", lambda one, _: replace(one, muted_until=None)
        )


def _add_summaries(router: APIRouter, book: PeopleBook) -> None:
    @router.put("/{recipient_id}/no-digests", responses=refusals(404))
    async def stop_digests(recipient_id: Name, who: Keeper) -> RecipientAnswer:
        """Somebody gets no bundles and digests by mail any more."""
        changed = await book.change(
            who, recipient_id, "stop_summaries", lambda one, _: replace(one, no_digests=True)
        )
        return RecipientAnswer.of(changed, secrets=True)

    @router.delete("/{recipient_id}/no-digests", status_code=204, responses=refusals(404))
    async def resume_digests(recipient_id: Name, who: Keeper) -> None:
        """Somebody gets bundles and digests by mail again."""
        await book.change(
            who, recipient_id, "resume_summaries", lambda one, _: replace(one, no_digests=False)
        )


def _away(body: AbsenceBody, now: datetime) -> Away:
    away = body.away(now)
    if away.until <= now:
        fault = FieldError("body.until", "lies in the past")
        raise DomainError(422, "Invalid request", "That absence is over.", errors=[fault])
    return away


def _may_write(who: Principal) -> bool:
    return "recipients:write" in who.scopes
