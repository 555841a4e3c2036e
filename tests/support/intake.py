"""Intake under test: built by its own composition root, called over ASGI, read in its own tables."""

from __future__ import annotations

import base64
import json
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from datetime import datetime
from typing import Any, Final
from uuid import UUID, uuid4

import httpx2
from pydantic import SecretStr
from standardwebhooks import Webhook

from services.intake.config import IntakeSection, IntakeSettings, SourceSettings
from services.intake.main import build
from shared.clock import FakeClock
from shared.contracts import Event, Payload, decode
from shared.db import outbox
from shared.db.engine import fetch
from shared.http.auth import fingerprint
from shared.kafka.memory import MemoryBroker
from shared.runtime.service import Service
from shared.settings import ApiKey, DatabaseSettings

SECRET: Final = "whsec_" + base64.b64encode(b"first secret, 32 bytes of it ...").decode()
NEXT_SECRET: Final = "whsec_" + base64.b64encode(b"second secret, 32 bytes of it ..").decode()
KEY: Final = "tl_test"

SCOPES: Final = frozenset(
    f"{what}:{right}" for what in ("articles", "contacts", "tickets") for right in ("read", "write")
)


def settings(
    database_url: str, *, secrets: Sequence[str] = (SECRET, NEXT_SECRET)
) -> IntakeSettings:
    """Intake's settings with one source, `generic`, and one caller, `tester`."""
    source = SourceSettings(secrets=tuple(SecretStr(secret) for secret in secrets))
    return IntakeSettings(
        database=DatabaseSettings(url=SecretStr(database_url)),
        intake=IntakeSection(sources={"generic": source}),
        api_keys={"tester": ApiKey(sha256=fingerprint(KEY), scopes=SCOPES)},
    )


def signed(raw: bytes, at: datetime, *, message_id: str, secret: str = SECRET) -> dict[str, str]:
    """The headers of a webhook with the body `raw`, signed by the standard's own library."""
    return {
        "webhook-id": message_id,
        "webhook-timestamp": str(int(at.timestamp())),
        "webhook-signature": Webhook(secret).sign(message_id, at, raw.decode()),
        "content-type": "application/json",
    }


def an_open(external_id: str = "4711", **fields: Any) -> dict[str, Any]:
    """A `ticket.open` of the generic webhook."""
    return {
        "type": "ticket.open",
        "external_id": external_id,
        "customer": {"id": "customer-1", "tier": "professional"},
        "subject": "The export fails",
        "body": "Since this morning the export stops half way.",
        "category": "technical",
        "impact": "medium",
        "urgency": "medium",
        **fields,
    }


def a_message(external_id: str = "4711", kind: str = "customer", **fields: Any) -> dict[str, Any]:
    """A `ticket.message` of the generic webhook."""
    return {
        "type": "ticket.message",
        "external_id": external_id,
        "author": {"kind": kind, "id": f"{kind}-1"},
        "body": "Any news?",
        **fields,
    }


def a_status(status: str, external_id: str = "4711", **fields: Any) -> dict[str, Any]:
    """A `ticket.status` of the generic webhook."""
    return {"type": "ticket.status", "external_id": external_id, "status": status, **fields}


class IntakeUnderTest:
    """One intake, without relay and workers: what it said stands in its outbox."""

    def __init__(self, service: Service, client: httpx2.AsyncClient, clock: FakeClock) -> None:
        self.service = service
        self.client = client
        self.clock = clock

    async def webhook(
        self,
        body: object,
        *,
        message_id: str | None = None,
        source: str = "generic",
        signed_at: datetime | None = None,
        secret: str = SECRET,
        headers: Mapping[str, str] | None = None,
    ) -> httpx2.Response:
        """Send `body` (bytes as they are, anything else as JSON), rightly signed unless said otherwise."""
        raw = body if isinstance(body, bytes) else json.dumps(body).encode()
        proof = signed(
            raw,
            signed_at or self.clock.now(),
            message_id=message_id or str(uuid4()),
            secret=secret,
        )
        return await self.client.post(
            f"/v1/channels/{source}/webhook", content=raw, headers={**proof, **(headers or {})}
        )

    async def post(self, path: str, body: object, *, key: str | None = None) -> httpx2.Response:
        """Call our own API as `tester`."""
        headers = {"authorization": f"Bearer {KEY}"}
        if key is not None:
            headers["idempotency-key"] = key
        return await self.client.post(path, json=body, headers=headers)

    async def get(self, path: str) -> httpx2.Response:
        """Read from our own API as `tester`."""
        return await self.client.get(path, headers={"authorization": f"Bearer {KEY}"})

    async def put(self, path: str, body: object) -> httpx2.Response:
        """Write to our own API as `tester`."""
        headers = {"authorization": f"Bearer {KEY}"}
        return await self.client.put(path, json=body, headers=headers)

    async def events(self, ticket_id: str | UUID) -> list[Event]:
        """Everything intake has said about a ticket."""
        async with self.service.engine.connect() as tx:
            return [decode(document) for document in await outbox.story(tx, str(ticket_id))]

    async def said(self, ticket_id: str | UUID) -> list[Payload]:
        """The payloads of everything intake has said about a ticket."""
        return [event.payload for event in await self.events(ticket_id)]

    async def names(self, ticket_id: str | UUID) -> list[str]:
        """The types of everything intake has said about a ticket, without prefix and version."""
        return [event.type.split(".")[2] for event in await self.events(ticket_id)]

    async def rows(self, statement: str) -> list[tuple[Any, ...]]:
        """What a SELECT finds in intake's schema."""
        async with self.service.engine.connect() as tx:
            return list(await fetch(tx, statement))

    async def count(self, table: str) -> int:
        """How many rows a table of intake has."""
        [(number,)] = await self.rows(f"SELECT count(*) FROM {table}")
        return int(number)


@asynccontextmanager
async def intake_under_test(
    configured: IntakeSettings, clock: FakeClock
) -> AsyncIterator[IntakeUnderTest]:
    """Intake on a database, with a client that calls it."""
    service = build(configured, clock=clock, kafka=MemoryBroker(clock))
    transport = httpx2.ASGITransport(app=service.app, raise_app_exceptions=False)
    async with httpx2.AsyncClient(transport=transport, base_url="http://intake") as client:
        yield IntakeUnderTest(service, client, clock)
    await service.engine.dispose()
