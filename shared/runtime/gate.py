"""Turning a request away before it is even parsed: what a storm leaves no time for.

Only a request of the plainest kind, all of it there in one piece, is answered here; whatever is unusual about
it goes the usual way. Nothing is believed of it but its path and where it ends.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Final

#: Larger requests go the usual way.
MOST_BYTES: Final = 16 * 1024

#: Headers that change where a request ends or what happens to its connection.
_UNUSUAL: Final = (b"\r\ntransfer-encoding", b"\r\nconnection:", b"\r\nexpect:", b"\r\nupgrade:")

_LENGTH: Final = b"\r\ncontent-length:"

_PROBLEM: Final = json.dumps(
    {
        "type": "urn:tierline:problem:too-busy",
        "title": "Too busy",
        "status": 503,
        "detail": "Too many calls at once.",
    },
    separators=(",", ":"),
).encode()

#: The whole answer.
BUSY: Final = (
    b"HTTP/1.1 503 Service Unavailable\r\ncontent-type: application/problem+json\r\n"
    b"retry-after: 1\r\ncontent-length: %d\r\n\r\n%s"
) % (len(_PROBLEM), _PROBLEM)


class Gate:
    """Closed while the service `is_full`, to requests whose path it `turns_away`, which counts them."""

    def __init__(self, is_full: Callable[[], bool], turns_away: Callable[[str], bool]) -> None:
        self.is_full = is_full
        self._turns_away = turns_away

    def is_closed_to(self, data: bytes) -> bool:
        """Whether `data` is a request to be answered BUSY, and nothing else."""
        if not self.is_full():
            return False
        path = path_of(data)
        return path is not None and self._turns_away(path)


def path_of(data: bytes) -> str | None:
    """The path of the one plain POST that `data` is, whole and nothing else; None if it is not."""
    if not data.startswith(b"POST /") or len(data) > MOST_BYTES:
        return None
    head, found, body = data.partition(b"\r\n\r\n")
    line, _, _ = head.partition(b"\r\n")
    target, _, version = line[5:].partition(b" ")
    headers = head[len(line) :].lower()
    if head.count(b"\n") != head.count(b"\r\n"):
        return None
    if not found or version != b"HTTP/1.1" or any(name in headers for name in _UNUSUAL):
        return None
    if headers.count(_LENGTH) != 1:
        return None
    length = headers.partition(_LENGTH)[2].partition(b"\r\n")[0].strip(b" ")
    if not length.isdigit() or int(length[:9]) != len(body):
        return None
    return target.partition(b"?")[0].decode("latin-1")
