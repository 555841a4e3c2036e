"""A service or command that cannot run as it is told to says so in one line, and ends with a status."""

from __future__ import annotations

import asyncio
import json
import signal
import socket
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

import httpx2
import pytest

from services.fleet import Fleet, FleetError, free_ports
from services.installation import PORTS
from tests.support.running import ROOT, Said, run_command, until, untouched

pytestmark = pytest.mark.slow

#: Nobody listens there.
NOWHERE: Final = "postgresql://nobody@127.0.0.1:9/tierline"


def told(said: Said) -> str:
    """The one line that says what is wrong; what else is in the log only says that it ended."""
    lines = [told_by(line) for line in (said.out + said.err).splitlines()]
    [wrong] = [line for line in lines if line is not None]
    return wrong


def told_by(line: str) -> str | None:
    """What a line complains of, if it does."""
    if not line.startswith("{"):
        return line
    entry = json.loads(line)
    return str(entry["message"]) if entry["level"] in {"error", "critical"} else None


@pytest.fixture
def misspelt(tmp_path: Path) -> dict[str, str]:
    """The environment of a service whose workflow file has a mistake."""
    workflow = tmp_path / "mine.yaml"
    workflow.write_text("version: 1\nrouting_ruels: []\n")
    return {"TIERLINE_WORKFLOW_FILE": str(workflow)}


async def test_a_mistake_in_the_workflow_file_names_its_place(misspelt: dict[str, str]) -> None:
    runs = [run_command("run", service, environment=misspelt) for service in PORTS]

    for said in await asyncio.gather(*runs):
        assert 2 == said.status
        assert "mine.yaml:2:1 routing_ruels" in told(said)
        assert 'did you mean "routing_rules"?' in told(said)


async def test_a_fleet_does_not_start_again_what_cannot_run(
    misspelt: dict[str, str], tmp_path: Path
) -> None:
    said: list[str] = []
    ports = free_ports(["router"])
    with pytest.raises(FleetError, match=r"router cannot run:(.|\n)*mine\.yaml:2:1"):
        async with Fleet(misspelt, log_dir=tmp_path, ports=ports, tell=said.append) as fleet:
            await fleet.ready()

    assert [] == said


async def test_a_source_without_a_secret_names_the_setting() -> None:
    said = await run_command(
        "run", "intake", environment={"TIERLINE_INTAKE__SOURCES__SHOP__CHANNEL": "generic"}
    )

    assert 2 == said.status
    assert "TIERLINE_INTAKE__SOURCES__SHOP__SECRETS" in told(said)


@pytest.mark.parametrize("words", [("run", "router"), ("migrate",)])
async def test_a_setting_that_is_none_names_its_variable_and_not_its_value(
    words: tuple[str, ...],
) -> None:
    said = await run_command(*words, environment={"TIERLINE_HTTP__PORT": "geheim"})

    assert 2 == said.status
    message = told(said)
    assert "TIERLINE_HTTP__PORT: " in message
    assert "geheim" not in message


async def test_a_database_without_migrations_names_the_command(empty_database_url: str) -> None:
    said = await run_command(
        "run", "router", environment={"TIERLINE_DATABASE__URL": empty_database_url}
    )

    assert 3 == said.status
    assert "run `tierline migrate`" in told(said)


@pytest.fixture
def taken_port() -> Iterator[int]:
    """A port on which somebody listens."""
    with socket.create_server(("127.0.0.1", 0)) as somebody:
        yield somebody.getsockname()[1]


async def test_a_taken_port_is_named(taken_port: int) -> None:
    said = await run_command(
        "run", "notifier", environment={"TIERLINE_HTTP__PORT": str(taken_port)}
    )

    assert 2 == said.status
    assert f"cannot listen on 127.0.0.1:{taken_port}" in told(said)


async def test_a_command_without_its_database_says_so() -> None:
    said = await run_command("migrate", environment={"TIERLINE_DATABASE__URL": NOWHERE})

    assert 1 == said.status
    assert "The database said: " in told(said)


async def test_a_service_waits_for_its_database_says_why_and_stops_well() -> None:
    [port] = free_ports(["router"]).values()
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "services.cli", "run", "router",
        cwd=ROOT,
        env={**untouched(), "TIERLINE_DATABASE__URL": NOWHERE, "TIERLINE_HTTP__PORT": str(port)},
        stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
    )  # fmt: skip
    try:
        async with httpx2.AsyncClient(trust_env=False) as client:
            reasons = await reasons_of(client, f"http://127.0.0.1:{port}")
        process.send_signal(signal.SIGTERM)
        async with asyncio.timeout(20):
            out, _ = await process.communicate()
    finally:
        if process.returncode is None:
            process.kill()

    assert 0 == process.returncode
    assert any(reason.startswith("database: ") for reason in reasons)
    lines = [json.loads(line) for line in out.decode().splitlines()]
    awaited, *_ = [line for line in lines if line.get("action") == "database_awaited"]
    assert "The database does not answer yet" in awaited["message"]


async def reasons_of(client: httpx2.AsyncClient, url: str) -> list[str]:
    """Why the service is not ready, as soon as it can say."""
    found: list[Any] = []

    async def answers() -> bool:
        try:
            answer = await client.get(f"{url}/readyz")
        except httpx2.TransportError:
            return False
        found[:] = answer.json()["reasons"]
        return answer.status_code == httpx2.codes.SERVICE_UNAVAILABLE

    await until(answers, "the service says why it is not ready")
    return found


async def test_the_configuration_is_shown_without_its_secrets() -> None:
    environment = {
        "TIERLINE_DATABASE__URL": "postgresql://tierline:geheim@db/tierline",
        "TIERLINE_KAFKA__SECURITY__PASSWORD": "geheim",
        "TIERLINE_NOTIFIER__INTAKE_KEY": "geheim",
        "TIERLINE_NOTIFIER__PUBLIC_URL": "https://tierline.example",
    }

    said = await run_command("run", "notifier", "--print-config", environment=environment)

    assert (0, "") == (said.status, said.err)
    assert "geheim" not in said.out
    assert "https://tierline.example" == json.loads(said.out)["notifier"]["public_url"]
