"""Receivers with every fault a receiver can have, each keeping what it accepted by the message's id."""

from __future__ import annotations

import asyncio
import contextlib
import email
import re
from collections import Counter
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from enum import Enum, auto
from time import monotonic
from typing import Any, Final

from aiosmtpd.smtp import SMTP, Envelope

#: Longer than anybody waits for an answer.
_FOR_EVER: Final = 60.0

_OK: Final = b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\nconnection: close\r\n\r\nok"
_NOTHING_MORE: Final = b"content-length: 0\r\nconnection: close\r\n\r\n"


class HookFault(Enum):
    """How an HTTP endpoint answers."""

    NONE = auto()
    ERROR_500 = auto()
    TOO_MANY_429 = auto()
    REDIRECT_TO_LOOPBACK = auto()
    HANG = auto()
    ENDLESS_BODY = auto()
    SLOW_DRIP = auto()
    RESET_AFTER_ACCEPT = auto()
    RESET_AFTER_READ = auto()
    BAD_TLS = auto()


class MailFault(Enum):
    """How a mail relay answers."""

    NONE = auto()
    BUSY_4XX = auto()
    REFUSED_5XX = auto()
    BUSY_AFTER_TEXT_4XX = auto()
    DROP_AFTER_TEXT = auto()
    HANG_AFTER_TEXT = auto()


@dataclass
class Captures:
    """What was accepted, by message id: the instants, by the monotonic clock, and the webhooks' last bodies;
    and the faults made.
    """

    at: dict[str, list[float]] = field(default_factory=dict)
    bodies: dict[str, bytes] = field(default_factory=dict)
    faults: Counter[str] = field(default_factory=Counter)

    def take(self, message_id: str) -> None:
        """One more copy of that message has come."""
        self.at.setdefault(message_id, []).append(monotonic())

    def count(self, message_id: str) -> int:
        """How often that message has come."""
        return len(self.at.get(message_id, ()))


@dataclass
class FaultyHook:
    """An endpoint that asks `fault` at every request how to behave, and counts its connections."""

    captures: Captures
    fault: Callable[[], HookFault]
    trap_port: int = 0
    port: int = 0
    connections: int = 0

    @property
    def url(self) -> str:
        """Where to post to."""
        return f"http://127.0.0.1:{self.port}/hook"

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """One connection: read a request, behave, close."""
        self.connections += 1
        fault = self.fault()
        self.captures.faults[fault.name] += fault is not HookFault.NONE
        if fault is HookFault.RESET_AFTER_ACCEPT:
            writer.transport.abort()
            return
        if fault is HookFault.BAD_TLS:
            # to whoever begins with a TLS hello as to whoever does not: no protocol at all
            writer.write(b"\x15\x03\x01\x00\x02\x02\x28 what?\r\n\r\n")
            return
        message_id, body = await _request(reader)
        if fault not in _NOT_ACCEPTED:
            self.captures.take(message_id)
            self.captures.bodies[message_id] = body
        await self._answer(fault, writer)

    async def _answer(self, fault: HookFault, writer: asyncio.StreamWriter) -> None:
        match fault:
            case HookFault.ERROR_500:
                writer.write(b"HTTP/1.1 500 Oh\r\n" + _NOTHING_MORE)
            case HookFault.TOO_MANY_429:
                writer.write(b"HTTP/1.1 429 Slow\r\nretry-after: 1\r\n" + _NOTHING_MORE)
            case HookFault.REDIRECT_TO_LOOPBACK:
                trap = b"http://127.0.0.1:%d/trap" % self.trap_port
                writer.write(b"HTTP/1.1 302 There\r\nlocation: " + trap + b"\r\n" + _NOTHING_MORE)
            case HookFault.HANG:
                await asyncio.sleep(_FOR_EVER)
            case HookFault.ENDLESS_BODY:
                writer.write(b"HTTP/1.1 200 OK\r\nconnection: close\r\n\r\n")
                while True:
                    writer.write(b"x" * 8192)
                    await writer.drain()
            case HookFault.SLOW_DRIP:
                for byte in _OK:
                    writer.write(bytes([byte]))
                    await writer.drain()
                    await asyncio.sleep(0.5)
            case HookFault.RESET_AFTER_READ:
                writer.transport.abort()
            case _:
                writer.write(_OK)


#: A receiver that answers so has not taken the message.
_NOT_ACCEPTED: Final = frozenset(
    {HookFault.ERROR_500, HookFault.TOO_MANY_429, HookFault.REDIRECT_TO_LOOPBACK}
)


@dataclass
class FaultyRelay:
    """A mail relay that asks `fault` at every mail how to behave."""

    captures: Captures
    fault: Callable[[], MailFault]
    port: int = 0

    async def handle_RCPT(
        self, _server: SMTP, session: Any, envelope: Envelope, address: str, _options: list[str]
    ) -> str:
        """Take the address or not."""
        session.fault = fault = self.fault()
        self.captures.faults[fault.name] += fault is not MailFault.NONE
        if fault is MailFault.BUSY_4XX:
            return "451 later, please"
        if fault is MailFault.REFUSED_5XX:
            return "550 nobody here of that name"
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server: SMTP, session: Any, envelope: Envelope) -> str:
        """Take the text or not, and say so or not."""
        if session.fault is MailFault.BUSY_AFTER_TEXT_4XX:
            return "452 no room just now"
        assert isinstance(envelope.content, bytes)
        said = email.message_from_bytes(envelope.content)["Message-ID"]
        found = re.search(r"<([0-9a-f-]{36})@", str(said))
        assert found is not None, said
        self.captures.take(found[1])
        if session.fault is MailFault.DROP_AFTER_TEXT:
            assert server.transport is not None
            server.transport.close()
        if session.fault is MailFault.HANG_AFTER_TEXT:
            await asyncio.sleep(_FOR_EVER)
        return "250 taken"


@asynccontextmanager
async def faulty_hooks(*hooks: FaultyHook) -> AsyncIterator[None]:
    """These endpoints, each on a free port of loopback, until the end."""
    async with contextlib.AsyncExitStack() as stack:
        for hook in hooks:
            hook.port = await stack.enter_async_context(_served(hook.serve))
        yield


@asynccontextmanager
async def a_trap() -> AsyncIterator[FaultyHook]:
    """Where nobody may come: its `connections` are counted."""
    trap = FaultyHook(Captures(), lambda: HookFault.NONE)
    async with faulty_hooks(trap):
        yield trap


@asynccontextmanager
async def a_faulty_relay(relay: FaultyRelay) -> AsyncIterator[None]:
    """That relay on a free port of loopback, until the end."""
    protocols: list[SMTP] = []

    def protocol() -> SMTP:
        protocols.append(SMTP(relay, hostname="sink.test", enable_SMTPUTF8=False))
        return protocols[-1]

    server = await asyncio.get_running_loop().create_server(protocol, "127.0.0.1", 0)
    relay.port = server.sockets[0].getsockname()[1]
    try:
        yield
    finally:
        server.close()
        for one in protocols:
            if one.transport is not None:
                one.transport.close()
        await asyncio.sleep(0)


async def _request(reader: asyncio.StreamReader) -> tuple[str, bytes]:
    """Read one request whole: the id of its message, empty when it names none, and its body."""
    head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1").lower()
    length = re.search(r"\r\ncontent-length: *(\d+)", head)
    body = await reader.readexactly(int(length[1]) if length else 0)
    named = re.search(r"\r\nwebhook-id: *(\S+)", head)
    return named[1] if named else "", body


@asynccontextmanager
async def _served(
    serve: Callable[[asyncio.StreamReader, asyncio.StreamWriter], Any],
) -> AsyncIterator[int]:
    serving: set[asyncio.Task[None]] = set()

    async def one(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        this = asyncio.current_task()
        assert this is not None
        serving.add(this)
        try:
            with contextlib.suppress(OSError, asyncio.IncompleteReadError, asyncio.CancelledError):
                await serve(reader, writer)
                await writer.drain()
        finally:
            writer.close()
            serving.discard(this)

    server = await asyncio.start_server(one, "127.0.0.1", 0)
    try:
        yield server.sockets[0].getsockname()[1]
    finally:
        server.close()
        left = list(serving)
        for task in left:
            task.cancel()
        await asyncio.gather(*left, return_exceptions=True)
