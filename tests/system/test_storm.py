"""A small storm of webhooks against a whole Tierline of its own: nothing accepted is lost, all else is told."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from services.fleet import free_ports
from services.installation import PORTS
from services.local import MissingBackendError
from services.standalone import Standalone
from tests.support.lanes import chosen
from tests.support.storm import Force, storm

pytestmark = [
    pytest.mark.slow,
    pytest.mark.postgres,
    pytest.mark.kafka,
    pytest.mark.timeout(240),
    pytest.mark.own_servers,
]

#: Weak enough for a test: some seconds of ten times what a few connections get through.
FORCE = Force(measured=2.0, seconds=4.0, times=10.0, storm_connections=600, patience=60.0)


@pytest.fixture
def folder() -> Iterator[Path]:
    """Short, for a socket's path has little room; open, for PostgreSQL may be another user."""
    made = Path(tempfile.mkdtemp(prefix="tierline-"))
    made.chmod(0o755)
    yield made
    shutil.rmtree(made, ignore_errors=True)


async def test_a_storm_loses_nothing_that_was_accepted_and_tells_the_rest_to_come_again(
    folder: Path,
) -> None:
    try:
        async with Standalone(folder, ports=free_ports(list(PORTS)), tell=print) as tierline:
            found = await storm(tierline, FORCE, print)
    except MissingBackendError as error:
        if chosen()[1]:
            pytest.skip(str(error))
        pytest.fail(str(error), pytrace=False)

    assert found.statuses[503] > 0, "it was no storm"
    assert (found.refused_otherwise, found.unexplained, found.unanswered) == (0, 0, 0)
    assert found.accepted == found.stored == found.published == found.routed
    assert found.recovery < FORCE.patience
    assert found.memory_most < 300
