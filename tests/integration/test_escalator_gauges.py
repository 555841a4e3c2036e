"""The escalator's gauges: what is open now, counted in its tables."""

from __future__ import annotations

from collections.abc import Callable
from uuid import UUID

import msgspec
import pytest
from prometheus_client import Gauge
from sqlalchemy.ext.asyncio import AsyncEngine

from services.escalator.gauges import OVERDUE, RUNNING, Gauges
from shared.contracts import TicketEscalationRequested, TicketOpened, TicketResolved
from shared.observability.metrics import Series
from tests.support.builders import AGENT, TICKET
from tests.support.cases import at, message, opened
from tests.support.escalator_bench import EscalatorBench

pytestmark = pytest.mark.postgres


@pytest.fixture
def bench(engine_for: Callable[[str], AsyncEngine]) -> EscalatorBench:
    return EscalatorBench(engine_for("escalator"))


async def read(bench: EscalatorBench) -> None:
    async with bench.engine.connect() as tx:
        await Gauges(bench.policy, bench.metrics).read(tx)


def shown(gauge: Series[Gauge], **labels: str) -> float:
    value: float = gauge.labels(**labels)._value.get()
    return value


def running(bench: EscalatorBench, metric: str, priority: str = "critical") -> float:
    return shown(bench.metrics.clocks_running, metric=metric, priority=priority)


def overdue(bench: EscalatorBench, metric: str) -> float:
    return shown(bench.metrics.clocks_overdue, metric=metric, priority="critical")


def escalations(bench: EscalatorBench, status: str) -> float:
    return shown(bench.metrics.escalations_open, level="tier_2", status=status)


def numbered(number: int) -> TicketOpened:
    return msgspec.structs.replace(opened("critical", "enterprise"), ticket_id=UUID(int=number))


async def test_promises_are_counted_by_metric_and_priority(bench: EscalatorBench) -> None:
    await bench.hear(numbered(1), numbered(2), opened("low", "standard"))

    await read(bench)

    assert [2, 2] == [running(bench, metric) for metric in ("first_response", "resolution")]
    assert 1 == running(bench, "resolution", "low")
    assert 0 == running(bench, "next_response")


async def test_a_promise_that_is_kept_runs_no_more(bench: EscalatorBench) -> None:
    await bench.hear(opened("critical", "enterprise"), message(2, AGENT))

    await read(bench)

    assert [0, 1] == [running(bench, metric) for metric in ("first_response", "resolution")]


async def test_a_broken_promise_is_overdue_until_it_is_kept(bench: EscalatorBench) -> None:
    await bench.hear(opened("critical", "enterprise"))
    await bench.pass_to(at("10:16"))
    await read(bench)
    assert (0, 1) == (running(bench, "first_response"), overdue(bench, "first_response"))

    await bench.hear(message(2, AGENT))
    await read(bench)
    assert 0 == overdue(bench, "first_response")


async def test_an_escalation_is_open_until_it_is_over(bench: EscalatorBench) -> None:
    wanted = TicketEscalationRequested(ticket_id=TICKET, by=AGENT, reason="outside_authority")
    await bench.hear(opened("critical", "enterprise"), wanted)
    await read(bench)
    assert (1, 0) == (escalations(bench, "open"), escalations(bench, "acknowledged"))

    await bench.hear(TicketResolved(ticket_id=TICKET, by=AGENT, first_contact=False))
    await read(bench)
    assert 0 == escalations(bench, "open")


@pytest.mark.parametrize(
    ("statement", "index"),
    [(RUNNING, "sla_case_due"), (OVERDUE, "sla_case_overdue")],
    ids=["running", "overdue"],
)
async def test_promises_are_counted_in_an_index_alone(
    bench: EscalatorBench, statement: str, index: str
) -> None:
    async with bench.engine.connect() as tx:
        await tx.exec_driver_sql("SET LOCAL enable_seqscan = off")
        await tx.exec_driver_sql("SET LOCAL enable_bitmapscan = off")
        plan = await tx.exec_driver_sql(f"EXPLAIN {statement}")
        lines = "\n".join(row[0] for row in plan)

    assert f"Index Only Scan using {index}" in lines
