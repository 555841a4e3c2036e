"""A service starts without its surroundings, says why it is not ready, and stops in order."""

from __future__ import annotations

import asyncio
import os
import signal
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager

import httpx2
import pytest
from pydantic import SecretStr

from shared.clock import SystemClock
from shared.contracts import ESCALATIONS, TICKETS, FollowUp
from shared.db.engine import Transaction, create_engine
from shared.http.app import create_app
from shared.http.auth import Keyring
from shared.kafka.memory import MemoryBroker
from shared.observability.metrics import Catalogue
from shared.runtime.batch import Batch
from shared.runtime.http_server import PortTakenError
from shared.runtime.service import PENDING_STATUS, Service, SideTaskEndedError
from shared.runtime.worker import Worker
from shared.settings import DatabaseSettings, HttpSettings, ServiceSettings
from tests.support.toy import a_broker, a_message, publish

NAME = "router"


class Stage:
    """A service on a migrated database and a memory broker, and what its handler saw."""

    def __init__(self, url: str, broker: MemoryBroker, *, kafka_matters: bool = True) -> None:
        self.seen: list[int] = []
        self.in_batch = asyncio.Event()
        self.go_on = asyncio.Event()
        self.go_on.set()
        self.exits: list[int] = []
        database = DatabaseSettings(url=SecretStr(url))
        settings = ServiceSettings(database=database, http=HttpSettings(port=0))
        catalogue = Catalogue(NAME)
        self.broker = broker
        self.service = Service(
            name=NAME,
            settings=settings,
            clock=SystemClock(),
            kafka=broker,
            engine=create_engine(database, service=NAME, application="test"),
            catalogue=catalogue,
            kafka_matters=kafka_matters,
            hard_exit=self.exits.append,
        )
        self.service.consume([TICKETS, ESCALATIONS], self.handle)
        self.service.app = create_app(
            service=NAME,
            catalogue=catalogue,
            metrics=self.service.metrics,
            settings=settings.http,
            api_keys=Keyring({}, clock=SystemClock()),
            readiness=self.service.readiness,
        )

    async def handle(self, tx: Transaction, batch: Batch) -> Sequence[FollowUp]:
        await tx.exec_driver_sql("SELECT 1")
        self.in_batch.set()
        await self.go_on.wait()
        self.seen += [event.sequence for event in batch.events]
        return []

    async def get(self, path: str) -> httpx2.Response:
        async with httpx2.AsyncClient() as client:
            return await client.get(f"http://127.0.0.1:{self.service.port}{path}")

    async def reasons(self) -> list[str]:
        found: list[str] = (await self.get("/readyz")).json()["reasons"]
        return found

    async def until_ready(self) -> None:
        async with asyncio.timeout(15):
            while await self.reasons():  # noqa: ASYNC110 -- seen from outside, as an operator does
                await asyncio.sleep(0.05)

    @asynccontextmanager
    async def serving(self) -> AsyncIterator[asyncio.Task[int]]:
        """Serve meanwhile; stops at the end."""
        running = asyncio.create_task(self.service.serve())
        while self.service.port is None:  # noqa: ASYNC110 -- there is no event for it
            await asyncio.sleep(0.01)
        try:
            yield running
        finally:
            self.service.stop()
            async with asyncio.timeout(25):
                await running
            assert [] == self.exits


@pytest.fixture
async def broker() -> MemoryBroker:
    return await a_broker(SystemClock())


async def test_a_service_serves_http_and_handles_events(
    database_url: str, broker: MemoryBroker
) -> None:
    stage = Stage(database_url, broker)
    publish(broker, a_message(1, 1), a_message(1, 2))
    async with stage.serving():
        await stage.until_ready()
        async with asyncio.timeout(10):
            await stage.in_batch.wait()
        health = await stage.get("/healthz")
        metrics = await stage.get("/metrics")

    assert 200 == health.status_code
    assert "tierline_consumer_lag_records" in metrics.text
    assert [1, 2] == stage.seen


async def test_sigterm_finishes_the_batch_in_hand_and_ends_with_0(
    database_url: str, broker: MemoryBroker
) -> None:
    stage = Stage(database_url, broker)
    async with stage.serving() as running:
        await stage.until_ready()
        stage.go_on.clear()
        publish(broker, a_message(1, 1))
        async with asyncio.timeout(10):
            await stage.in_batch.wait()
        os.kill(os.getpid(), signal.SIGTERM)
        await asyncio.sleep(0.2)
        stage.go_on.set()
        async with asyncio.timeout(25):
            status = await running

    assert 0 == status
    assert [1] == stage.seen
    assert [1] == list(broker.committed(f"tierline.{NAME}").values())


async def test_a_service_starts_without_a_broker_and_says_so(
    database_url: str, broker: MemoryBroker
) -> None:
    broker.go_down()
    stage = Stage(database_url, broker)
    async with stage.serving():
        async with asyncio.timeout(10):
            while "starting" in await stage.reasons():  # noqa: ASYNC110 -- seen from outside
                await asyncio.sleep(0.05)
        await asyncio.sleep(0.3)
        reasons = await stage.reasons()
        broker.come_back()
        await stage.until_ready()

    assert "consumer: BrokerUnavailableError" in reasons


async def test_where_the_broker_does_not_matter_a_service_is_ready_without_it(
    database_url: str, broker: MemoryBroker
) -> None:
    broker.go_down()
    stage = Stage(database_url, broker, kafka_matters=False)
    async with stage.serving():
        await stage.until_ready()

        assert "consumer" in str(stage.service.consumer and stage.service.consumer.problem)


async def test_pending_migrations_end_the_start_with_a_sentence(
    empty_database_url: str, broker: MemoryBroker, caplog: pytest.LogCaptureFixture
) -> None:
    stage = Stage(empty_database_url, broker)

    assert PENDING_STATUS == await stage.service.serve()
    assert "run `tierline migrate`" in caplog.text


async def test_a_service_waits_for_its_database(broker: MemoryBroker) -> None:
    stage = Stage("postgresql://nobody@127.0.0.1:1/nothing", broker)
    async with stage.serving():
        health = await stage.get("/healthz")
        reasons = await stage.reasons()

    assert 200 == health.status_code
    assert "starting" in reasons
    assert any(reason.startswith("database: ") for reason in reasons)


async def nothing() -> bool:
    return False


class DyingWorker(Worker):
    """A worker whose loop has a bug of its own."""

    async def run(self) -> None:
        raise ZeroDivisionError


class EndingWorker(Worker):
    """A worker that ends by itself."""

    async def run(self) -> None:
        return


@pytest.mark.parametrize(
    ("kind", "error"),
    [(DyingWorker, ZeroDivisionError), (EndingWorker, SideTaskEndedError)],
)
async def test_one_part_dies_and_the_service_dies_whole(
    database_url: str,
    broker: MemoryBroker,
    kind: type[Worker],
    error: type[Exception],
) -> None:
    stage = Stage(database_url, broker)
    stage.service.workers.append(kind("toy", nothing, idle_seconds=1))
    with pytest.raises(ExceptionGroup) as raised:
        await stage.service.serve()
    await stage.service.engine.dispose()

    assert raised.group_contains(error)


async def test_a_taken_port_is_named(database_url: str, broker: MemoryBroker) -> None:
    first = Stage(database_url, broker)
    async with first.serving():
        second = Stage(database_url, broker)
        taken = HttpSettings(port=first.service.port or 0)
        second.service.settings = second.service.settings.model_copy(update={"http": taken})
        with pytest.raises(PortTakenError, match=str(first.service.port)):
            await second.service.serve()
