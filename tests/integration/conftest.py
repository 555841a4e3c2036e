"""Fixtures of the integration tests."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator

import pytest
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from tests.support import databases
from tests.support.backends import Backends, in_thread
from tests.support.standard import make_standard_tables, standard_engine


@pytest.fixture(scope="session")
def standard_template(backends: Backends, postgres_server: str) -> Iterator[str]:
    """A database with the standard tables of one service, made once and cloned for each test."""
    name = backends.new_database_name()
    url = in_thread(databases.create(postgres_server, name))
    in_thread(make_standard_tables(url))
    yield name
    in_thread(databases.drop(postgres_server, name))


@pytest.fixture
async def standard_url(
    backends: Backends, postgres_server: str, standard_template: str
) -> AsyncIterator[str]:
    """A database of this test's own with the standard tables."""
    name = backends.new_database_name()
    yield await databases.create(postgres_server, name, template=standard_template)
    await databases.drop(postgres_server, name)


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
