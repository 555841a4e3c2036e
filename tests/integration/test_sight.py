"""What a service shows of itself without being asked: whether it is ready, and whether its database answers."""

from __future__ import annotations

import pytest
from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine

from shared.observability.metrics import Catalogue, RuntimeMetrics
from shared.runtime.sight import Sight


async def shown(database: AsyncEngine, reasons: list[str]) -> tuple[float | None, float | None]:
    """The gauges `database_up` and `ready` after a look."""
    catalogue = Catalogue("router")

    async def readiness() -> list[str]:
        return reasons

    assert await Sight(database, readiness, RuntimeMetrics(catalogue)).step() is False
    value, labels = catalogue.registry.get_sample_value, {"service": "router"}
    return value("tierline_database_up", labels), value("tierline_ready", labels)


@pytest.mark.postgres
@pytest.mark.parametrize(("reasons", "ready"), [([], 1), (["consumer: halted"], 0)])
async def test_a_service_shows_whether_it_is_ready(
    engine: AsyncEngine, reasons: list[str], ready: int
) -> None:
    assert await shown(engine, reasons) == (1, ready)


async def test_a_database_that_does_not_answer_is_shown() -> None:
    nobody = create_async_engine("postgresql+asyncpg://tierline@127.0.0.1:1/tierline")

    assert await shown(nobody, ["database: ConnectionRefusedError"]) == (0, 0)


async def test_a_look_that_fails_shows_that_nothing_is_known() -> None:
    catalogue = Catalogue("router")
    nobody = create_async_engine("postgresql+asyncpg://tierline@127.0.0.1:1/tierline")

    async def readiness() -> list[str]:
        raise LookupError

    with pytest.raises(LookupError):
        await Sight(nobody, readiness, RuntimeMetrics(catalogue)).step()

    assert catalogue.registry.get_sample_value("tierline_ready", {"service": "router"}) == 0
