"""docs/webhook.md: what it shows is run, against intake over real HTTP."""

from __future__ import annotations

import asyncio
import json
import os
import re
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import httpx2
import pytest

from services.intake.channels.generic import parse
from services.intake.main import build
from shared.clock import SystemClock
from shared.kafka.memory import MemoryBroker
from shared.runtime.http_server import HttpServer
from tests.support.intake import SECRET, settings

PAGE = (Path(__file__).parents[2] / "docs" / "webhook.md").read_text()


def blocks(language: str) -> list[str]:
    """The page's code blocks in a language."""
    return re.findall(rf"```{language}\n(.*?)```", PAGE, re.DOTALL)


@pytest.fixture
async def url(database_url: str) -> AsyncIterator[str]:
    """The webhook's URL of an intake that listens."""
    configured = settings(database_url)
    clock = SystemClock()
    service = build(configured, clock=clock, kafka=MemoryBroker(clock))
    http = configured.http.model_copy(update={"port": 0})
    server = HttpServer(service.app, http)
    running = asyncio.create_task(server.run())
    yield f"{server.url}/v1/channels/generic/webhook"
    server.stop()
    await running
    await service.engine.dispose()


async def test_the_python_example_signs_what_intake_accepts(url: str) -> None:
    [example] = blocks("python")
    named: dict[str, Any] = {}
    exec(example, named)
    body = blocks("json")[0].encode()
    now = int(SystemClock().now().timestamp())

    async with httpx2.AsyncClient() as client:
        headers = named["signed"](SECRET, "example-1", now, body)
        answer = await client.post(url, content=body, headers=headers)

    assert (answer.status_code, answer.json()["outcome"]) == (202, "accepted")


async def test_the_command_line_example_sends_what_intake_accepts(url: str) -> None:
    [example] = blocks("bash")
    process = await asyncio.create_subprocess_exec(
        "bash",
        "-euo",
        "pipefail",
        "-c",
        example,
        env={"PATH": os.environ["PATH"], "SECRET": SECRET, "URL": url, "no_proxy": "*"},
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    out, err = await process.communicate()

    assert process.returncode == 0, err.decode()
    assert json.loads(out)["outcome"] == "accepted"


def test_every_command_shown_can_be_read() -> None:
    shown = [block for block in blocks("json") if '"type"' in block]
    parsed = [parse(block.encode()) for block in shown]

    assert len(shown) == 6
    assert [one.unreadable for one in parsed] == [()] * 6
