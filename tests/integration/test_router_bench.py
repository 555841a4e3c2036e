"""The parts of `make bench-router` that a claim rests on: equal verdicts, and equal rows on both sides."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

import pytest
from sqlalchemy.ext.asyncio import AsyncEngine

from services.router.dispatcher import Dispatcher
from services.router.metrics import RouterMetrics
from shared.clock import SystemClock
from shared.observability.metrics import Catalogue
from shared.runtime.writer import Writer
from tests.load import router_rules
from tests.load.router_assigners import assign_one, end_some
from tests.load.router_desks import Desks, NobodyToWake, connect, workflow

LEFT = """
SELECT (SELECT count(*) FROM work_item WHERE status = 'assigned' AND agent_id IS NOT NULL),
    (SELECT count(*) FROM assignment WHERE queue IS NOT NULL), (SELECT sum(load) FROM agent),
    (SELECT count(*) FROM outbox WHERE topic = 'support.assignments'),
    (SELECT count(*) > 0 FROM outbox WHERE topic = 'support.agents'),
    (SELECT count(DISTINCT customer_id) FROM acquaintance)
"""
LANES = "SELECT DISTINCT lane FROM work_item WHERE status = 'waiting' ORDER BY 1"


def test_a_hundred_rules_say_what_rule_engine_says() -> None:
    assert 0 == router_rules.differences(2000, seed=1)


@pytest.mark.postgres
async def test_the_dispatcher_and_row_locks_leave_the_same_rows_behind(
    database_url: str, engine_for: Callable[[str], AsyncEngine]
) -> None:
    desks = Desks(database_url, agents=30, tickets=90, units=10)
    writer = Writer(engine_for("router"), SystemClock(), source="/router", relay=NobodyToWake())
    policy = workflow()
    dispatcher = Dispatcher(writer, policy, RouterMetrics(Catalogue("router")))
    await desks.prepare()
    sql = await connect(database_url)
    try:
        await desks.put_back()
        while await dispatcher.step():
            continue
        ours = list(await sql.fetchrow(LEFT))
        await desks.put_back()
        for lane in [row[0] for row in await sql.fetch(LANES)]:
            while await writer.write(partial(assign_one, lane=lane, policy=policy)):
                continue
        theirs = list(await sql.fetchrow(LEFT))
        ended = await end_some(sql, 40)
        load = await sql.fetchval("SELECT sum(load) FROM agent")
    finally:
        await sql.close()

    assert [90, 90, 360, 90, True, 90] == ours == theirs
    assert (40, 200) == (ended, load)
