"""What intake is measured against, as servers of their own: `python -m tests.load.intake_peers KIND`.

`bare`: a FastAPI handler that verifies, decodes and awaits one broker send. It stores nothing.
`usual`: the same triage and the same rows as intake, in one transaction a request, then one broker send a
request, awaited. Both run on the same HTTP server with the same options as intake, and read intake's
environment.
"""

from __future__ import annotations

import asyncio
import hashlib
import os
import sys
from datetime import UTC, datetime

import asyncpg
import msgspec
from aiokafka import AIOKafkaProducer
from fastapi import FastAPI, Request, Response

from services.intake.channels import CHANNELS, Call, Channel, Source
from services.intake.config import IntakeSettings
from services.intake.domain.commands import OpenTicket
from services.intake.domain.decision import Asked
from services.intake.domain.history import CustomerHistory
from services.intake.domain.lifecycle import open_ticket
from services.intake.domain.ticket import opened_ticket
from services.intake.domain.triage import IntakePolicy
from services.intake.languages import Languages
from shared.contracts import TICKETS, Cause, FollowUp, encode, follow_ups_to_events, headers
from shared.ids import derived_id, new_id
from shared.policy import load_workflow
from shared.runtime.http_server import HttpServer
from shared.settings import read

DELIVERY = """
INSERT INTO delivery (source, dedupe_key, body_digest, answer, clock_skew, received_at)
VALUES ('generic', $1, $2, $3, false, $4) ON CONFLICT DO NOTHING
"""
NAME = "INSERT INTO external_ref (source, external_id, ticket_id) VALUES ('generic', $1, $2)"
CUSTOMER = """
INSERT INTO customer (customer_id, tier) VALUES ($1, $2)
ON CONFLICT (customer_id) DO UPDATE SET tier = coalesce(excluded.tier, customer.tier)
"""
PAST = "SELECT count(*) FROM ticket WHERE customer_id = $1 AND opened_at > $2"
TICKET = "INSERT INTO ticket SELECT * FROM json_populate_record(NULL::ticket, $1::json)"
MESSAGE = """
INSERT INTO message (message_id, ticket_id, author_kind, author_id, public, body, at, channel)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8)
"""
EVIDENCE = "INSERT INTO evidence (ticket_id, message_id, at, why) VALUES ($1, $2, $3, $4)"
STREAM = """
INSERT INTO stream AS s (topic, key, sequence) VALUES ($1, $2, 1)
ON CONFLICT (topic, key) DO UPDATE SET sequence = s.sequence + 1
"""
OUTBOX = """
INSERT INTO outbox (event_id, topic, key, value, headers, created_at, published_at)
VALUES ($1, $2, $3, $4, $5, $6, $6)
"""
CONNECTIONS = 16


def channel_of(settings: IntakeSettings) -> Channel:
    """The adapter of the one source."""
    source = settings.intake.sources["generic"]
    secrets = tuple(secret.get_secret_value() for secret in source.secrets)
    return CHANNELS["generic"](Source("generic", secrets))


async def authentic(channel: Channel, request: Request) -> tuple[Call, OpenTicket]:
    """The command of a call that is authentic."""
    call = Call(method="POST", headers=request.headers, raw=await request.body())
    channel.verify(call, datetime.now(UTC))
    [(_, command)] = channel.parse(call.raw).commands
    assert isinstance(command, OpenTicket)
    return call, command


def bare(app: FastAPI, channel: Channel, producer: AIOKafkaProducer) -> None:
    """Verify, decode, send, answer."""

    @app.post("/v1/channels/generic/webhook", status_code=202)
    async def webhook(request: Request) -> Response:
        call, command = await authentic(channel, request)
        ticket_id = new_id()
        await producer.send_and_wait(TICKETS, call.raw, key=str(ticket_id).encode())
        answer = {"ticket_id": ticket_id, "external_id": command.external_id}
        return Response(msgspec.json.encode(answer), 202, media_type="application/json")


def usual(
    app: FastAPI,
    channel: Channel,
    producer: AIOKafkaProducer,
    pool: asyncpg.Pool,
    settings: IntakeSettings,
) -> None:
    """Verify, decode, triage, one transaction, send, answer."""
    policy = IntakePolicy.of(load_workflow(settings.workflow_file), Languages().detect)

    @app.post("/v1/channels/generic/webhook", status_code=202)
    async def webhook(request: Request) -> Response:
        call, command = await authentic(channel, request)
        now, ticket_id = datetime.now(UTC), new_id()
        asked = Asked(new_id(), now, policy, CustomerHistory([]))
        decision = open_ticket(command, command.customer, asked, ticket_id)
        ticket = opened_ticket(decision.facts[0], asked.command_id)
        cause = Cause(id=asked.command_id, correlation_id=asked.command_id)
        [event] = follow_ups_to_events(
            [FollowUp(cause=cause, payload=decision.facts[0].payload, time=now)],
            source="/intake",
            now=now,
        )
        event = msgspec.structs.replace(event, sequence=1)
        key, value = str(ticket_id), encode(event)
        answer = msgspec.json.encode([{"outcome": "accepted", "ticket_id": ticket_id}])
        async with pool.acquire() as tx, tx.transaction():
            digest = hashlib.sha256(call.raw).digest()
            await tx.execute(DELIVERY, call.headers["webhook-id"], digest, answer.decode(), now)
            await tx.execute(NAME, command.external_id, ticket_id)
            await tx.execute(CUSTOMER, command.customer.customer_id, command.customer.tier)
            await tx.fetchval(PAST, command.customer.customer_id, now)
            await tx.execute(TICKET, msgspec.json.encode(ticket).decode())
            for message in decision.messages:
                await tx.execute(
                    MESSAGE, message.message_id, ticket_id, message.author_kind,
                    message.author_id, message.public, message.body, message.at, message.channel,
                )  # fmt: skip
            why = msgspec.json.encode(decision.evidence).decode()
            await tx.execute(EVIDENCE, ticket_id, derived_id(ticket_id, "message"), now, why)
            await tx.execute(STREAM, TICKETS, key)
            told = msgspec.json.encode(headers(event)).decode()
            await tx.execute(OUTBOX, event.id, TICKETS, key, value, told, now)
        await producer.send_and_wait(TICKETS, value, key=key.encode())
        return Response(answer, 202, media_type="application/json")


async def serve(kind: str) -> None:
    """Serve until killed."""
    settings = read(IntakeSettings)
    producer = AIOKafkaProducer(
        bootstrap_servers=settings.kafka.bootstrap_servers,
        acks="all",
        compression_type=None
        if settings.kafka.compression == "none"
        else settings.kafka.compression,
    )
    await producer.start()
    app, channel = FastAPI(), channel_of(settings)
    if kind == "bare":
        bare(app, channel, producer)
    else:
        url = settings.database.url.get_secret_value()
        pool = await asyncpg.create_pool(
            url, min_size=CONNECTIONS, max_size=CONNECTIONS,
            server_settings={"search_path": "intake"},
        )  # fmt: skip
        usual(app, channel, producer, pool, settings)
    await HttpServer(app, settings.http).run()


if __name__ == "__main__":
    os.environ.setdefault("PYTHONUNBUFFERED", "1")
    asyncio.run(serve(sys.argv[1]))
