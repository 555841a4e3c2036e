"""Following a feed of the notifier: server-sent events, read on where they broke off."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncGenerator, AsyncIterator, Sequence
from contextlib import aclosing
from dataclasses import dataclass
from typing import Any, Final, TypeAlias

import httpx2

from .ask import ANSWER_SECONDS, AwayError, check
from .installation import Installation

#: What tells a feed's own token from an API key.
PREFIX: Final = "feed_"

#: The notifier says something every 15 s; a connection that says nothing for so long is dead.
_SILENT_SECONDS: Final = 45.0

#: Seconds between attempts to come back; the last one from then on.
WAITS: Final = (0.5, 1.0, 2.0, 5.0, 10.0)


@dataclass(frozen=True, slots=True)
class Welcome:
    """A connection stands: whose feed, whether messages are laid into it at all, how many come at once."""

    recipient_id: str
    has_channel: bool
    messages: int


@dataclass(frozen=True, slots=True)
class Message:
    """A message of the feed, as the notifier tells it."""

    told: dict[str, Any]


@dataclass(frozen=True, slots=True)
class Lost:
    """The connection is gone, and is sought again."""

    why: str


Heard: TypeAlias = Welcome | Message | Lost


class EventReader:
    """Makes server-sent events of lines. What is no event of ours, comments for instance, is passed over."""

    def __init__(self) -> None:
        self._fields: dict[str, str] = {}

    def read(self, line: str) -> tuple[str, str | None, dict[str, Any]] | None:
        """The name, the id and the data of the event that `line` ends, if it ends one."""
        if line:
            name, _, value = line.partition(":")
            self._fields[name] = value.removeprefix(" ")
            return None
        fields, self._fields = self._fields, {}
        if "data" not in fields:
            return None
        return fields.get("event", "message"), fields.get("id"), json.loads(fields["data"])


async def follow(
    where: Installation, recipient: str | None, *, waits: Sequence[float] = WAITS
) -> AsyncGenerator[Heard, None]:
    """What lies in the feed, then what comes, for ever. A notifier that goes away is waited for, unless it was
    never there. Raises ServiceError.
    """
    seen: str | None = None
    failures: int | None = None
    while True:
        why = "The notifier has ended the connection"
        try:
            async with aclosing(_connection(where, recipient, seen)) as connection:
                async for number, heard in connection:
                    seen, failures = number or seen, 0
                    yield heard
        except AwayError as error:
            if failures is None:
                raise
            why = str(error)
        if not failures:
            yield Lost(why)
        failures = (failures or 0) + 1
        await asyncio.sleep(waits[min(failures, len(waits)) - 1])


async def _connection(
    where: Installation, recipient: str | None, seen: str | None
) -> AsyncGenerator[tuple[str | None, Welcome | Message], None]:
    """What one connection brings, each with its id. Raises ServiceError."""
    url = f"{where.urls['notifier']}/v1/feed"
    headers = {"authorization": f"Bearer {where.api_key}"}
    headers |= {"last-event-id": seen} if seen else {}
    asked = {"recipient": recipient} if recipient else {}
    patience = httpx2.Timeout(ANSWER_SECONDS, read=_SILENT_SECONDS)
    reader = EventReader()
    try:
        async with (
            httpx2.AsyncClient(trust_env=False, timeout=patience) as client,
            client.stream("GET", url, headers=headers, params=asked) as reply,
        ):
            if not reply.is_success:
                await reply.aread()
            check(reply, "notifier")
            async for line in lines(reply.aiter_bytes()):
                event = reader.read(line)
                if event and (heard := _heard(event[0], event[2])):
                    yield event[1], heard
    except httpx2.TransportError as error:
        raise AwayError(f"The notifier is away ({url}: {type(error).__name__})") from error


def _heard(name: str, told: dict[str, Any]) -> Welcome | Message | None:
    if name == "welcome":
        return Welcome(told["recipient_id"], told["has_channel"], told["messages"])
    return Message(told) if name == "message" else None


async def lines(chunks: AsyncIterator[bytes]) -> AsyncGenerator[str, None]:
    """The lines that `chunks` hold, however they are cut. A line ends with a line feed and with nothing else:
    a message may hold other characters that some would break a line at.
    """
    rest = b""
    async for chunk in chunks:
        *whole, rest = (rest + chunk).split(b"\n")
        for line in whole:
            yield line.removesuffix(b"\r").decode()
