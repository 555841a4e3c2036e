"""Who may read a feed and answer its messages: whoever holds its token, or an API key with the scope."""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from typing import Final

from fastapi import Request
from sqlalchemy.ext.asyncio import AsyncEngine

from shared.http.auth import Required, require
from shared.http.problems import DomainError

from . import store

#: What tells a feed's token from an API key.
PREFIX: Final = "feed_"


@dataclass(frozen=True, slots=True)
class Reader:
    """Who calls. `recipient_id`: whose feed their token opens; None for an API key, which opens all."""

    recipient_id: str | None

    def may_act_for(self, recipient_id: str) -> bool:
        """Whether they may read and answer what was sent to that recipient."""
        return self.recipient_id in (None, recipient_id)


class Access:
    """A dependency that lets in a feed's token, or a key with `scope`: 401 and 403 for the others."""

    def __init__(self, engine: AsyncEngine, scope: str) -> None:
        self._engine = engine
        self._key: Required = require(scope)

    async def __call__(self, request: Request) -> Reader:
        """Who calls. Raises DomainError."""
        token = _bearer(request)
        if not token.startswith(PREFIX):
            await self._key(request)
            return Reader(None)
        async with self._engine.connect() as tx:
            owner = await store.owner(tx, token)
        if owner is None:
            raise DomainError(
                401,
                "Not authenticated",
                "Nobody's feed has this token.",
                headers={"WWW-Authenticate": "Bearer"},
            )
        return Reader(owner)


def new_token() -> str:
    """A token for a feed: 256 random bits."""
    return PREFIX + secrets.token_urlsafe(32)


def _bearer(request: Request) -> str:
    scheme, _, token = request.headers.get("authorization", "").partition(" ")
    return token.strip() if scheme.lower() == "bearer" else ""
