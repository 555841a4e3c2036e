"""`/v1/feed`: a recipient's messages as server-sent events, and the tokens that open a feed."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator
from contextlib import aclosing
from datetime import datetime
from typing import Annotated, Any, Final

import msgspec
from fastapi import APIRouter, Depends, Header, Query
from fastapi.responses import StreamingResponse
from pydantic import BaseModel, Field, StringConstraints
from sqlalchemy.ext.asyncio import AsyncEngine

from services.notifier.answering import Answering
from services.notifier.domain.answers import SNOOZES
from services.notifier.domain.recipient import Recipient
from services.notifier.store import recipients
from shared.contracts import FollowUp
from shared.db import audit
from shared.db.engine import Transaction
from shared.http.auth import Principal, require
from shared.http.document import refusals
from shared.http.problems import DomainError, FieldError
from shared.policy.problems import nearest
from shared.runtime.writer import Writer

from . import store
from .access import Access, Reader, new_token
from .hub import Follower, FullError, Hub
from .items import Item

#: Whoever has this channel is laid messages into their feed.
CHANNEL: Final = "feed"

#: A comment goes out after so much silence, so that whatever lies between keeps the connection.
HEARTBEAT_SECONDS: Final = 15.0

#: A browser that lost the connection comes back after so long.
_RETRY_MS: Final = 3000

_HEADERS: Final = {"cache-control": "no-store", "x-accel-buffering": "no"}

Name = Annotated[str, StringConstraints(min_length=1, max_length=100, pattern=r"^[^\x00-\x1f]+$")]
Seen = Annotated[
    str | None,
    Header(pattern=r"^[0-9]{1,18}$", description="The id of the last message you have."),
]
Whose = Annotated[
    Name | None, Query(description="Whose feed, for an API key; a feed's token says it itself.")
]

_STREAM: Final[dict[int | str, dict[str, Any]]] = {
    200: {
        "content": {
            "text/event-stream": {
                "schema": {"type": "string"},
                "example": 'id: 42\nevent: message\ndata: {"subject": "#1A2B3C4D for specialists"}\n\n',
            }
        }
    },
    **refusals(401, 403, 404, 422, 503),
}


class TokenAnswer(BaseModel):
    """A token that opens one feed. It is shown once; its hash is kept."""

    token: str = Field(examples=["feed_Zm9yIHlvdXIgZXllcyBvbmx5"])


def feed_routes(
    engine: AsyncEngine,
    writer: Writer,
    hub: Hub,
    answering: Answering,
    *,
    heartbeat_seconds: float = HEARTBEAT_SECONDS,
) -> APIRouter:
    """The routes of feeds; a comment goes out after `heartbeat_seconds` of silence."""
    router = APIRouter(tags=["feed"])
    reader = Depends(Access(engine, "feed:read"))

    @router.get("/v1/feed", response_class=StreamingResponse, responses=_STREAM)
    async def follow_feed(
        who: Reader = reader, recipient: Whose = None, last_event_id: Seen = None
    ) -> StreamingResponse:
        """Follow a feed: first what is there, the newest 50 at most, then what comes, as it comes.

        Every message is an event `message` whose id brings you back to it with `Last-Event-ID`. The first
        event, `welcome`, says whose feed it is, how many messages come with it, and which answers take a
        choice. A comment comes every 15 s.
        """
        owner = await _owner(engine, who, recipient)
        seen = int(last_event_id) if last_event_id else None
        stream = _events(hub, owner, seen, answering, heartbeat_seconds)
        # what refuses has to do so before the answer begins
        first = await anext(stream)
        return StreamingResponse(
            _after(first, stream), media_type="text/event-stream", headers=_HEADERS
        )

    _add_tokens(router, writer)
    return router


def _add_tokens(router: APIRouter, writer: Writer) -> None:
    manager = Depends(require("recipients:write"))
    path = "/v1/recipients/{recipient_id}/feed-tokens"

    @router.post(path, status_code=201, responses=refusals(404))
    async def create_feed_token(recipient_id: Name, principal: Principal = manager) -> TokenAnswer:
        """Make a token that opens this recipient's feed, and answers their messages as them."""
        token = new_token()

        async def work(tx: Transaction, now: datetime) -> tuple[bool, list[FollowUp]]:
            if not await recipients.find(tx, [recipient_id]):
                return False, []
            await store.add_token(tx, token, recipient_id, now)
            await audit.record(tx, _deed(principal, "create_feed_token", recipient_id), now)
            return True, []

        if not await writer.write(work):
            raise _absent(recipient_id)
        return TokenAnswer(token=token)

    @router.delete(path, status_code=204)
    async def revoke_feed_tokens(recipient_id: Name, principal: Principal = manager) -> None:
        """No token opens this recipient's feed any more."""

        async def work(tx: Transaction, now: datetime) -> tuple[None, list[FollowUp]]:
            await store.revoke(tx, recipient_id)
            await audit.record(tx, _deed(principal, "revoke_feed_tokens", recipient_id), now)
            return None, []

        await writer.write(work)


async def _owner(engine: AsyncEngine, who: Reader, recipient: str | None) -> Recipient:
    """Whose feed is meant. Raises DomainError."""
    owner = recipient or who.recipient_id
    if owner is None:
        fault = FieldError("query.recipient", "is needed with an API key")
        raise DomainError(422, "Invalid request", "Say whose feed.", errors=[fault])
    if not who.may_act_for(owner):
        raise DomainError(403, "Not allowed", "This token opens another feed.")
    async with engine.connect() as tx:
        found = (await recipients.find(tx, [owner])).get(owner)
        if found is None:
            known = [person.recipient_id for person in await recipients.everyone(tx)]
            raise _absent(owner, nearest(owner, known))
    return found


async def _events(
    hub: Hub, owner: Recipient, seen: int | None, answering: Answering, heartbeat_seconds: float
) -> AsyncGenerator[str, None]:
    """The stream. Raises DomainError before its first event if there is no room."""
    try:
        async with hub.follow(owner.recipient_id, seen) as (items, follower):
            welcome = _welcome(owner, answering, messages=len(items))
            yield welcome + "".join(map(event_of, items))
            async for event in _coming(follower, heartbeat_seconds):
                yield event
    except FullError as error:
        raise DomainError(
            503, "Too busy", "Too many follow a feed here.", headers={"Retry-After": "5"}
        ) from error


async def _coming(follower: Follower, heartbeat_seconds: float) -> AsyncGenerator[str, None]:
    while True:
        try:
            item = await asyncio.wait_for(follower.next(), heartbeat_seconds)
        except TimeoutError:
            yield ": still here\n\n"
            continue
        if item is None:
            return
        yield event_of(item)


async def _after(first: str, stream: AsyncGenerator[str, None]) -> AsyncGenerator[str, None]:
    async with aclosing(stream):
        yield first
        async for event in stream:
            yield event


def event_of(item: Item) -> str:
    """One message as a server-sent event. JSON has no line breaks of its own, so nothing can break out."""
    return f"id: {item.seq}\nevent: message\ndata: {msgspec.json.encode(item).decode()}\n\n"


def _welcome(owner: Recipient, answering: Answering, *, messages: int) -> str:
    said = {
        "recipient_id": owner.recipient_id,
        "has_channel": CHANNEL in owner.channels,
        "messages": messages,
        "snooze_minutes": [int(length.total_seconds()) // 60 for length in SNOOZES],
        "reasons": sorted(answering.reasons),
    }
    return f"retry: {_RETRY_MS}\nevent: welcome\ndata: {msgspec.json.encode(said).decode()}\n\n"


def _deed(principal: Principal, action: str, what: str) -> audit.Deed:
    return audit.Deed(principal=principal.name, action=action, object=what)


def _absent(recipient_id: str, near: str | None = None) -> DomainError:
    meant = f" Did you mean {near!r}?" if near else ""
    return DomainError(404, "Not found", f"No recipient {recipient_id!r}.{meant}")
