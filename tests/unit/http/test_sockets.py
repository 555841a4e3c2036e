"""What a hostile client can do on a socket: send too much, too slowly, or two requests as one (S08, S36)."""

from __future__ import annotations

import asyncio
import contextlib
import socket
import time
from collections.abc import AsyncIterator

import pytest
from fastapi import APIRouter, Request, Response
from fastapi.responses import StreamingResponse

from shared.clock import FakeClock
from shared.http.app import create_app
from shared.http.auth import Keyring
from shared.observability.metrics import Catalogue, RuntimeMetrics
from shared.runtime.gate import Gate
from shared.runtime.http_server import HttpServer
from shared.settings import HttpSettings

SETTINGS = HttpSettings(port=0, max_body_bytes=4096, head_seconds=0.3, body_seconds=0.4)
POST = b"POST /v1/echo HTTP/1.1\r\nHost: tierline\r\n"


def routes() -> APIRouter:
    router = APIRouter()

    @router.post("/v1/echo")
    async def echo(request: Request) -> dict[str, int]:
        read = len(await request.body())
        await asyncio.sleep(float(request.query_params.get("pause", "0")))
        return {"read": read}

    @router.post("/v1/pieces")
    async def pieces() -> StreamingResponse:
        return StreamingResponse(iter([b"one, ", b"two"]), headers={"X-Kept": "y"})

    @router.post("/v1/broken")
    async def broken() -> Response:
        return Response(headers={"X-Split": "one\r\ntwo: three"})

    return router


async def ready() -> list[str]:
    return []


async def read_into(answered: bytearray, reader: asyncio.StreamReader) -> None:
    with contextlib.suppress(ConnectionError):
        while piece := await reader.read(65536):
            answered += piece


class Served:
    """A server on loopback, and what its metrics say."""

    def __init__(self, clock: FakeClock, hot_paths: str | None) -> None:
        self.catalogue = Catalogue("router")
        app = create_app(
            service="router",
            catalogue=self.catalogue,
            metrics=RuntimeMetrics(self.catalogue),
            settings=SETTINGS,
            api_keys=Keyring({}, clock=clock),
            readiness=ready,
            routes=[routes()],
        )
        self.is_full = False
        gate = Gate(lambda: self.is_full, lambda path: path == "/v1/echo")
        self.server = HttpServer(app, SETTINGS, gate, hot_paths=hot_paths)

    async def say(self, *pieces: bytes, pause: float = 0.0) -> bytes:
        """Send `pieces`, with a pause before each but the first; all that is answered until the end."""
        reader, writer = await asyncio.open_connection("127.0.0.1", self.server.port)
        answered = bytearray()
        reading = asyncio.create_task(read_into(answered, reader))
        with contextlib.suppress(ConnectionError):  # hung up on before all was sent
            for number, piece in enumerate(pieces):
                await asyncio.sleep(pause if number else 0)
                writer.write(piece)
                await writer.drain()
        await asyncio.wait_for(reading, 3)
        writer.close()
        return bytes(answered)

    def turned_away(self, reason: str) -> float:
        labels = {"service": "router", "reason": reason}
        value = self.catalogue.registry.get_sample_value("tierline_http_turned_away_total", labels)
        return value or 0.0


@pytest.fixture(params=[None, "/v1/"], ids=["parsed", "hot"])
async def served(clock: FakeClock, request: pytest.FixtureRequest) -> AsyncIterator[Served]:
    served = Served(clock, request.param)
    running = asyncio.create_task(served.server.run())
    yield served
    served.server.stop()
    await running


def status(answer: bytes) -> int:
    """The status of the first answer; 0 where the connection was cut."""
    return int(answer.split(b" ", 2)[1]) if answer else 0


LAST = b"Connection: close\r\n"


@pytest.mark.parametrize("turns", range(4))
async def test_who_came_before_the_stop_is_answered_even_if_nobody_had_looked_yet(
    served: Served, turns: int
) -> None:
    await asyncio.sleep(0.05)  # it serves
    with socket.create_connection(("127.0.0.1", served.server.port)) as caller:
        caller.sendall(POST + LAST + b"Content-Length: 4\r\n\r\nab")
        for _ in range(turns):
            await asyncio.sleep(0)
        time.sleep(0.2)  # noqa: ASYNC251 - no processor for anybody: afterwards all is due at once
        served.server.stop()
        await asyncio.sleep(0.3)
        caller.sendall(b"cd")
        answer = await asyncio.to_thread(read_all, caller)

    assert answer.endswith(b'{"read":4}')


def read_all(caller: socket.socket) -> bytes:
    return b"".join(iter(lambda: caller.recv(65536), b""))


async def test_S08_a_body_in_pieces_is_read_as_one(served: Served) -> None:
    head = POST + LAST + b"Transfer-Encoding: chunked\r\n\r\n"
    answer = await served.say(head, b"3\r\nabc\r\n", b"2\r\nde\r\n0\r\n\r\n", pause=0.05)

    assert answer.endswith(b'{"read":5}')


async def test_S08_a_chunked_body_is_cut_off_at_its_limit(served: Served) -> None:
    head = POST + LAST + b"Transfer-Encoding: chunked\r\n\r\n"
    chunk = b"400\r\n" + b"x" * 1024 + b"\r\n"
    answer = await served.say(head, *[chunk] * 5)

    assert status(answer) == 413
    assert served.turned_away("large") == 1


async def test_S08_an_announced_body_above_the_limit_is_refused_unread(served: Served) -> None:
    answer = await served.say(POST + LAST + b"Content-Length: 4097\r\n\r\n")

    assert status(answer) == 413


async def test_S08_a_body_longer_than_announced_is_no_part_of_the_request(served: Served) -> None:
    answer = await served.say(POST + LAST + b"Content-Length: 3\r\n\r\nabcdefgh")

    assert answer.endswith(b'{"read":3}')
    assert answer.count(b"HTTP/1.1") == 1


async def test_S08_a_body_shorter_than_announced_is_given_up(served: Served) -> None:
    answer = await served.say(POST + b"Content-Length: 30\r\n\r\nabc")

    assert status(answer) == 408


async def test_S08_a_byte_now_and_then_buys_no_time(served: Served) -> None:
    began = time.monotonic()
    drips = [b"x"] * 20
    answer = await served.say(POST + b"Content-Length: 500\r\n\r\n", *drips, pause=0.1)

    assert status(answer) == 408
    assert time.monotonic() - began < 3


@pytest.mark.parametrize(
    "pieces",
    [[b""], [b"POST /v1/e"], [POST, *[b"X: y\r\n"] * 20]],
    ids=["nothing", "half a line", "a header now and then"],
)
async def test_S08_a_head_that_is_not_complete_in_time_is_given_up(
    served: Served, pieces: list[bytes]
) -> None:
    assert status(await served.say(*pieces, pause=0.1)) == 408


async def test_S08_the_head_of_a_second_request_has_its_own_time(served: Served) -> None:
    whole = POST + b"Content-Length: 2\r\n\r\nab"
    answer = await served.say(whole, whole, whole, POST, pause=0.2)

    assert answer.count(b'{"read":2}') == 3
    assert answer.count(b" 408 ") == 1


@pytest.mark.parametrize(
    "headers",
    [
        b"".join(b"X-%d: y\r\n" % number for number in range(101)),
        b"X: " + b"y" * 17_000 + b"\r\n",
        b"X: " + b"y" * 200_000 + b"\r\n",
    ],
    ids=["too many", "too large", "far too large"],
)
async def test_S08_headers_are_limited_in_number_and_size(served: Served, headers: bytes) -> None:
    assert status(await served.say(POST + headers + LAST + b"\r\n")) in {0, 400, 431}


@pytest.mark.parametrize(
    "framing",
    [
        b"Content-Length: 3\r\nTransfer-Encoding: chunked\r\n",
        b"Transfer-Encoding: chunked\r\nContent-Length: 3\r\n",
        b"Content-Length: 3\r\nContent-Length: 4\r\n",
        b"Content-Length: 3, 4\r\n",
        b"Content-Length: -3\r\n",
        b"Content-Length: 0x3\r\n",
        b"Content-Length : 3\r\n",
        b"Transfer-Encoding: xchunked\r\n",
        b"Transfer-Encoding: chunked, identity\r\n",
        b"Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n",
        b"Transfer-Encoding:\x0bchunked\r\nContent-Length: 3\r\n",
    ],
)
async def test_S36_a_request_of_two_lengths_is_refused_and_its_connection_closed(
    served: Served, framing: bytes
) -> None:
    hidden = b"0\r\n\r\nGET /healthz HTTP/1.1\r\nHost: hidden\r\n\r\n"
    answer = await served.say(POST + framing + b"\r\n" + hidden)

    assert status(answer) in {400, 501}
    assert b"alive" not in answer


async def test_a_caller_who_goes_in_the_middle_of_its_body_is_no_error_of_ours(
    served: Served, caplog: pytest.LogCaptureFixture
) -> None:
    _, writer = await asyncio.open_connection("127.0.0.1", served.server.port)
    writer.write(POST + b"Content-Length: 30\r\n\r\nabc")
    await writer.drain()
    await asyncio.sleep(0.05)
    writer.close()
    await asyncio.sleep(0.1)

    assert [record for record in caplog.records if record.levelname == "ERROR"] == []


async def test_a_closed_gate_answers_for_the_app_and_keeps_the_connection(
    served: Served,
) -> None:
    whole = POST + b"Content-Length: 2\r\n\r\nab"
    last = POST + LAST + b"Content-Length: 2\r\n\r\nab"
    served.is_full = True
    saying = asyncio.create_task(served.say(whole, whole, last, pause=0.2))
    await asyncio.sleep(0.3)
    served.is_full = False
    answer = await saying

    assert answer.count(b"HTTP/1.1 503") == 2
    assert answer.count(b"retry-after: 1") == 2
    assert answer.endswith(b'{"read":2}')


async def test_requests_sent_at_once_are_answered_one_after_the_other(served: Served) -> None:
    slow = POST.replace(b"/echo", b"/echo?pause=0.1") + b"Content-Length: 2\r\n\r\nab"
    last = POST + LAST + b"Content-Length: 3\r\n\r\nabc"
    answer = await served.say(slow, slow, slow + last, pause=0.02)

    assert answer.count(b'{"read":2}') == 3
    assert answer.endswith(b'{"read":3}')


async def test_an_answer_in_pieces_arrives_whole(served: Served) -> None:
    whole = POST.replace(b"/echo", b"/pieces") + b"Content-Length: 0\r\n\r\n"
    last = POST + LAST + b"Content-Length: 0\r\n\r\n"
    answer = await served.say(whole, last, pause=0.1)

    assert b"x-kept: y\r\n" in answer
    assert b"one, " in answer
    assert answer.endswith(b'{"read":0}')


async def test_an_answer_whose_header_would_be_two_is_not_sent(served: Served) -> None:
    broken = POST.replace(b"/echo", b"/broken") + b"Content-Length: 0\r\n\r\n"

    assert b"two: three" not in await served.say(broken)


async def test_a_request_in_hand_is_answered_before_the_server_stops(served: Served) -> None:
    slow = POST.replace(b"/echo", b"/echo?pause=0.2") + b"Content-Length: 2\r\n\r\nab"
    saying = asyncio.create_task(served.say(slow))
    await asyncio.sleep(0.1)
    served.server.stop()
    answer = await saying

    assert answer.endswith(b'{"read":2}')


async def test_a_caller_who_goes_before_the_answer_is_no_error_of_ours(
    served: Served, caplog: pytest.LogCaptureFixture
) -> None:
    _, writer = await asyncio.open_connection("127.0.0.1", served.server.port)
    writer.write(POST.replace(b"/echo", b"/echo?pause=0.1") + b"Content-Length: 2\r\n\r\nab")
    await writer.drain()
    await asyncio.sleep(0.05)
    writer.close()
    await asyncio.sleep(0.15)

    assert [record for record in caplog.records if record.levelname == "ERROR"] == []
