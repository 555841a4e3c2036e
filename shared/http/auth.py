"""Who calls: API keys with scopes. No key configured means that nobody gets in (security S14, S15).

Keys are 256 random bits, so a plain SHA-256 is what is stored: a slow hash would only help whoever
wants to keep us busy. They come from the settings (`TIERLINE_API_KEYS`) and from the key store, which is
read again when it has changed.
"""

from __future__ import annotations

import hashlib
import hmac
import logging
import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Final, Self

import limits
from fastapi import Request

from shared.clock import Clock
from shared.settings import ApiKey, ServiceSettings

from . import keystore
from .keystore import Store, StoreError
from .problems import DomainError
from .rates import Rates

log = logging.getLogger(__name__)

#: The key store is looked at so often, at most.
LOOK_EVERY: Final = timedelta(seconds=1)

#: What a caller may be allowed to do, and what `tierline keys create --scope` accepts.
SCOPES = frozenset(
    {
        "articles:read",
        "articles:write",
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
        "notifications:answer",
        "feed:read",
        "subscriptions:read",
        "subscriptions:write",
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


class Keyring:
    """Every key that lets somebody in. Raises StoreError for a key store it cannot begin with."""

    def __init__(
        self,
        fixed: Mapping[str, ApiKey],
        *,
        clock: Clock,
        store: Path | None = None,
        rate: str | None = None,
    ) -> None:
        self._fixed = dict(fixed)
        self._clock = clock
        self._path = store
        self._stored: Store = keystore.read(store) if store else {}
        self._seen = _version(store)
        self._looked_at = clock.now()
        self._rate = limits.parse(rate) if rate else None
        self._rates = Rates(clock)

    @classmethod
    def of(cls, settings: ServiceSettings, clock: Clock) -> Self:
        """The keys that a service is told of."""
        return cls(
            settings.api_keys, clock=clock, store=settings.key_store, rate=settings.http.rate
        )

    def identify(self, presented: str | None) -> Principal | None:
        """The caller who holds `presented`; every key is compared, in constant time."""
        now = self._clock.now()
        self._look(now)
        found = None
        digest = fingerprint(presented or "")
        for name, key in self._fixed.items():
            if hmac.compare_digest(digest, key.sha256):
                found = Principal(name, key.scopes)
        for name, keys in self._stored.items():
            for stored in keys:
                if hmac.compare_digest(digest, stored.sha256) and stored.in_force(now):
                    found = Principal(name, frozenset(stored.scopes))
        return found

    async def refused(self, principal: Principal) -> Mapping[str, str] | None:
        """The headers that refuse a caller who calls too often; None lets the call through."""
        return await self._rates.refused(self._rate, principal.name) if self._rate else None

    def _look(self, now: datetime) -> None:
        """Read the store again if it has changed; one that cannot be read leaves what was known."""
        if self._path is None or now - self._looked_at < LOOK_EVERY:
            return
        self._looked_at = now
        version = _version(self._path)
        if version == self._seen:
            return
        self._seen = version
        try:
            self._stored = keystore.read(self._path)
        except StoreError as error:
            log.error(
                "The key store is not read again: %s", error, extra={"action": "key_store_kept"}
            )


def _version(path: Path | None) -> tuple[int, int, int] | None:
    """What changes whenever the file is replaced or written; None where there is none."""
    try:
        status = path.stat() if path else None
    except OSError:
        return None
    return (status.st_ino, status.st_mtime_ns, status.st_size) if status else None


@dataclass(frozen=True, slots=True)
class Required:
    """Lets in callers with `scope`: 401 for strangers, 403 for the others, 429 for who calls too often."""

    scope: str

    async def __call__(self, request: Request) -> Principal:
        """The caller. Raises DomainError."""
        keyring: Keyring = request.app.state.api_keys
        principal = keyring.identify(_presented(request))
        if principal is None:
            raise DomainError(
                401,
                "Not authenticated",
                "Send an API key as 'Authorization: Bearer …'; `tierline keys create` makes one.",
                headers={"WWW-Authenticate": "Bearer"},
            )
        name = principal.name
        if self.scope not in principal.scopes:
            raise DomainError(403, "Not allowed", f"The key {name!r} lacks {self.scope!r}.")
        if headers := await keyring.refused(principal):
            detail = f"The key {name!r} calls too often."
            raise DomainError(429, "Too many calls", detail, headers=headers)
        return principal


def require(scope: str) -> Required:
    """A dependency that lets in callers with `scope`."""
    assert scope in SCOPES, scope
    return Required(scope)


def _presented(request: Request) -> str | None:
    scheme, _, key = request.headers.get("authorization", "").partition(" ")
    if scheme.lower() == "bearer" and key:
        return key.strip()
    return request.headers.get("x-api-key")
