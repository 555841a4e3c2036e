"""What a service does now and then: gauges, outbox days, forgetting what cannot come again."""

from __future__ import annotations

from datetime import timedelta

from sqlalchemy.ext.asyncio import AsyncEngine

from shared.clock import FakeClock
from shared.db.engine import create_migration_engine, fetch
from shared.kafka.memory import MemoryBroker
from shared.observability.metrics import Catalogue, RuntimeMetrics
from shared.runtime.housekeeping import HOUR_SECONDS, INBOX_KEEP, Housekeeper
from shared.runtime.watermark import Watermark
from shared.settings import DatabaseSettings
from tests.support.toy import Toy, a_message, publish

_DAY = "inhrelid::regclass::text"
_OF_OUTBOX = "inhparent = 'router.outbox'::regclass"


class Stopwatch:
    """A monotonic clock that a test moves."""

    def __init__(self) -> None:
        self.seconds = 0.0

    def __call__(self) -> float:
        return self.seconds


async def test_gauges_show_what_is_owed_and_parked(
    engine: AsyncEngine, broker: MemoryBroker, clock: FakeClock
) -> None:
    publish(broker, a_message(1, 1), a_message(1, 3), a_message(1, 4))
    toy = Toy(engine, broker, clock)
    await toy.consumer.run_once()
    await clock.advance(timedelta(seconds=7))
    catalogue = Catalogue("router")
    keeper = Housekeeper(
        database=engine,
        clock=clock,
        metrics=RuntimeMetrics(catalogue),
        watermark=Watermark(clock),
        keep_days=7,
    )
    await keeper.step()
    shown = {
        name: catalogue.registry.get_sample_value(f"tierline_{name}", {"service": "router", **more})
        for name, more in (
            ("outbox_pending", {}),
            ("outbox_oldest_seconds", {}),
            ("dead_letters", {"state": "stalled"}),
            ("db_pool_size", {}),
        )
    }

    assert {
        "outbox_pending": 1,
        "outbox_oldest_seconds": 7,
        "dead_letters": 1,
        "db_pool_size": DatabaseSettings().pool_size,
    } == shown


async def test_the_inbox_forgets_only_what_can_never_come_again(
    engine: AsyncEngine, clock: FakeClock
) -> None:
    now = clock.now()
    async with engine.begin() as tx:
        await tx.exec_driver_sql(
            "INSERT INTO inbox VALUES (gen_random_uuid(), 'old', $1), (gen_random_uuid(), 'new', $2)",
            (now - INBOX_KEEP - timedelta(seconds=1), now - INBOX_KEEP + timedelta(seconds=1)),
        )
    stopwatch = Stopwatch()
    keeper = Housekeeper(
        database=engine,
        clock=clock,
        metrics=RuntimeMetrics(Catalogue("router")),
        watermark=Watermark(clock),
        keep_days=7,
        monotonic=stopwatch,
    )
    await keeper.step()
    async with engine.begin() as tx:
        left = [kind for (kind,) in await fetch(tx, "SELECT type FROM inbox")]

    assert ["new"] == left


async def test_every_hour_a_day_that_is_missing_is_added(
    engine: AsyncEngine, toy_url: str, clock: FakeClock
) -> None:
    migrator = create_migration_engine(toy_url)
    async with migrator.begin() as tx:
        [(last,)] = await fetch(tx, f"SELECT max({_DAY}) FROM pg_inherits WHERE {_OF_OUTBOX}")
        await tx.exec_driver_sql(f"DROP TABLE {last}")
    await migrator.dispose()
    stopwatch = Stopwatch()
    keeper = Housekeeper(
        database=engine,
        clock=clock,
        metrics=RuntimeMetrics(Catalogue("router")),
        watermark=Watermark(clock),
        keep_days=7,
        monotonic=stopwatch,
    )
    days = []
    for stopwatch.seconds in (0, HOUR_SECONDS):
        await keeper.step()
        async with engine.begin() as tx:
            [(count,)] = await fetch(tx, f"SELECT count(*) FROM pg_inherits WHERE {_OF_OUTBOX}")
            days.append(count)

    assert [7, 8] == days
