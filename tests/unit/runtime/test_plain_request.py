"""A plain request is read without a parser, to what a parser would have read; anything else is left to it."""

from __future__ import annotations

import h11
import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.runtime.plain_request import plain_request

HEAD = b"POST /v1/channels/shop/webhook?a=b HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\n"
PLAIN = HEAD + b"X-Word:  two words \t\r\nConnection: keep-alive\r\n\r\nhello"


def test_a_plain_request_is_its_target_its_headers_and_its_body() -> None:
    read = plain_request(PLAIN)

    assert read is not None
    assert read.target == b"/v1/channels/shop/webhook?a=b"
    assert read.headers == [
        (b"host", b"x"),
        (b"content-length", b"5"),
        (b"x-word", b"two words"),
        (b"connection", b"keep-alive"),
    ]
    assert read.body == b"hello"


@pytest.mark.parametrize(
    "data",
    [
        b"",
        PLAIN[:-1],
        PLAIN + b"!",
        PLAIN + PLAIN,
        HEAD,
        PLAIN.replace(b"POST", b"PUT"),
        PLAIN.replace(b"1.1", b"1.0"),
        PLAIN.replace(b"Host: x", b"X: y"),
        PLAIN.replace(b"Host: x", b"Host: x\r\nHost: y"),
        PLAIN.replace(b"Host: x", b"Host: x\r\nTransfer-Encoding: chunked"),
        PLAIN.replace(b"Host: x", b"Host: x\r\nExpect: 100-continue"),
        PLAIN.replace(b"Host: x", b"Host: x\r\nUpgrade: h2c"),
        PLAIN.replace(b"Host: x", b"Host: x\r\nContent-Length: 5"),
        PLAIN.replace(b"Host: x", b"Host: x\r\n folded: y"),
        PLAIN.replace(b"Host: x", b"Host: x\r\nX: y\n\nGET / HTTP/1.1"),
        PLAIN.replace(b"Host: x", b"Host: x\r\nX: \x00"),
        PLAIN.replace(b"Host: x", b"Host: x\r\nX\xe4: y"),
        PLAIN.replace(b"Host: x", b"Host: x\r\nnothing"),
        PLAIN.replace(b"keep-alive", b"close"),
        PLAIN.replace(b"Host: x", b"Host: x\r\nConnection: close"),
        PLAIN.replace(b": 5", b": +5"),
        PLAIN.replace(b": 5", b": 5, 5"),
        PLAIN.replace(b": 5", b": 0x5"),
        PLAIN.replace(b"Content-Length: 5", b"Content-Length : 5"),
        PLAIN.replace(b"POST /v1", b"POST  /v1"),
        PLAIN.replace(b"/shop", b"/sh op"),
        PLAIN.replace(b": 5", b": 70000").replace(b"hello", b"h" * 70_000),
    ],
)
def test_what_is_not_whole_or_not_plain_is_left_to_the_parser(data: bytes) -> None:
    assert plain_request(data) is None


@given(
    st.lists(st.sampled_from([*PLAIN.split(b"\r\n"), b"", b"\n", b"hell"]), max_size=8).map(
        b"\r\n".join
    )
    | st.binary(max_size=60).map(PLAIN.__add__)
    | st.tuples(st.integers(0, len(PLAIN) - 1), st.integers(0, 255)).map(
        lambda change: PLAIN[: change[0]] + bytes([change[1]]) + PLAIN[change[0] + 1 :]
    )
)
def test_S36_what_is_read_past_the_parser_is_what_the_parser_reads(data: bytes) -> None:
    read = plain_request(data)
    if read is None:
        return
    server = h11.Connection(h11.SERVER)
    server.receive_data(data)
    request, body, end = (server.next_event() for _ in range(3))

    assert isinstance(request, h11.Request)
    assert (request.method, request.target) == (b"POST", read.target)
    assert list(request.headers) == read.headers
    assert isinstance(body, h11.Data)
    assert body.data == read.body
    assert isinstance(end, h11.EndOfMessage)
    assert not server.trailing_data[0]
