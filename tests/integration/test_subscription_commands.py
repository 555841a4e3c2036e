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

#: Commands are processes, and take their time to start on a busy machine.
pytestmark = [pytest.mark.postgres, pytest.mark.timeout(240)]


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


async def test_a_system_is_subscribed_shown_and_removed(console: Console) -> None:
    words = ("--event", "escalation.*", "--level", "l2", "--owner", "a@b.example")
    status, said = await console.command("add", console.sink.url, *words)
    name = said.split()[1]
    shown = await console.command("show", name)
    listed = await console.command("list")
    removed = await console.command("remove", name)

    assert (0, True) == (status, "secret (shown once): whsec_" in said)
    assert "only level: l2" in shown[1]
    assert f"{name}  enabled" in listed[1]
    assert (0, f"{name} is removed\n") == removed
    assert [] == await console.desk.ask("GET", "")


async def test_what_was_delivered_is_seen_and_sent_again(console: Console) -> None:
    name = (await console.desk.subscribe(console.sink.url))["subscription_id"]
    [event] = await console.desk.hear(a(EscalationRaised))
    await console.desk.deliver()
    replayed = await console.command("replay", name, "--from", "2026-06-01T10:00:00Z")
    await console.desk.deliver()
    resent = await console.command("resend", name, str(event.id))
    await console.desk.deliver()
    logged = await console.command("log", name)
    attempts = await console.command("log", name, str(event.id))

    again = "1 events are delivered again. Every event of this time was kept.\n"
    assert ((0, again), 0) == (replayed, resent[0])
    assert f"{event.id}  escalation.raised  sent    3" in logged[1]
    assert ["1.", "2.", "3."] == re.findall(r"^\d\.", attempts[1], re.MULTILINE)


async def test_a_subscription_is_tested_rotated_and_switched(console: Console) -> None:
    name = (await console.desk.subscribe(console.sink.url))["subscription_id"]
    tested = await console.command("test", name)
    rotated = await console.command("rotate", name)
    switched = [await console.command(word, name) for word in ("disable", "enable")]

    assert (0, True) == (tested[0], tested[1].startswith("a test is under way"))
    assert (0, True) == (rotated[0], rotated[1].startswith("secret (shown once): whsec_"))
    assert [(0, f"{name} is disabled\n"), (0, f"{name} is enabled\n")] == switched


async def test_a_refusal_is_a_sentence_that_names_the_field(console: Console) -> None:
    status, said = await console.command("add", "ftp://hooks.example/")

    assert (1, "422: Look at body.url.") == (status, said.splitlines()[0])
