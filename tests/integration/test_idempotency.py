"""Stored answers: a repeated command is answered, not done again; and the audit that nobody rewrites."""

from __future__ import annotations

from datetime import timedelta

import msgspec
import pytest
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from shared.db import audit, idempotency
from shared.db.audit import Deed
from shared.db.idempotency import Answer, KeyReusedError, Request
from tests.support.builders import MONDAY_10 as NOW

pytestmark = pytest.mark.postgres

REQUEST = Request(
    principal="helpdesk", key="k-1", route="POST /v1/tickets", body_sha256=b"\x01" * 32
)
ANSWER = Answer(201, msgspec.Raw(b'{"ticket_id":"t-1","a":1}'))


async def test_a_new_command_has_no_answer_yet(tx: AsyncConnection) -> None:
    assert await idempotency.recall(tx, REQUEST, NOW) is None


async def test_a_repeat_gets_the_stored_answer_byte_for_byte(engine: AsyncEngine) -> None:
    async with engine.begin() as tx:
        await idempotency.recall(tx, REQUEST, NOW)
        await idempotency.remember(tx, REQUEST, ANSWER)

    async with engine.begin() as tx:
        answer = await idempotency.recall(tx, REQUEST, NOW)

    assert answer is not None
    assert (201, bytes(ANSWER.body)) == (answer.status, bytes(answer.body))


@pytest.mark.parametrize("other", [{"body_sha256": b"\x02" * 32}, {"route": "POST /v1/agents"}])
async def test_a_key_used_for_something_else_is_refused(
    tx: AsyncConnection, other: dict[str, object]
) -> None:
    await idempotency.recall(tx, REQUEST, NOW)

    with pytest.raises(KeyReusedError, match="k-1"):
        await idempotency.recall(tx, msgspec.structs.replace(REQUEST, **other), NOW)


async def test_keys_are_a_callers_own(tx: AsyncConnection) -> None:
    await idempotency.recall(tx, REQUEST, NOW)

    other = msgspec.structs.replace(REQUEST, principal="portal")
    assert await idempotency.recall(tx, other, NOW) is None


async def test_a_command_that_failed_may_be_tried_again(engine: AsyncEngine) -> None:
    async with engine.connect() as tx:
        await idempotency.recall(tx, REQUEST, NOW)
        await tx.rollback()

        assert await idempotency.recall(tx, REQUEST, NOW) is None


async def test_old_answers_are_forgotten(tx: AsyncConnection) -> None:
    await idempotency.recall(tx, REQUEST, NOW)

    assert 0 == await idempotency.prune(tx, before=NOW)
    assert 1 == await idempotency.prune(tx, before=NOW + timedelta(hours=24))


def a_deed(action: str = "agent.created") -> Deed:
    return Deed(principal="admin", action=action, object="agent-1", reason="new", after_sha256=b"x")


async def test_the_audit_chain_holds_over_many_rows(tx: AsyncConnection) -> None:
    assert await audit.first_broken(tx) is None

    for n in range(5):
        await audit.record(tx, a_deed(f"action-{n}"), NOW)

    assert await audit.first_broken(tx) is None


async def test_the_service_may_not_rewrite_the_audit(engine: AsyncEngine) -> None:
    for statement in ("UPDATE audit SET principal = 'me'", "DELETE FROM audit"):
        with pytest.raises(DBAPIError, match="permission denied"):
            async with engine.begin() as tx:
                await tx.exec_driver_sql(statement)


@pytest.mark.parametrize(
    ("tampering", "first"),
    [
        ("UPDATE audit SET principal = 'somebody else' WHERE n = 2", 2),
        ("UPDATE audit SET at = at + interval '1 hour' WHERE n = 3", 3),
        ("DELETE FROM audit WHERE n = 2", 3),
    ],
)
async def test_a_rewritten_audit_shows(engine: AsyncEngine, tampering: str, first: int) -> None:
    async with engine.connect() as tx:
        for _ in range(4):
            await audit.record(tx, a_deed(), NOW)
        await tx.exec_driver_sql("SET LOCAL ROLE NONE")
        await tx.exec_driver_sql(tampering)

        assert first == await audit.first_broken(tx)
