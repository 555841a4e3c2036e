"""The inbox: an event is handled once, whoever brings it again (semantics H1, reliability 2.4)."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from uuid import UUID, uuid4

import pytest
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from shared.db import inbox

pytestmark = pytest.mark.postgres

TYPE = "tierline.ticket.opened.v1"


def some_events(count: int) -> list[tuple[UUID, str]]:
    return [(uuid4(), TYPE) for _ in range(count)]


async def test_claims_what_nobody_has_claimed(tx: AsyncConnection) -> None:
    events = some_events(500)

    assert {event_id for event_id, _ in events} == await inbox.claim(tx, events)


async def test_claims_nothing_of_a_repeat(engine: AsyncEngine) -> None:
    events = some_events(3)
    async with engine.begin() as tx:
        await inbox.claim(tx, events)

    async with engine.begin() as tx:
        assert set() == await inbox.claim(tx, events)


async def test_claims_only_the_new_ones_of_a_mixed_batch(engine: AsyncEngine) -> None:
    known, new = some_events(2), some_events(2)
    async with engine.begin() as tx:
        await inbox.claim(tx, known)

    async with engine.begin() as tx:
        assert {event_id for event_id, _ in new} == await inbox.claim(tx, known + new)


async def test_an_id_that_comes_twice_in_a_batch_is_claimed_once(tx: AsyncConnection) -> None:
    [event] = some_events(1)

    assert {event[0]} == await inbox.claim(tx, [event, event])


async def test_an_empty_batch_claims_nothing(tx: AsyncConnection) -> None:
    assert set() == await inbox.claim(tx, [])


async def test_a_claim_that_is_rolled_back_was_never_made(engine: AsyncEngine) -> None:
    events = some_events(2)
    async with engine.connect() as tx:
        await inbox.claim(tx, events)
        await tx.rollback()

        assert {event_id for event_id, _ in events} == await inbox.claim(tx, events)


async def test_a_claim_waits_for_an_open_one_and_gives_up_with_a_transient_error(
    engine: AsyncEngine,
) -> None:
    """A stopped consumer's uncommitted claim must not be taken for nobody's (reliability 2.7)."""
    events = some_events(1)
    async with engine.connect() as stopped, engine.connect() as taking_over:
        await inbox.claim(stopped, events)
        await taking_over.exec_driver_sql("SET LOCAL lock_timeout = '50ms'")

        with pytest.raises(DBAPIError) as caught:
            await inbox.claim(taking_over, events)

    assert "55P03" == getattr(caught.value.orig, "sqlstate", None)


async def test_prune_forgets_only_what_is_older(engine: AsyncEngine) -> None:
    old, young = some_events(3), some_events(2)
    async with engine.begin() as tx:
        await inbox.claim(tx, old)
        await tx.exec_driver_sql("UPDATE inbox SET consumed_at = consumed_at - interval '90 days'")
        await inbox.claim(tx, young)

    async with engine.begin() as tx:
        long_ago = datetime(2000, 1, 1, tzinfo=UTC)
        [(now,)] = await tx.exec_driver_sql("SELECT now()")

        assert 0 == await inbox.prune(tx, before=long_ago)
        assert 2 == await inbox.prune(tx, before=now - timedelta(days=30), limit=2)
        assert 1 == await inbox.prune(tx, before=now - timedelta(days=30))
        assert set() == await inbox.claim(tx, young)
