"""Escalators and what may happen to them, scaled down: nothing missing, doubled, early or false."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import AsyncIterator, Iterator
from contextlib import AsyncExitStack
from pathlib import Path

import pytest
import pytest_asyncio

from services.local import MissingBackendError
from tests.load.escalator_proof.plan import Plan, Verdict
from tests.load.escalator_proof.proof import Proof
from tests.load.router_proof.ground import Ground, given_ground, own_ground
from tests.support import databases
from tests.support.backends import Backends
from tests.support.lanes import Lane, chosen

pytestmark = [
    pytest.mark.slow,
    pytest.mark.postgres,
    pytest.mark.kafka,
    pytest.mark.timeout(240),
    pytest.mark.asyncio(loop_scope="module"),
]

PLAN = Plan(
    deadlines=200, pace=0.12, kill_every=6.0, outage=4.0, lag=5.0, stepped=2.5, calm=1.5, seed=8
)


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
                yield await stack.enter_async_context(own_ground(folder, "escalator"))
                return
            name = backends.new_database_name()
            url = await databases.create(backends.server_url, name)
            stack.push_async_callback(databases.drop, backends.server_url, name)
            prefix = {"topic_prefix": backends.new_prefix()}
            kafka = backends.kafka.model_copy(update=prefix)
            yield await given_ground(url, kafka, "escalator")
        except MissingBackendError as error:
            if chosen()[1]:
                pytest.skip(str(error))
            pytest.fail(str(error), pytrace=False)


def wrongs(found: Verdict) -> dict[str, int]:
    """What must never happen, and how often it did."""
    report = found.report
    assert report is not None
    return {
        "missing": len(report.missing),
        "doubled": len(report.doubled),
        "early": len(report.early),
        "false": len(report.false),
        "misdated": len(report.misdated),
        "unpaired": len(report.unpaired),
        "not judged": report.unjudged,
        "never heard": found.unheard,
        "parked": found.parked,
    }


async def test_whatever_happens_every_deadline_is_told_once_and_none_early_or_falsely(
    ground: Ground, folder: Path
) -> None:
    """Kills, a hung broker, PostgreSQL stopped and killed, a lag, clocks two hours wrong; `make
    prove-escalator` does the same to a hundred thousand deadlines.
    """
    found = await Proof(PLAN, ground, folder).run()

    assert found.report is not None
    assert () == found.report.wrong
    assert dict.fromkeys(wrongs(found), 0) == wrongs(found)
    assert found.report.due > PLAN.tickets
    assert found.kills > 0
    assert found.held > 0
