"""An open-loop sender of webhooks that does not give up: what is answered 429 or 503 is sent again later.

    STORM_SECRET=whsec_… python -m tests.load.gale PORT RATE SECONDS CONNECTIONS NAME

Offers RATE requests a second, whether earlier ones are answered or not, over at most CONNECTIONS keep-alive
connections; what is due while all of them wait for an answer is not offered, and counted as held back.
RATE 0 sends on every connection as soon as it is free. Ends when SECONDS are over and every answer is there.
Prints one JSON object. Sends to 127.0.0.1 only.
"""

from __future__ import annotations

import asyncio
import base64
import hashlib
import hmac
import json
import os
import sys
import time
from collections import Counter, deque
from dataclasses import dataclass, field
from typing import Any, Final

#: Seconds between two looks at what is due.
TICK: Final = 0.005

#: Seconds that answers may take at the end.
PATIENCE: Final = 30.0

_BODY: Final = "It stops after the first thousand rows every time I try it, which is bad. " * 9


@dataclass(slots=True)
class Letter:
    """One webhook, ready to be sent, and how often it was."""

    content: bytes


class Post:
    """Makes webhooks, every one of another ticket of another customer, and keeps those to be sent again."""

    def __init__(self, name: str, secret: str) -> None:
        self._name = name
        self._key = base64.b64decode(secret.removeprefix("whsec_"))
        self._made = 0
        self._again: deque[Letter] = deque()

    def next(self) -> Letter:
        """A new one while there are few that came back, then the one that has waited longest."""
        if len(self._again) > 500:
            return self._again.popleft()
        self._made += 1
        return Letter(self._signed(f"{self._name}-{self._made}"))

    def back(self, letter: Letter) -> None:
        """It was turned away."""
        self._again.append(letter)

    def _signed(self, name: str) -> bytes:
        body = json.dumps(
            {
                "type": "ticket.open",
                "external_id": name,
                "customer": {"id": f"customer of {name}", "tier": "standard"},
                "subject": f"The export {name} ends in the middle",
                "body": _BODY,
                "impact": "medium",
                "urgency": "medium",
            }
        ).encode()
        at = int(time.time())
        proof = hmac.new(self._key, f"{name}.{at}.".encode() + body, hashlib.sha256).digest()
        head = (
            "POST /v1/channels/generic/webhook HTTP/1.1\r\nhost: 127.0.0.1\r\n"
            f"content-type: application/json\r\ncontent-length: {len(body)}\r\nwebhook-id: {name}\r\n"
            f"webhook-timestamp: {at}\r\nwebhook-signature: v1,{base64.b64encode(proof).decode()}\r\n\r\n"
        )
        return head.encode() + body


@dataclass
class Tally:
    """What was sent and answered."""

    sent: int = 0
    held_back: int = 0
    unanswered: int = 0
    unexplained: int = 0
    statuses: Counter[int] = field(default_factory=Counter)
    waits: list[float] = field(default_factory=list)

    def told(self, seconds: float) -> dict[str, Any]:
        """All of it; waits are of what was accepted, in seconds."""
        ordered = sorted(self.waits) or [0.0]
        p50, p99 = (ordered[min(len(ordered) - 1, int(len(ordered) * p))] for p in (0.5, 0.99))
        return {
            "seconds": seconds,
            "sent": self.sent,
            "held_back": self.held_back,
            "unanswered": self.unanswered,
            "unexplained": self.unexplained,
            "statuses": self.statuses,
            "p50": p50,
            "p99": p99,
        }


class Line(asyncio.Protocol):
    """One connection: a request, its answer, the next request."""

    def __init__(self, gale: Gale) -> None:
        self._gale = gale
        self._received = b""
        self._letter: Letter | None = None
        self._sent_at = 0.0

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Free for a first request."""
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport
        self._gale.free(self)

    def send(self, letter: Letter) -> None:
        """Send it."""
        self._letter = letter
        self._sent_at = time.perf_counter()
        self._transport.write(letter.content)

    def data_received(self, data: bytes) -> None:
        """Perhaps the whole answer, perhaps a part."""
        self._received += data
        head, found, body = self._received.partition(b"\r\n\r\n")
        if not found:
            return
        head = head.lower()
        if len(body) < int(head.partition(b"content-length:")[2].split(b"\r\n", 1)[0]):
            return
        self._received = b""
        letter, self._letter = self._letter, None
        assert letter is not None
        waited = time.perf_counter() - self._sent_at
        self._gale.answered(letter, int(head[9:12]), waited, explained=b"retry-after:" in head)
        self._gale.free(self)

    def connection_lost(self, exc: Exception | None) -> None:
        """Hung up on, perhaps with a request that nobody answered."""
        del exc
        self._gale.lost(self, self._letter)

    def close(self) -> None:
        """Enough."""
        self._transport.close()


class Gale:
    """All connections of this process."""

    def __init__(self, post: Post, *, port: int, connections: int, rate: float) -> None:
        self._post = post
        self._port = port
        self._most = connections
        self._rate = rate
        self._free: deque[Line] = deque()
        self._open = 0
        self._in_hand = 0
        self._stopped = False
        self.tally = Tally()

    async def blow(self, seconds: float) -> dict[str, Any]:
        """Send for so long; what became of it."""
        loop = asyncio.get_running_loop()
        for _ in range(self._most):
            await loop.create_connection(lambda: Line(self), "127.0.0.1", self._port)
        began = time.perf_counter()
        due = 0
        while (passed := time.perf_counter() - began) < seconds:
            wanted = int(passed * self._rate) - due if self._rate else len(self._free)
            due += wanted
            possible = min(wanted, len(self._free))
            self.tally.held_back += wanted - possible
            for _ in range(possible):
                self._send(self._free.popleft())
            await asyncio.sleep(TICK)
        self._stopped = True
        limit = time.perf_counter() + PATIENCE
        while self._in_hand and time.perf_counter() < limit:  # noqa: ASYNC110 - bounded, and no event
            await asyncio.sleep(TICK)
        self.tally.unanswered += self._in_hand
        for line in self._free:
            line.close()
        return self.tally.told(seconds)

    def _send(self, line: Line) -> None:
        self._in_hand += 1
        self.tally.sent += 1
        line.send(self._post.next())

    def free(self, line: Line) -> None:
        """A connection can carry another request: at once, without a rate."""
        if self._rate or self._stopped or not self.tally.sent:
            self._free.append(line)
        else:
            self._send(line)

    def answered(self, letter: Letter, status: int, waited: float, *, explained: bool) -> None:
        """Count it; what was turned away will be sent again."""
        self._in_hand -= 1
        self.tally.statuses[status] += 1
        if status < 300:
            self.tally.waits.append(waited)
            return
        self.tally.unexplained += not explained
        self._post.back(letter)

    def lost(self, line: Line, letter: Letter | None) -> None:
        """A connection is gone; a letter that it had is unanswered, and not sent again: it may be there."""
        if line in self._free:
            self._free.remove(line)
        if letter is not None:
            self._in_hand -= 1
            self.tally.unanswered += 1
        if not self._stopped:
            loop = asyncio.get_running_loop()
            again = loop.create_connection(lambda: Line(self), "127.0.0.1", self._port)
            self._reconnecting = loop.create_task(again)


async def main(port: int, rate: float, seconds: float, connections: int, name: str) -> None:
    """Send, and print what became of it."""
    post = Post(name, os.environ["STORM_SECRET"])
    gale = Gale(post, port=port, connections=connections, rate=rate)
    sys.stdout.write(json.dumps(await gale.blow(seconds)) + "\n")


if __name__ == "__main__":
    _, port, rate, seconds, connections, name = sys.argv
    asyncio.run(main(int(port), float(rate), float(seconds), int(connections), name))
