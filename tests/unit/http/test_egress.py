"""The one door out: what is refused before a packet is sent, and what the outcomes mean."""

import asyncio
import socket
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager

import pytest

from shared.http.egress import Egress, EgressRefused, EgressTemporary, EgressUnknown

Answer = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]


@asynccontextmanager
async def a_server(answer: Answer) -> AsyncIterator[int]:
    connections: set[asyncio.Task[None]] = set()

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        this = asyncio.current_task()
        assert this is not None
        connections.add(this)
        try:
            await reader.readuntil(b"\r\n\r\n")
            await answer(reader, writer)
        finally:
            writer.close()

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    try:
        yield server.sockets[0].getsockname()[1]
    finally:
        server.close()
        for connection in connections:
            connection.cancel()
        await asyncio.gather(*connections, return_exceptions=True)


async def says_found(_reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    writer.write(
        b"HTTP/1.1 302 Found\r\nlocation: http://127.0.0.1:1/\r\ncontent-length: 0\r\n\r\n"
    )


async def says_nothing(_reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    writer.close()


async def never_stops(_reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    writer.write(b"HTTP/1.1 200 OK\r\ncontent-length: 100000000\r\n\r\n" + b"x" * 200_000)


async def hangs(_reader: asyncio.StreamReader, _writer: asyncio.StreamWriter) -> None:
    await asyncio.sleep(5)


@pytest.mark.parametrize(
    "url",
    [
        "http://example.com/",
        "https://example.com:22/",
        "https://user:pw@example.com/",
        "https://example.com/#x",
        "https://exa mple.com/",
        "https://example.com\\@127.0.0.1/",
        "https://2130706433/",
        "https://0x7f.1/",
        "https://127.1/",
        "https://0177.0.0.1/",
        "https://１２７.0.0.1/",
        "https://127.0.0.1/",
        "https://[::1]/",
        "https://[::ffff:127.0.0.1]/",
        "https://localhost/",
        "ftp://example.com/",
        "file:///etc/passwd",
        "https://",
    ],
)
async def test_a_url_to_somewhere_unusual_is_refused(url: str) -> None:
    egress = Egress()

    with pytest.raises(EgressRefused):
        await egress.post(url, content=b"", headers={})
    await egress.close()


async def test_a_target_named_by_the_operator_is_reached_and_redirects_are_not_followed() -> None:
    async with a_server(says_found) as port:
        egress = Egress(frozenset({f"127.0.0.1:{port}"}))
        reply = await egress.post(f"http://127.0.0.1:{port}/hook", content=b"{}", headers={})
        await egress.close()

    assert reply.status == 302


async def test_an_answer_is_read_to_64_kib_only() -> None:
    async with a_server(never_stops) as port:
        egress = Egress(frozenset({f"127.0.0.1:{port}"}))
        reply = await egress.post(f"http://127.0.0.1:{port}/", content=b"", headers={})
        await egress.close()

    assert len(reply.body) == 64 * 1024


async def test_a_connection_closed_without_an_answer_is_unknown() -> None:
    async with a_server(says_nothing) as port:
        egress = Egress(frozenset({f"127.0.0.1:{port}"}))
        with pytest.raises(EgressUnknown):
            await egress.post(f"http://127.0.0.1:{port}/", content=b"", headers={})
        await egress.close()


async def test_an_answer_that_never_comes_is_unknown_after_the_deadline() -> None:
    async with a_server(hangs) as port:
        egress = Egress(frozenset({f"127.0.0.1:{port}"}))
        with pytest.raises(EgressUnknown, match=r"within 0\.1 s"):
            await egress.get(f"http://127.0.0.1:{port}/", headers={}, timeout_seconds=0.1)
        await egress.close()


async def test_a_target_that_is_not_there_is_temporary() -> None:
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        port = unused.getsockname()[1]
    egress = Egress(frozenset({f"127.0.0.1:{port}"}))

    with pytest.raises(EgressTemporary):
        await egress.post(f"http://127.0.0.1:{port}/", content=b"", headers={})
    await egress.close()
