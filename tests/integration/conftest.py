"""Fixtures of the integration tests."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator

import pytest
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from tests.support import databases
from tests.support.backends import Backends, in_thread
from tests.support.clones import Clones
from tests.support.standard import make_standard_tables, standard_engine


@pytest.fixture(scope="session")
def standard_template(backends: Backends, postgres_server: str) -> Iterator[str]:
    """A database with the standard tables of one service, made once and cloned for each test."""
    name = backends.new_database_name()
    url = in_thread(databases.create(postgres_server, name))
    in_thread(make_standard_tables(url))
    yield name
    in_thread(databases.drop(postgres_server, name))


@pytest.fixture(scope="session")
def standard_clones(
    backends: Backends, postgres_server: str, standard_template: str
) -> Iterator[Clones]:
    """Copies of it."""
    clones = Clones(postgres_server, standard_template, backends.new_database_name)
    yield clones
    clones.close()


@pytest.fixture
def standard_url(standard_clones: Clones) -> Iterator[str]:
    """A database of this test's own with the standard tables."""
    url = standard_clones.take()
    yield url
    standard_clones.drop(url)


@pytest.fixture
async def engine(standard_url: str) -> AsyncIterator[AsyncEngine]:
    """The service's engine on this test's database."""
    made = standard_engine(standard_url)
    yield made
    await made.dispose()


@pytest.fixture
async def tx(engine: AsyncEngine) -> AsyncIterator[AsyncConnection]:
    """One transaction, rolled back after the test."""
    async with engine.connect() as connection:
        yield connection
