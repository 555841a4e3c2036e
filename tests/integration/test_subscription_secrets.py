"""Who can read what subscriptions' requests are signed with (docs/subscriptions.md, Secrets)."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

import pytest
from sqlalchemy.ext.asyncio import AsyncEngine

from shared.db.engine import fetch

pytestmark = pytest.mark.postgres

#: The privileges that show a secret, or put another one in its place.
_MAY: Final = """
SELECT privilege FROM unnest(ARRAY['SELECT', 'INSERT', 'UPDATE', 'DELETE']) AS t (privilege)
WHERE has_schema_privilege($1::text, 'notifier', 'USAGE')
    AND has_table_privilege($1::text, 'notifier.subscription_secret', privilege)
"""


async def privileges(engine: AsyncEngine, role: str) -> list[str]:
    async with engine.connect() as tx:
        return [row[0] for row in await fetch(tx, _MAY, (role,))]


@pytest.mark.parametrize(
    "role", ["tierline_intake", "tierline_router", "tierline_escalator", "public"]
)
async def test_nobody_but_the_notifier_reads_a_secret(
    engine_for: Callable[[str], AsyncEngine], role: str
) -> None:
    assert await privileges(engine_for("notifier"), role) == []


async def test_the_notifier_does(engine_for: Callable[[str], AsyncEngine]) -> None:
    found = await privileges(engine_for("notifier"), "tierline_notifier")

    assert found == ["SELECT", "INSERT", "UPDATE", "DELETE"]
