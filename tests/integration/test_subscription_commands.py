"""`tierline subscriptions` against a notifier's routes on a socket."""

from __future__ import annotations

import asyncio
import os
import re
import sys
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass
from pathlib import Path

import pytest
from sqlalchemy.ext.asyncio import AsyncEngine

from services.installation import Installation
from shared.contracts import EscalationRaised
from shared.runtime.http_server import HttpServer
from shared.settings import HttpSettings
from tests.support.builders import a
from tests.support.sinks import HookSink, a_webhook_endpoint
from tests.support.subscribing import KEY, Desk, a_desk

pytestmark = pytest.mark.postgres


@dataclass
class Console:
    """A desk, and the command line that finds it."""

    desk: Desk
    sink: HookSink
    folder: Path

    async def command(self, *words: str) -> tuple[int | None, str]:
        """The exit status of `tierline subscriptions …` and what it printed."""
        process = await asyncio.create_subprocess_exec(
            sys.executable,
            *("-m", "services.cli", "subscriptions", *words),
            env={**os.environ, "TIERLINE_LOCAL__DATA_DIR": str(self.folder)},
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.STDOUT,
        )
        printed, _ = await process.communicate()
        return process.returncode, printed.decode()


@pytest.fixture
async def console(
    engine_for: Callable[[str], AsyncEngine], tmp_path: Path
) -> AsyncIterator[Console]:
    async with (
        a_webhook_endpoint() as sink,
        a_desk(engine_for("notifier"), allowed=sink.allowed) as desk,
    ):
        server = HttpServer(desk.app, HttpSettings(port=0))
        serving = asyncio.create_task(server.run())
        Installation("", "", {"notifier": server.url}, api_key=KEY).write(tmp_path)
        yield Console(desk, sink, tmp_path)
        server.stop()
        await serving


async def test_a_system_is_subscribed_tested_replayed_rotated_and_removed(console: Console) -> None:
    status, said = await console.command(
        "add",
        console.sink.url,
        "--event",
        "escalation.*",
        "--level",
        "l2",
        "--owner",
        "a@b.example",
    )
    name = said.split()[1]
    tested = await console.command("test", name)
    await console.desk.hear(a(EscalationRaised, level="l2"))
    await console.desk.deliver()
    replayed = await console.command("replay", name, "--from", "2026-06-01")
    await console.desk.deliver()
    logged = await console.command("log", name)
    [event] = re.findall(r"(\S+) +escalation\.raised", logged[1])
    resent = await console.command("resend", name, event)
    await console.desk.deliver()
    attempts = await console.command("log", name, event)
    shown = await console.command("show", name)
    rotated = await console.command("rotate", name)
    switched = [await console.command(word, name) for word in ("disable", "enable")]
    listed = await console.command("list")
    removed = await console.command("remove", name)
    empty = await console.command("list")

    assert (0, True) == (status, "secret (shown once): whsec_" in said)
    assert (0, True) == (tested[0], tested[1].startswith("a test is under way"))
    assert (0, True) == (replayed[0], replayed[1].startswith("1 events are delivered again."))
    assert (0, 0) == (resent[0], attempts[0])
    assert ["1.", "2.", "3."] == re.findall(r"^\d\.", attempts[1], re.MULTILINE)
    assert "only level: l2" in shown[1]
    assert (0, True) == (rotated[0], rotated[1].startswith("secret (shown once): whsec_"))
    assert [(0, f"{name} is disabled\n"), (0, f"{name} is enabled\n")] == switched
    assert f"{name}  enabled" in listed[1]
    assert ((0, f"{name} is removed\n"), (0, "Nobody has subscribed.\n")) == (removed, empty)


async def test_a_refusal_is_a_sentence_that_names_the_field(console: Console) -> None:
    status, said = await console.command("add", "ftp://hooks.example/")

    assert (1, "422: Look at body.url.") == (status, said.splitlines()[0])
