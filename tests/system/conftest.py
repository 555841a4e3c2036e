"""Fixtures only; nothing is imported from here."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest
import pytest_asyncio

from services.local import MissingBackendError
from tests.support.backends import Backends
from tests.support.lanes import chosen
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
