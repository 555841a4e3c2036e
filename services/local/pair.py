"""Both halves together, each replaced by a URL where one is given; where a running pair is found."""

from __future__ import annotations

import asyncio
import os
import sys
from contextlib import AsyncExitStack
from pathlib import Path
from types import TracebackType
from typing import Final, Self

import asyncpg
import msgspec
from pydantic_settings import BaseSettings, SettingsConfigDict

from .broker import EmbeddedBroker
from .postgres import EmbeddedPostgres

_DATABASE: Final = "tierline"
_WATCH_SECONDS: Final = 0.5

#: What the embedded broker needs said about it (settings of `shared.settings.KafkaSettings`).
#: A group's first join takes half a session there.
BROKER_TRAITS: Final = {
    "idempotence": False,
    "fetch_max_wait_ms": 50,
    "volatile": True,
    "session_timeout_ms": 6000,
}


class LocalSettings(BaseSettings):
    """`TIERLINE_LOCAL__…`: where the pair keeps its data and where its binaries are."""

    model_config = SettingsConfigDict(env_prefix="TIERLINE_LOCAL__", frozen=True, extra="ignore")

    data_dir: Path | None = None
    postgres_bin: Path | None = None
    broker_bin: Path | None = None

    @property
    def folder(self) -> Path:
        """The data folder: as set, else the platform's place for a user's data."""
        return self.data_dir or _user_data_folder()


class Endpoints(msgspec.Struct, frozen=True, omit_defaults=True):
    """Where a pair can be reached; None for a half that is not embedded."""

    database_url: str | None = None
    bootstrap_servers: str | None = None

    @property
    def environment(self) -> dict[str, str]:
        """The variables that make a Tierline process use these endpoints."""
        variables = {}
        if self.database_url is not None:
            variables["TIERLINE_DATABASE__URL"] = self.database_url
        if self.bootstrap_servers is not None:
            variables["TIERLINE_KAFKA__BOOTSTRAP_SERVERS"] = self.bootstrap_servers
            for name, value in BROKER_TRAITS.items():
                variables[f"TIERLINE_KAFKA__{name.upper()}"] = str(value).lower()
        return variables


class LocalPair:
    """`async with LocalPair(folder) as pair`: servers run inside, and have ended after it.

    `postgres=False` or `broker=False` leaves a half out. A pair starts in about a second the first time
    and a tenth of it later.
    """

    def __init__(
        self,
        data_dir: Path,
        *,
        settings: LocalSettings | None = None,
        postgres: bool = True,
        broker: bool = True,
    ) -> None:
        settings = settings or LocalSettings()
        self._stack = AsyncExitStack()
        self.postgres = (
            EmbeddedPostgres(data_dir, binaries=settings.postgres_bin) if postgres else None
        )
        self.broker = EmbeddedBroker(data_dir, binary=settings.broker_bin) if broker else None

    @property
    def endpoints(self) -> Endpoints:
        """Where the halves of this pair are reached."""
        return Endpoints(
            database_url=self.postgres.url(_DATABASE) if self.postgres else None,
            bootstrap_servers=self.broker.bootstrap_servers if self.broker else None,
        )

    async def __aenter__(self) -> Self:
        """Start both halves; what has started is stopped again if the other fails."""
        try:
            if self.postgres:
                self._stack.push_async_callback(asyncio.to_thread, self.postgres.stop)
                await asyncio.to_thread(self.postgres.start)
                await _create_database(self.postgres)
            if self.broker:
                self._stack.push_async_callback(asyncio.to_thread, self.broker.stop)
                await asyncio.to_thread(self.broker.start)
        except BaseException:
            await self._stack.aclose()
            raise
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Stop what runs."""
        await self._stack.aclose()

    async def watch(self) -> None:
        """Return never; raise BackendDiedError when a half has ended."""
        while True:
            for half in (self.postgres, self.broker):
                if half is not None:
                    half.require_running()
            await asyncio.sleep(_WATCH_SECONDS)


async def _create_database(postgres: EmbeddedPostgres) -> None:
    connection = await asyncpg.connect(postgres.url())
    try:
        known = await connection.fetchval("SELECT 1 FROM pg_database WHERE datname = $1", _DATABASE)
        if not known:
            await connection.execute(f"CREATE DATABASE {_DATABASE}")
    finally:
        await connection.close()


def _user_data_folder() -> Path:
    """Root's own folders are closed to the user PostgreSQL then runs as, so root has another place."""
    if os.geteuid() == 0:
        return Path("/var/lib/tierline")
    if sys.platform == "darwin":
        return Path.home() / "Library" / "Application Support" / "tierline"
    return Path(os.environ.get("XDG_DATA_HOME") or Path.home() / ".local" / "share") / "tierline"
