"""A notifier that is killed while every receiver fails, scaled down: all told or given up, nothing twice
without a reason.
"""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import AsyncIterator, Iterator
from contextlib import AsyncExitStack
from pathlib import Path

import pytest
import pytest_asyncio

from services.local import MissingBackendError
from tests.load.notifier_proof.plan import Plan, Verdict
from tests.load.notifier_proof.proof import Proof
from tests.load.router_proof.ground import Ground, given_ground, own_ground
from tests.support import databases
from tests.support.backends import Backends
from tests.support.lanes import Lane, chosen

pytestmark = [
    pytest.mark.slow,
    pytest.mark.postgres,
    pytest.mark.kafka,
    pytest.mark.timeout(300),
    pytest.mark.asyncio(loop_scope="module"),
]

PLAN = Plan(notifications=120, kill_every=4.0, ill=6.0, pages=0.0, bundle="2s")


@pytest.fixture
def folder() -> Iterator[Path]:
    """Short, for a socket's path has little room; open, for PostgreSQL may be another user."""
    made = Path(tempfile.mkdtemp(prefix="tierline-"))
    made.chmod(0o755)
    yield made
    shutil.rmtree(made, ignore_errors=True)


@pytest_asyncio.fixture(loop_scope="module")
async def ground(folder: Path, backends: Backends) -> AsyncIterator[Ground]:
    """A pair of its own with fsync, or a database and topics of its own on given servers."""
    async with AsyncExitStack() as stack:
        try:
            if backends.lane is Lane.EMBEDDED:
                yield await stack.enter_async_context(own_ground(folder, "notifier"))
                return
            name = backends.new_database_name()
            url = await databases.create(backends.server_url, name)
            stack.push_async_callback(databases.drop, backends.server_url, name)
            prefix = {"topic_prefix": backends.new_prefix()}
            kafka = backends.kafka.model_copy(update=prefix)
            yield await given_ground(url, kafka, "notifier")
        except MissingBackendError as error:
            if chosen()[1]:
                pytest.skip(str(error))
            pytest.fail(str(error), pytrace=False)


async def test_I17_I18_all_are_told_or_given_up_with_a_fact_and_every_repeat_has_a_reason(
    ground: Ground, folder: Path
) -> None:
    """120 notifications, a fifth of all requests answered with a fault; `make prove-notifier`: 10,000."""
    found = await Proof(PLAN, ground, folder).run()

    assert dict.fromkeys(Verdict().wrong, 0) == found.wrong
    assert found.kills >= 1
    assert 0 == found.own_ends
    assert PLAN.notifications <= found.sent + found.dead + found.suppressed
