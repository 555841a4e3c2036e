"""A closed-loop HTTP client that costs little: ready-made requests over keep-alive connections.

    python -m tests.load.raw_client PORT CONNECTIONS FILE

FILE holds requests, each after its length in four bytes. Prints one JSON object: seconds, statuses, and
latencies in milliseconds. It reads what our own servers answer, not whatever HTTP allows.
"""

from __future__ import annotations

import asyncio
import json
import struct
import sys
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path


def pack(requests: list[bytes]) -> bytes:
    """`requests` as FILE holds them."""
    return b"".join(struct.pack("!I", len(one)) + one for one in requests)


def unpack(content: bytes) -> Iterator[bytes]:
    """The requests in a FILE."""
    place = 0
    while place < len(content):
        (length,) = struct.unpack_from("!I", content, place)
        yield content[place + 4 : place + 4 + length]
        place += 4 + length


class Connection(asyncio.Protocol):
    """Sends the next request as soon as the last one is answered."""

    def __init__(self, requests: Iterator[bytes], tally: Tally) -> None:
        self._requests = requests
        self._tally = tally
        self._received = b""
        self._sent_at = 0.0
        self.finished: asyncio.Future[None] = asyncio.get_running_loop().create_future()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Begin."""
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport
        self._next()

    def _next(self) -> None:
        request = next(self._requests, None)
        if request is None:
            self._transport.close()
            return
        self._sent_at = time.perf_counter()
        self._transport.write(request)

    def data_received(self, data: bytes) -> None:
        """Take one answer, then go on."""
        self._received += data
        head, found, body = self._received.partition(b"\r\n\r\n")
        if not found:
            return
        length = int(head.lower().partition(b"content-length:")[2].split(b"\r\n", 1)[0])
        if len(body) < length:
            return
        self._received = b""
        self._tally.add(int(head[9:12]), time.perf_counter() - self._sent_at)
        self._next()

    def connection_lost(self, exc: Exception | None) -> None:
        """The server, or we, are through."""
        if exc is not None:
            self.finished.set_exception(exc)
        else:
            self.finished.set_result(None)


class Tally:
    """What was answered, and how fast."""

    def __init__(self) -> None:
        self.statuses: Counter[int] = Counter()
        self.waits: list[float] = []

    def add(self, status: int, seconds: float) -> None:
        """One answer."""
        self.statuses[status] += 1
        self.waits.append(seconds)

    def told(self, seconds: float) -> str:
        """All of it as JSON."""
        ordered = sorted(self.waits)
        p50, p99 = (ordered[min(len(ordered) - 1, int(len(ordered) * p))] for p in (0.5, 0.99))
        milliseconds = {"p50": p50 * 1000, "p99": p99 * 1000}
        return json.dumps({"seconds": seconds, "statuses": self.statuses, **milliseconds})


async def run(port: int, connections: int, requests: Iterator[bytes]) -> str:
    """Send all of `requests`."""
    tally, loop = Tally(), asyncio.get_running_loop()
    began = time.perf_counter()
    made = [
        await loop.create_connection(lambda: Connection(requests, tally), "127.0.0.1", port)
        for _ in range(connections)
    ]
    await asyncio.gather(*(protocol.finished for _, protocol in made))
    return tally.told(time.perf_counter() - began)


if __name__ == "__main__":
    told = asyncio.run(
        run(int(sys.argv[1]), int(sys.argv[2]), unpack(Path(sys.argv[3]).read_bytes()))
    )
    sys.stdout.write(told + "\n")
