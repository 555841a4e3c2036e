"""`tierline feed` against a notifier's feeds on a socket."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import sys
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path

import pytest
from sqlalchemy.ext.asyncio import AsyncEngine

from services.installation import Installation
from shared.contracts import SlaBreached
from tests.support.builders import a
from tests.support.feeding import BLIND_KEY, KEY, MARA, Feed, a_bench, a_page
from tests.support.notifier_bench import Bench

#: Commands are processes, and take their time to start on a busy machine.
pytestmark = [pytest.mark.postgres, pytest.mark.timeout(240)]


@pytest.fixture
async def bench(engine_for: Callable[[str], AsyncEngine]) -> Bench:
    return await a_bench(engine_for("notifier"))


class Terminal:
    """A command that runs, and the lines it prints; `err` is what it says beside its messages."""

    def __init__(self, process: asyncio.subprocess.Process) -> None:
        self.process = process
        assert process.stdout is not None
        assert process.stderr is not None
        self.out, self.err = process.stdout, process.stderr

    async def line(self) -> str:
        """The next line of a message."""
        async with asyncio.timeout(60):
            return (await self.out.readline()).decode().rstrip()

    async def word(self) -> str:
        """The next line beside them."""
        async with asyncio.timeout(60):
            return (await self.err.readline()).decode().rstrip()

    async def leave(self) -> tuple[int, str]:
        """Press Ctrl-C: how it ends, and what it says then."""
        self.process.send_signal(signal.SIGINT)
        return await self.ended()

    async def ended(self) -> tuple[int, str]:
        """Its exit status, and what it had left to say."""
        async with asyncio.timeout(60):
            said = await self.err.read()
            return await self.process.wait(), said.decode()


def _hear_ctrl_c() -> None:
    """As at a terminal, also where the suite itself was put into the background, which ignores it."""
    signal.signal(signal.SIGINT, signal.SIG_DFL)


@asynccontextmanager
async def a_terminal(
    url: str, folder: Path, *words: str, key: str = KEY
) -> AsyncIterator[Terminal]:
    """`tierline feed …` as it runs."""
    Installation("", "", {"notifier": url}, api_key=key).write(folder)
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        *("-m", "services.cli", "feed", *words),
        env={**os.environ, "TIERLINE_LOCAL__DATA_DIR": str(folder), "TZ": "Europe/Berlin"},
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
        preexec_fn=_hear_ctrl_c,
    )
    try:
        yield Terminal(process)
    finally:
        if process.returncode is None:
            process.kill()
        await process.wait()


async def test_messages_come_live_and_ctrl_c_ends_it_quietly(bench: Bench, tmp_path: Path) -> None:
    feed = Feed(bench)
    async with (
        feed.served() as client,
        a_terminal(str(client.base_url), tmp_path, "mara") as terminal,
    ):
        words = [await terminal.word() for _ in range(2)]
        await a_page(bench)
        await feed.hub.step()
        block = [await terminal.line() for _ in range(3)]
        left = await terminal.leave()

    assert ["The feed of mara; Ctrl-C ends it.", "Nothing yet; waiting."] == words
    assert block[0].startswith("2026-06-01 12:00:00 CEST  page    #")
    assert block[1].strip().startswith("tierline ticket ")
    assert block[2].strip().startswith("answer: http://127.0.0.1:")
    assert (0, "") == left


async def test_after_a_lost_connection_it_goes_on_where_it_was(
    bench: Bench, tmp_path: Path
) -> None:
    await a_page(bench)
    feed = Feed(bench)
    async with feed.served() as client:
        url = str(client.base_url)
        terminals = a_terminal(url, tmp_path, "mara", "--json")
        terminal = await terminals.__aenter__()
        greeting = await terminal.word()
        first = json.loads(await terminal.line())
    lost = await terminal.word()
    await bench.hear(a(SlaBreached))
    await bench.deliver()
    again = Feed(bench, port=client.base_url.port or 0)
    async with again.served():
        back = await terminal.word()
        second = json.loads(await terminal.line())
        left = await terminal.leave()
    await terminals.__aexit__(None, None, None)

    assert "The feed of mara; Ctrl-C ends it." == greeting
    assert "The notifier has ended the connection; trying to come back." == lost
    assert "Back." == back
    assert ["escalation.raised", "sla.breached"] == [first["fact"], second["fact"]]
    assert (0, "") == left


async def test_the_token_of_a_feed_says_whose_it_is(bench: Bench, tmp_path: Path) -> None:
    async with Feed(bench).served() as client:
        made = await client.post("/v1/recipients/sofia/feed-tokens")
        url, token = str(client.base_url), made.json()["token"]
        async with a_terminal(url, tmp_path, key=token) as terminal:
            assert "The feed of sofia; Ctrl-C ends it." == await terminal.word()


async def test_what_is_older_than_wanted_is_left_out(bench: Bench, tmp_path: Path) -> None:
    await a_page(bench)
    words = ("mara", "--since", "2026-06-01T10:00:01Z")
    async with (
        Feed(bench).served() as client,
        a_terminal(str(client.base_url), tmp_path, *words) as terminal,
    ):
        said = [await terminal.word() for _ in range(2)]

    assert "Nothing yet; waiting." == said[1]


async def test_who_has_no_feed_is_told_how_to_get_one(bench: Bench, tmp_path: Path) -> None:
    await bench.know([replace(MARA, recipient_id="milo", channels={"email": "m@desk.example"})])
    async with (
        Feed(bench).served() as client,
        a_terminal(str(client.base_url), tmp_path, "milo") as terminal,
    ):
        said = [await terminal.word() for _ in range(2)]

    assert said[1].startswith("milo has no channel `feed`, so nothing is laid into it: ")


@pytest.mark.parametrize(
    ("words", "key", "refusal"),
    [
        (("marra",), KEY, (1, "404: Not found: No recipient 'marra'. Did you mean 'mara'?")),
        (("mara",), BLIND_KEY, (1, "403: Not allowed: The key 'blind' lacks 'feed:read'.")),
        (("mara",), "feed_guess", (1, "401: Not authenticated: Nobody's feed has this token.")),
        ((), KEY, (2, "Say whose feed: `tierline feed RECIPIENT`")),
        (("mara", "--since", "soon"), KEY, (2, "'soon' is neither an instant like")),
    ],
    ids=[
        "nobody",
        "not allowed",
        "a guess",
        "whose",
        "since when",
    ],  # the keys are new in every run
)
async def test_a_refusal_is_a_sentence(
    bench: Bench, tmp_path: Path, words: tuple[str, ...], key: str, refusal: tuple[int, str]
) -> None:
    async with (
        Feed(bench).served() as client,
        a_terminal(str(client.base_url), tmp_path, *words, key=key) as terminal,
    ):
        ended, said = await terminal.ended()

    status, sentence = refusal
    assert status == ended
    assert sentence in said
    assert "Traceback" not in said


async def test_a_notifier_that_was_never_there_is_said_at_once(tmp_path: Path) -> None:
    async with a_terminal("http://127.0.0.1:9", tmp_path, "mara") as terminal:
        ended, said = await terminal.ended()

    assert (1, True) == (ended, said.startswith("The notifier is away (http://127.0.0.1:9/v1/feed"))
