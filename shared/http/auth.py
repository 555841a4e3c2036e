"""Who calls: API keys with scopes. No key configured means that nobody gets in (security S14, S15).

Keys are 256 random bits, so a plain SHA-256 is what is stored: a slow hash would only help whoever
wants to keep us busy.
"""

from __future__ import annotations

import hashlib
import hmac
import secrets
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass

from fastapi import Request

from shared.settings import ApiKey

from .problems import DomainError

#: What a caller may be allowed to do, and what `tierline keys new --scope` accepts.
SCOPES = frozenset(
    {
        "tickets:read",
        "tickets:write",
        "contacts:read",
        "contacts:write",
        "roster:read",
        "roster:write",
        "queues:read",
        "assign",
        "sla:read",
        "escalate",
        "recipients:read",
        "recipients:write",
        "notifications:read",
    }
)


@dataclass(frozen=True, slots=True)
class Principal:
    """An authenticated caller."""

    name: str
    scopes: frozenset[str]


def new_key() -> tuple[str, str]:
    """A fresh key and the SHA-256 that is configured for it."""
    key = f"tl_{secrets.token_urlsafe(32)}"
    return key, fingerprint(key)


def fingerprint(key: str) -> str:
    """The SHA-256 of a key, in hex."""
    return hashlib.sha256(key.encode()).hexdigest()


def identify(presented: str | None, keys: Mapping[str, ApiKey]) -> Principal | None:
    """The caller who holds `presented`; every configured key is compared, in constant time."""
    found = None
    digest = fingerprint(presented or "")
    for name, known in keys.items():
        if hmac.compare_digest(digest, known.sha256):
            found = Principal(name, known.scopes)
    return found


def require(scope: str) -> Callable[[Request], Awaitable[Principal]]:
    """A dependency that lets in callers with `scope`: 401 for strangers, 403 for the others."""
    assert scope in SCOPES, scope

    async def authorise(request: Request) -> Principal:
        principal = identify(_presented(request), request.app.state.api_keys)
        if principal is None:
            raise DomainError(
                401,
                "Not authenticated",
                "Send an API key as 'Authorization: Bearer …'; `tierline keys new` makes one.",
                headers={"WWW-Authenticate": "Bearer"},
            )
        if scope not in principal.scopes:
            raise DomainError(403, "Not allowed", f"The key {principal.name!r} lacks {scope!r}.")
        return principal

    return authorise


def _presented(request: Request) -> str | None:
    scheme, _, key = request.headers.get("authorization", "").partition(" ")
    if scheme.lower() == "bearer" and key:
        return key.strip()
    return request.headers.get("x-api-key")
