"""The one door out against everything that leads to an inner address: counted where connections are made.

A listener on loopback counts who comes, and every connection that is attempted at all is seen by an audit
hook of the interpreter, below any library (security S20-S22).
"""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import pytest

from shared.http.addresses import is_public
from shared.http.egress import Egress, EgressError, EgressRefused
from tests.support.sink_faults import Captures, FaultyHook, HookFault, a_trap, faulty_hooks

#: Connections attempted while somebody looks.
_ATTEMPTED: list[Any] = []
_looking = False


def _look(event: str, arguments: tuple[Any, ...]) -> None:
    if _looking and event == "socket.connect":
        _ATTEMPTED.append(arguments[1])


@contextmanager
def attempted() -> Iterator[list[Any]]:
    """The addresses that this process tries to connect to inside."""
    global _looking  # noqa: PLW0603 -- an audit hook cannot be taken away again
    _ATTEMPTED.clear()
    _looking = True
    try:
        yield _ATTEMPTED
    finally:
        _looking = False


@pytest.fixture(scope="module", autouse=True)
def _hook() -> None:
    sys.addaudithook(_look)


#: Ways to write 127.0.0.1 and its like as a host.
HOSTS = (
    *("127.0.0.1", "127.1", "127.0.1", "127.255.255.254", "2130706433", "017700000001"),
    *("0177.0.0.1", "0177.0.0.01", "0x7f.0.0.1", "0x7f000001", "0x7f.1", "127.0.0.0x1"),
    *("0", "0.0.0.0", "0x0", "00000000000", "127.0.0.1.", "127.1.", "2130706433."),
    *("localhost", "localhost.", "LOCALHOST", "ip6-localhost", "localhost.localdomain"),
    *("[::1]", "[::]", "[0:0:0:0:0:0:0:1]", "[::ffff:127.0.0.1]", "[::ffff:7f00:1]"),
    *("[::ffff:0:127.0.0.1]", "[::127.0.0.1]", "[::7f00:1]", "[64:ff9b::127.0.0.1]"),
    *("[64:ff9b::7f00:1]", "[64:ff9b:1::7f00:1]", "[64:ff9b:1:ffff::7f00:1]"),
    *("[2002:7f00:1::]", "[2002:7f00:1::1]", "[2002:a00:1::]", "[2002:a9fe:a9fe::]"),
    *("[2001:0:7f00:1::]", "[2001:0:808:808:0:0:80ff:fffe]", "[fe80::1]", "[fe80::1%25lo]"),
    *("[fe80::1%25eth0]", "[fec0::1]", "[fc00::1]", "[fd00::1]", "[ff02::1]", "[100::1]"),
    *("[2001:db8::1]", "[3fff::1]", "[5f00::1]", "[::ffff:169.254.169.254]"),
    *("169.254.169.254", "169.254.170.2", "[fd00:ec2::254]", "100.100.100.200", "192.0.0.192"),
    *("10.0.0.1", "10.255.255.255", "172.16.0.1", "172.31.255.255", "192.168.0.1", "100.64.0.1"),
    *("100.127.255.255", "192.0.0.8", "192.0.2.1", "198.18.0.1", "198.19.255.255", "198.51.100.1"),
    *("203.0.113.1", "224.0.0.1", "239.255.255.255", "240.0.0.1", "255.255.255.255", "0.1.2.3"),
    *("[::ffff:10.0.0.1]", "[::ffff:192.168.0.1]", "[64:ff9b::10.0.0.1]", "[64:ff9b::a9fe:a9fe]"),
    *(
        "127。0。0。1",
        "127\uff0e0\uff0e0\uff0e1",
        "127\uff610\uff610\uff611",
        "\u2460\u2461\u2466.0.0.1",
    ),
    *(
        "１２７.0.0.1",
        "loc\u00adalhost",
        "ⓛocalhost",
        "127.0.0.1%00.example.com",
        "%31%32%37.0.0.1",
    ),
    *("127.0.0.1%2eexample.com", "0x7f.0x0.0x0.0x1", "0177.0.0.0x1", "4294967296", "99999999999"),
    *("1e9", "127.0.0.1e0", "[::1", "::1", "[127.0.0.1]", "[v1.a]", "[::1%lo]", "", ".", ".."),
)

#: What can stand around a host.
SHAPES = (
    "https://{}/", "https://{}:443/", "https://{}:8443/hook", "https://{}:{port}/", "http://{}/",
    "http://{}:{port}/", "https://{}:22/", "https://{}:0/", "https://{}:65536/", "//{}/",
    "https://user@{}/", "https://user:pw@{}/", "https://example.com@{}/", "https://@{}/",
    "https://{}#@example.com/", "https://{}/#x", "https://{}\\@example.com/", "https:/{}/",
    "https://example.com\\@{}/", "https://{} /", "https://{}\t/", "https://{}\r\nhost: x/",
    "https://{}?@example.com", "ftp://{}/", "gopher://{}/", "file://{}/etc/passwd", "HTTPS://{}/",
)  # fmt: skip

#: Addresses a name may stand for: one inner one among many is one too many.
ANSWERS = (
    ["127.0.0.1"],
    ["93.184.216.34", "127.0.0.1"],
    ["93.184.216.34", "::1"],
    ["2606:4700::1111", "::ffff:10.0.0.1"],
    ["64:ff9b::7f00:1"],
    ["2002:7f00:1::"],
    ["2001:0:7f00:1::"],
    ["169.254.169.254"],
    ["0.0.0.0"],
    ["::"],
    ["fe80::1%2"],
)


class Names:
    """A resolver that answers with `answers` one after the other, and the last one for ever."""

    def __init__(self, *answers: Sequence[str]) -> None:
        self.answers = list(answers)
        self.asked: list[str] = []

    async def __call__(self, host: str, _port: int) -> list[str]:
        """The addresses of `host`, this time."""
        self.asked.append(host)
        found = self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]
        return list(found)


async def post(url: str, egress: Egress) -> str:
    """What came of it, in a word."""
    try:
        reply = await egress.post(url, content=b"{}", headers={}, timeout_seconds=1.0)
    except EgressError as error:
        return type(error).__name__
    finally:
        await egress.close()
    return str(reply.status)


async def test_S21_no_spelling_of_an_inner_address_gets_a_connection() -> None:
    """Every host in every shape: nobody comes, and nobody is tried."""
    corpus = [(host, shape) for host in HOSTS for shape in SHAPES]
    assert len(corpus) > 2500
    async with a_trap() as trap:
        with attempted() as connections:
            wrong = []
            egress = Egress()
            for host, shape in corpus:
                url = shape.format(host, port=trap.port)
                try:
                    await egress.post(url, content=b"{}", headers={}, timeout_seconds=1.0)
                    wrong.append(url)
                except EgressError:
                    continue
            await egress.close()
        inner = [to for to in connections if isinstance(to, tuple) and not is_public_or_dns(to)]

    assert ([], [], 0) == (wrong, inner, trap.connections)


def is_public_or_dns(to: tuple[Any, ...]) -> bool:
    """A connection to the public internet, or the resolver's own question to its server."""
    return to[1] == 53 or is_public(str(to[0]).partition("%")[0])


@pytest.mark.parametrize("answer", ANSWERS, ids=",".join)
async def test_S21_a_name_with_an_inner_address_among_its_addresses_is_refused(
    answer: list[str],
) -> None:
    with attempted() as connections:
        said = await post("https://hooks.example.com/", Egress(resolve=Names(answer)))

    assert (EgressRefused.__name__, []) == (said, connections)


async def test_S21_a_name_is_asked_for_once_and_what_it_said_then_is_connected_to() -> None:
    """Rebinding: public when it is looked at, loopback when it would be looked at again."""
    names = Names(["192.88.98.1"], ["127.0.0.1"])
    async with a_trap() as trap:
        with attempted() as connections:
            await post("https://rebinding.example.com:8443/", Egress(resolve=names))

    assert (["rebinding.example.com"], 0) == (names.asked, trap.connections)
    assert {"192.88.98.1"} == {to[0] for to in connections}


async def test_S21_every_attempt_looks_anew() -> None:
    """A name that was public at the first attempt is refused at the second."""
    names = Names(["192.88.98.1"], ["127.0.0.1"])
    with attempted() as connections:
        egress = Egress(resolve=names)
        first = await post("https://rebinding.example.com/", egress)
        second = await post("https://rebinding.example.com/", Egress(resolve=names))

    assert (False, True) == (first == "EgressRefused", second == "EgressRefused")
    assert {"192.88.98.1"} == {to[0] for to in connections}


@pytest.mark.parametrize("host", ["hooks.example.com.", "HOOKS.example.com", "xn--hks-0qa.example"])
async def test_S21_a_name_however_it_is_written_is_judged_by_its_addresses(host: str) -> None:
    said = await post(f"https://{host}/", Egress(resolve=Names(["10.0.0.1"])))

    assert EgressRefused.__name__ == said


async def test_S20_a_redirect_to_loopback_is_an_answer_and_is_not_followed() -> None:
    async with a_trap() as trap:
        hook = FaultyHook(Captures(), lambda: HookFault.REDIRECT_TO_LOOPBACK, trap_port=trap.port)
        async with faulty_hooks(hook):
            said = await post(hook.url, Egress(frozenset({f"127.0.0.1:{hook.port}"})))

    assert ("302", 1, 0) == (said, hook.connections, trap.connections)


async def test_S20_what_the_operator_allows_is_that_host_and_port_and_nothing_beside_it() -> None:
    async with a_trap() as allowed, a_trap() as trap:
        egress = Egress(frozenset({f"127.0.0.1:{allowed.port}"}))
        for url in (
            f"http://127.0.0.1:{trap.port}/",
            f"http://localhost:{allowed.port}/",
            f"http://127.1:{allowed.port}/",
            f"http://[::ffff:127.0.0.1]:{allowed.port}/",
            f"http://user@127.0.0.1:{allowed.port}/",
            f"http://127.0.0.1.:{allowed.port}/",
        ):
            with pytest.raises(EgressRefused):
                await egress.post(url, content=b"", headers={})
        await egress.close()

    assert (0, 0) == (allowed.connections, trap.connections)


async def test_the_counting_is_not_blind() -> None:
    """A connection that is made is counted in both places."""
    async with a_trap() as trap:
        with attempted() as connections:
            reader, writer = await asyncio.open_connection("127.0.0.1", trap.port)
            writer.write(b"GET / HTTP/1.1\r\n\r\n")
            await reader.read()
            writer.close()

    assert (1, [("127.0.0.1", trap.port)]) == (trap.connections, connections)
