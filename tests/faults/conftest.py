"""Fixtures of the fault tests over the toy service."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator

import pytest
from sqlalchemy.ext.asyncio import AsyncEngine

from shared import failpoints
from shared.clock import FakeClock
from shared.kafka.memory import MemoryBroker
from tests.support import databases, toy
from tests.support.backends import Backends, in_thread
from tests.support.clones import Clones
from tests.support.standard import make_standard_tables, standard_engine


@pytest.fixture(scope="session")
def toy_template(backends: Backends, postgres_server: str) -> Iterator[str]:
    """A database with the toy's tables, made once and cloned for each test."""
    name = backends.new_database_name()
    url = in_thread(databases.create(postgres_server, name))
    in_thread(make_standard_tables(url))
    in_thread(toy.make_toy_table(url))
    yield name
    in_thread(databases.drop(postgres_server, name))


@pytest.fixture(scope="session")
def toy_clones(backends: Backends, postgres_server: str, toy_template: str) -> Iterator[Clones]:
    """Copies of it."""
    clones = Clones(postgres_server, toy_template, backends.new_database_name)
    yield clones
    clones.close()


@pytest.fixture
def toy_url(toy_clones: Clones) -> Iterator[str]:
    """A database of this test's own."""
    url = toy_clones.take()
    yield url
    toy_clones.drop(url)


@pytest.fixture
async def engine(toy_url: str) -> AsyncIterator[AsyncEngine]:
    """The toy's engine."""
    made = standard_engine(toy_url)
    yield made
    await made.dispose()


@pytest.fixture
async def broker(clock: FakeClock) -> MemoryBroker:
    """A broker with the toy's topics."""
    return await toy.a_broker(clock)


@pytest.fixture(autouse=True)
def _no_failpoints_left() -> Iterator[None]:
    yield
    failpoints.clear()
