"""SIGTERM under load: what is in hand is finished, nothing new is taken, and the exit status is 0."""

from __future__ import annotations

import asyncio
import contextlib
import json
import re
import signal
import time
from datetime import UTC, datetime
from uuid import uuid4

import httpx2
import pytest
from standardwebhooks import Webhook

from services.installation import PORTS
from tests.support.load import under_load
from tests.support.running import Running, until

pytestmark = pytest.mark.asyncio(loop_scope="package")

#: Within this many seconds a service told to stop has ended by itself.
STOP_SECONDS = 25.0

_ENDED = re.compile(r"(\w+) ended with status (-?\d+)")


async def test_services_told_to_stop_finish_what_they_have_and_end_well(tierline: Running) -> None:
    told_before = len(tierline.told)
    async with under_load(tierline, "stopping") as load:
        await load.more(6)
        request = await half_sent(tierline, "in-hand")
        began = time.monotonic()
        for member in tierline.installation.fleet.members.values():
            member.kill(signal.SIGTERM)
        await until(lambda: is_red(tierline.url("intake")), "intake takes nothing new", seconds=10)
        answer = await request.finish()
        await until(lambda: len(endings(tierline, told_before)) == len(PORTS), "all have ended")
        seconds = time.monotonic() - began
        await tierline.installation.fleet.ready()
        await load.more(6)

    assert "202" in answer
    assert dict.fromkeys(PORTS, 0) == endings(tierline, told_before)
    assert seconds < STOP_SECONDS
    account = await tierline.settled()
    assert ([], []) == (account.lost, account.duplicated)


def endings(tierline: Running, since: int) -> dict[str, int]:
    """The exit status of every service that has ended, as the fleet saw it."""
    found = _ENDED.findall("\n".join(tierline.told[since:]))
    return {name: int(status) for name, status in found}


async def is_red(url: str) -> bool:
    """Whether a load balancer would send nobody there."""
    async with httpx2.AsyncClient(trust_env=False, timeout=2.0) as client:
        with contextlib.suppress(httpx2.TransportError):
            return not (await client.get(f"{url}/readyz")).is_success
    return True


class HalfSent:
    """A request whose second half is still to come."""

    def __init__(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, rest: bytes
    ) -> None:
        self._reader = reader
        self._writer = writer
        self._rest = rest

    async def finish(self) -> str:
        """Send the rest; the answer's first line."""
        self._writer.write(self._rest)
        async with asyncio.timeout(10):
            line = await self._reader.readline()
        self._writer.close()
        return line.decode()


async def half_sent(tierline: Running, external_id: str) -> HalfSent:
    """The first half of a good webhook, on its way to intake."""
    opening = {
        "type": "ticket.open",
        "external_id": external_id,
        "subject": "Half",
        "customer": {"id": "c"},
    }
    body = json.dumps(opening).encode()
    now = datetime.now(UTC)  # noqa: TID251 - the signature's own instant
    message_id = f"msg_{uuid4().hex}"
    secret = tierline.installation.installation.webhook_secret
    assert secret is not None
    head = [
        "POST /v1/channels/generic/webhook HTTP/1.1",
        "host: intake",
        "content-type: application/json",
        f"content-length: {len(body)}",
        f"webhook-id: {message_id}",
        f"webhook-timestamp: {int(now.timestamp())}",
        f"webhook-signature: {Webhook(secret).sign(message_id, now, body.decode())}",
    ]
    port = int(tierline.url("intake").rpartition(":")[2])
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.write("\r\n".join([*head, "", ""]).encode() + body[:20])
    await writer.drain()
    return HalfSent(reader, writer, body[20:])
