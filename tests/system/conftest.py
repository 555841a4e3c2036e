"""Fixtures only; nothing is imported from here."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import AsyncIterator, Iterator
from contextlib import AsyncExitStack
from pathlib import Path

import pytest
import pytest_asyncio

from services.local import MissingBackendError
from tests.load.router_proof.ground import Ground, given_ground, own_ground
from tests.support import databases
from tests.support.backends import Backends
from tests.support.lanes import Lane, chosen
from tests.support.outage import OUTAGE_SECONDS
from tests.support.running import Running, running

#: Seconds for one test on a busy machine; the first one waits for everything to start.
_SECONDS = 180 + 2 * OUTAGE_SECONDS


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    marks = (pytest.mark.slow, pytest.mark.postgres, pytest.mark.kafka)
    for item in items:
        if "tierline" in getattr(item, "fixturenames", ()):
            for mark in (*marks, pytest.mark.timeout(_SECONDS)):
                item.add_marker(mark)


@pytest_asyncio.fixture(scope="package", loop_scope="package")
async def tierline(backends: Backends) -> AsyncIterator[Running]:
    """The running Tierline of these tests, on the demo's workflow, whose targets are seconds."""
    try:
        async with running(backends) as found:
            yield found
    except MissingBackendError as error:
        if chosen()[1]:
            pytest.skip(str(error))
        pytest.fail(str(error), pytrace=False)


@pytest.fixture
def folder() -> Iterator[Path]:
    """Short, for a socket's path has little room; open, for PostgreSQL may be another user."""
    made = Path(tempfile.mkdtemp(prefix="tierline-"))
    made.chmod(0o755)
    yield made
    shutil.rmtree(made, ignore_errors=True)


@pytest_asyncio.fixture(loop_scope="module")
async def ground(
    request: pytest.FixtureRequest, folder: Path, backends: Backends
) -> AsyncIterator[Ground]:
    """Where a proof of the module's `SERVICE` takes place: a pair of its own with fsync, or a database and
    topics of its own on given servers.
    """
    service: str = request.module.SERVICE
    async with AsyncExitStack() as stack:
        try:
            if backends.lane is Lane.EMBEDDED:
                yield await stack.enter_async_context(own_ground(folder, service))
                return
            name = backends.new_database_name()
            url = await databases.create(backends.server_url, name)
            stack.push_async_callback(databases.drop, backends.server_url, name)
            prefix = {"topic_prefix": backends.new_prefix()}
            yield await given_ground(url, backends.kafka.model_copy(update=prefix), service)
        except MissingBackendError as error:
            if chosen()[1]:
                pytest.skip(str(error))
            pytest.fail(str(error), pytrace=False)
