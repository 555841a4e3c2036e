"""Only what is plain and whole is answered unparsed; whatever else it is goes the usual way (S36)."""

from __future__ import annotations

import h11
import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.runtime.gate import BUSY, Gate, path_of

HEAD = b"POST /v1/channels/shop/webhook?a=b HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\n"
PLAIN = HEAD + b"\r\nhello"


def test_a_whole_plain_request_is_known_by_its_path() -> None:
    assert path_of(PLAIN) == "/v1/channels/shop/webhook"


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
        PLAIN.replace(b"Host: x", b"Transfer-Encoding: chunked"),
        PLAIN.replace(b"Host: x", b"Connection: close"),
        PLAIN.replace(b"Host: x", b"Expect: 100-continue"),
        PLAIN.replace(b"Host: x", b"Content-Length: 5"),
        PLAIN.replace(b"Host: x", b"X: y\n\nGET / HTTP/1.1"),
        PLAIN.replace(b": 5", b": +5"),
        PLAIN.replace(b": 5", b": 0x5"),
        PLAIN.replace(b"Content-Length: 5", b"Content-Length : 5"),
        PLAIN.replace(b"POST /v1", b"POST  /v1"),
        PLAIN.replace(b"Host: x", b"X: " + b"y" * 20_000),
    ],
)
def test_what_is_not_whole_or_not_plain_goes_the_usual_way(data: bytes) -> None:
    assert path_of(data) is None


def test_the_answer_is_one_that_clients_understand() -> None:
    client = h11.Connection(h11.CLIENT)
    client.send(h11.Request(method="POST", target="/", headers=[("host", "x")]))
    client.send(h11.EndOfMessage())
    client.receive_data(BUSY)

    answer = client.next_event()
    assert isinstance(answer, h11.Response)
    assert (answer.status_code, dict(answer.headers)[b"retry-after"]) == (503, b"1")
    assert isinstance(client.next_event(), h11.Data)
    assert isinstance(client.next_event(), h11.EndOfMessage)


@given(
    st.lists(st.sampled_from([*PLAIN.split(b"\r\n"), b"", b"\n", b"hell"]), max_size=8).map(
        b"\r\n".join
    )
    | st.binary(max_size=60).map(PLAIN.__add__)
    | st.tuples(st.integers(0, len(PLAIN) - 1), st.integers(0, 255)).map(
        lambda change: PLAIN[: change[0]] + bytes([change[1]]) + PLAIN[change[0] + 1 :]
    )
)
def test_S36_what_is_answered_unparsed_is_one_whole_request_for_a_parser_too(data: bytes) -> None:
    if path_of(data) is None:
        return
    server = h11.Connection(h11.SERVER)
    server.receive_data(data)
    try:
        events = [server.next_event() for _ in range(3)]
    except h11.RemoteProtocolError:
        return  # refused either way, and its end is the end of all that was sent
    assert isinstance(events[0], h11.Request)
    assert isinstance(events[-1], h11.EndOfMessage) or isinstance(events[1], h11.EndOfMessage)
    assert not server.trailing_data[0]


@pytest.mark.parametrize(
    ("full", "path", "closed"),
    [(True, "/v1/channels/shop/webhook", True), (True, "/other", False), (False, "/other", False)],
)
def test_a_gate_is_closed_only_while_the_service_is_full_and_says_so(
    path: str, *, full: bool, closed: bool
) -> None:
    gate = Gate(lambda: full, lambda asked: asked.startswith("/v1/channels/"))

    assert gate.is_closed_to(PLAIN.replace(b"/v1/channels/shop/webhook", path.encode())) is closed
