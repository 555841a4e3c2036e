"""Fixtures only; nothing is imported from here. Helpers are plain modules in `tests/support`."""

from __future__ import annotations

import os
from collections.abc import AsyncIterator, Callable, Iterator
from datetime import UTC, datetime
from typing import NoReturn

import hypothesis
import pytest
from pydantic import SecretStr
from sqlalchemy.ext.asyncio import AsyncEngine

from services.local import EmbeddedBroker, LocalSettings, MissingBackendError
from shared.clock import FakeClock
from shared.db.engine import create_engine
from shared.settings import DatabaseSettings, KafkaSettings
from tests.support import backends as support
from tests.support import capabilities, databases, lanes

EngineFactory = Callable[[str], AsyncEngine]

# How long an example takes says more about the machine and its other work than about us.
hypothesis.settings.register_profile(
    "tierline", deadline=None, suppress_health_check=[hypothesis.HealthCheck.too_slow]
)
hypothesis.settings.load_profile("tierline")

_BACKENDS = pytest.StashKey[support.Backends]()
_LEFT_OUT = pytest.StashKey[int]()


def pytest_configure(config: pytest.Config) -> None:
    config.addinivalue_line("markers", "needs(capability): skip unless the broker can do it")


def pytest_report_header() -> str:
    try:
        lane, automatic = lanes.chosen()
        lanes.check(lane)
    except lanes.LaneError as error:
        raise pytest.UsageError(str(error)) from error
    return f"backends: {'auto: ' if automatic else ''}{support.describe(lane)}"


def pytest_terminal_summary(
    terminalreporter: pytest.TerminalReporter, config: pytest.Config
) -> None:
    used = config.stash.get(_BACKENDS, None)
    if used is not None and used.seen:
        terminalreporter.write_line(f"backends used ({used.lane}): {', '.join(used.seen)}")


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    left_out = capabilities.with_servers_of_their_own(items, lanes.chosen()[0])
    config.stash[_LEFT_OUT] = len(left_out)
    if left_out:
        config.hook.pytest_deselected(items=left_out)
        items[:] = [item for item in items if item not in left_out]
    for item in items:
        used = set(getattr(item, "fixturenames", ()))
        if "postgres_server" in used:
            item.add_marker(pytest.mark.postgres)
        if used & {"kafka_settings", "own_broker"}:
            item.add_marker(pytest.mark.kafka)


def pytest_report_collectionfinish(config: pytest.Config) -> list[str]:
    left_out = config.stash.get(_LEFT_OUT, 0)
    if not left_out:
        return []
    return [f"left out: {left_out} that start servers of their own, not the ones given (external)"]


@pytest.fixture(scope="session")
def backends(pytestconfig: pytest.Config) -> Iterator[support.Backends]:
    """The run's servers, started one by one as they are asked for."""
    lane, _ = lanes.chosen()
    lanes.check(lane)
    running = support.Backends(lane)
    pytestconfig.stash[_BACKENDS] = running
    try:
        yield running
    finally:
        running.close()


@pytest.fixture(scope="session")
def postgres_server(backends: support.Backends) -> str:
    """The URL from which databases of our own are created."""
    try:
        return backends.server_url
    except MissingBackendError as error:
        _missing(error)


@pytest.fixture
async def empty_database_url(
    backends: support.Backends, postgres_server: str
) -> AsyncIterator[str]:
    """A database with nothing in it, dropped after the test."""
    name = backends.new_database_name()
    yield await databases.create(postgres_server, name)
    await databases.drop(postgres_server, name)


@pytest.fixture
def database_url(backends: support.Backends, postgres_server: str) -> Iterator[str]:
    """A database with every service's migrations, dropped after the test."""
    assert postgres_server
    url = backends.clones.take()
    yield url
    backends.clones.drop(url)


@pytest.fixture
async def engine_for(database_url: str) -> AsyncIterator[EngineFactory]:
    """`engine_for("router")`: the engine that service would have on this test's database."""
    engines: list[AsyncEngine] = []

    def make(service: str) -> AsyncEngine:
        settings = DatabaseSettings(url=SecretStr(database_url))
        engines.append(create_engine(settings, service=service, application=f"test/{service}"))
        return engines[-1]

    yield make
    for engine in engines:
        await engine.dispose()


@pytest.fixture
def kafka_settings(request: pytest.FixtureRequest, backends: support.Backends) -> KafkaSettings:
    """The run's broker, with a topic prefix of this test's own."""
    try:
        settings = backends.kafka
    except MissingBackendError as error:
        _missing(error)
    strict = backends.lane is lanes.Lane.EXTERNAL and os.environ.get("CI") == "true"
    capabilities.gate(request.node, settings, strict=strict)
    return settings.model_copy(update={"topic_prefix": backends.new_prefix()})


@pytest.fixture
def own_broker(tmp_path_factory: pytest.TempPathFactory) -> Iterator[EmbeddedBroker]:
    """An embedded broker of this test's own, running, to be stopped, killed and started again.

    `tests.support.backends.embedded_kafka_settings(own_broker)` is how to speak to it.
    """
    folder = tmp_path_factory.mktemp("broker")
    broker = EmbeddedBroker(folder, binary=LocalSettings().broker_bin)
    try:
        broker.start()
    except MissingBackendError as error:
        _missing(error)
    yield broker
    broker.stop()


@pytest.fixture
def clock() -> FakeClock:
    """A clock that stands still on a Monday morning until a test moves it."""
    return FakeClock(datetime(2026, 3, 2, 9, 0, tzinfo=UTC))


def _missing(error: MissingBackendError) -> NoReturn:
    """Skip when the lane was our own choice, fail when it was asked for."""
    _, automatic = lanes.chosen()
    if automatic:
        pytest.skip(str(error))
    pytest.fail(str(error), pytrace=False)
