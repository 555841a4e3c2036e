"""A plain POST that came whole, read by one expression instead of a parser: what a hot path is made of.

Nothing unusual is read here. Whatever is not exactly one request of the plainest kind, as nearly every
webhook is, goes to the parser, which knows what is wrong with it (security S36).
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final

#: Larger requests go the usual way.
MOST_BYTES: Final = 64 * 1024

_HEAD: Final = re.compile(
    rb"POST (/[!-~]*) HTTP/1\.1\r\n((?:[-!#$%&'*+.^_`|~0-9A-Za-z]+:[\t -~\x80-\xff]*\r\n)+)\r\n"
)
_LENGTH: Final = re.compile(rb"[0-9]{1,7}")

#: Headers that must be there, once.
_NEEDED: Final = (b"host", b"content-length")

#: Headers that change where a request ends or what happens to its connection.
_UNUSUAL: Final = frozenset({b"transfer-encoding", b"expect", b"upgrade", b"te", b"trailer"})


@dataclass(frozen=True, slots=True)
class PlainRequest:
    """A request as ASGI tells it: names in lower case, `target` with its query as it came."""

    target: bytes
    headers: list[tuple[bytes, bytes]]
    body: bytes


def plain_request(data: bytes) -> PlainRequest | None:
    """The one plain POST that `data` is, whole and nothing else; None if it is not."""
    if len(data) > MOST_BYTES or not (head := _HEAD.match(data)):
        return None
    headers = []
    for line in head[2].split(b"\r\n")[:-1]:
        name, _, value = line.partition(b":")
        headers.append((name.lower(), value.strip(b" \t")))
    named = dict(headers)
    body = data[head.end() :]
    if not _UNUSUAL.isdisjoint(named) or named.get(b"connection", b"keep-alive") != b"keep-alive":
        return None
    names = [name for name, _ in headers]
    if any(names.count(name) != 1 for name in _NEEDED) or names.count(b"connection") > 1:
        return None
    length = named[b"content-length"]
    if not _LENGTH.fullmatch(length) or int(length) != len(body):
        return None
    return PlainRequest(head[1], headers, body)
