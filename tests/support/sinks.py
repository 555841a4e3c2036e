"""Receivers that misbehave on demand: a mail relay and a webhook endpoint on loopback."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from enum import Enum, auto
from typing import Any, Final

from aiosmtpd.smtp import SMTP, Envelope


class Mood(Enum):
    """How a relay answers."""

    KIND = auto()
    BUSY_AT_THE_ADDRESS = auto()
    REFUSES_THE_ADDRESS = auto()
    BUSY_AFTER_THE_TEXT = auto()
    REFUSES_THE_TEXT = auto()
    DROPS_AFTER_THE_TEXT = auto()
    SILENT_AFTER_THE_TEXT = auto()


@dataclass
class MailSink:
    """A relay that keeps what it takes. `moods` are used up one by one; then it is kind."""

    port: int = 0
    moods: list[Mood] = field(default_factory=list)
    mails: list[bytes] = field(default_factory=list)
    envelopes: list[tuple[str, list[str]]] = field(default_factory=list)
    connections: list[SMTP] = field(default_factory=list)

    def hang_up(self) -> None:
        """Close every connection, as relays do with idle ones."""
        for one in self.connections:
            if one.transport is not None:
                one.transport.close()

    @property
    def _mood(self) -> Mood:
        return self.moods[0] if self.moods else Mood.KIND

    async def handle_RCPT(
        self, _server: SMTP, _session: Any, envelope: Envelope, address: str, _options: list[str]
    ) -> str:
        match self._mood:
            case Mood.BUSY_AT_THE_ADDRESS:
                self.moods.pop(0)
                return "451 later, please"
            case Mood.REFUSES_THE_ADDRESS:
                self.moods.pop(0)
                return "550 nobody here of that name"
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server: SMTP, _session: Any, envelope: Envelope) -> str:
        mood = self._mood
        if self.moods:
            self.moods.pop(0)
        if mood is Mood.BUSY_AFTER_THE_TEXT:
            return "452 no room just now"
        if mood is Mood.REFUSES_THE_TEXT:
            return "554 we do not like it"
        assert isinstance(envelope.content, bytes)
        self.mails.append(envelope.content)
        self.envelopes.append((str(envelope.mail_from), [str(to) for to in envelope.rcpt_tos]))
        if mood is Mood.DROPS_AFTER_THE_TEXT:
            assert server.transport is not None
            server.transport.close()
        if mood is Mood.SILENT_AFTER_THE_TEXT:
            await asyncio.sleep(30)
        return "250 taken"


@asynccontextmanager
async def a_mail_relay(*moods: Mood) -> AsyncIterator[MailSink]:
    """A relay on a free port of loopback."""
    sink = MailSink(moods=list(moods))

    def protocol() -> SMTP:
        sink.connections.append(SMTP(sink, hostname="sink.test", enable_SMTPUTF8=False))
        return sink.connections[-1]

    server = await asyncio.get_running_loop().create_server(protocol, "127.0.0.1", 0)
    sink.port = server.sockets[0].getsockname()[1]
    try:
        yield sink
    finally:
        server.close()
        sink.hang_up()
        await asyncio.sleep(0)


#: Answers a webhook endpoint can be told to give.
OK: Final = b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok"
HANG: Final = b"hang"
RESET: Final = b"reset"


def answer(status: int, body: bytes = b"", /, **headers: str) -> bytes:
    """An HTTP answer with these headers, and no body unless one is given."""
    lines = [f"HTTP/1.1 {status} Said", f"content-length: {len(body)}"]
    lines += [f"{name.replace('_', '-')}: {value}" for name, value in headers.items()]
    return "\r\n".join([*lines, "", ""]).encode() + body


@dataclass
class Received:
    """One request a webhook endpoint got."""

    path: str
    headers: dict[str, str]
    body: bytes
    method: str = "POST"


@dataclass
class HookSink:
    """An endpoint that keeps what it gets. `answers` are used up one by one; then `says` answers, and
    without it all is well.
    """

    port: int = 0
    answers: list[bytes] = field(default_factory=list)
    requests: list[Received] = field(default_factory=list)
    says: Callable[[Received], bytes] = lambda _: OK

    @property
    def url(self) -> str:
        """Where to post to."""
        return f"http://127.0.0.1:{self.port}/hook"

    @property
    def allowed(self) -> frozenset[str]:
        """What an egress must be told to let requests through to here."""
        return frozenset({f"127.0.0.1:{self.port}"})

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Read one request, answer it as told, close."""
        head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1")
        request, *lines = head.split("\r\n")
        headers = {
            name.lower(): value.strip()
            for name, _, value in (line.partition(":") for line in lines if line)
        }
        body = await reader.readexactly(int(headers.get("content-length", "0")))
        method, path, _ = request.split(" ")
        received = Received(path, headers, body, method)
        self.requests.append(received)
        said = self.answers.pop(0) if self.answers else self.says(received)
        if said == HANG:
            await asyncio.sleep(30)
        if said == RESET:
            writer.transport.abort()
            return
        writer.write(said)
        await writer.drain()
        writer.close()


@asynccontextmanager
async def a_webhook_endpoint(
    *answers: bytes, says: Callable[[Received], bytes] = lambda _: OK, port: int = 0
) -> AsyncIterator[HookSink]:
    """An endpoint on a port of loopback, a free one unless it is named."""
    sink = HookSink(answers=list(answers), says=says)
    serving: set[asyncio.Task[None]] = set()

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        this = asyncio.current_task()
        assert this is not None
        serving.add(this)
        try:
            await sink.serve(reader, writer)
        finally:
            writer.close()

    server = await asyncio.start_server(serve, "127.0.0.1", port)
    sink.port = server.sockets[0].getsockname()[1]
    try:
        yield sink
    finally:
        server.close()
        for task in serving:
            task.cancel()
        await asyncio.gather(*serving, return_exceptions=True)
