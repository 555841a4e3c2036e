"""Who has worked for which customer, and when last: what makes an agent stand better (semantics G3)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta
from typing import Final

from shared.db.engine import Transaction, fetch

#: Who has not worked for a customer for so long counts as a stranger again.
REMEMBERED: Final = timedelta(days=90)

#: The agents remembered for one customer: those who worked for them last.
_A_CUSTOMER: Final = 8

_KNOWN: Final = """
SELECT c.customer_id, k.agent_id FROM unnest($1::text[]) AS c (customer_id) CROSS JOIN LATERAL (
    SELECT a.agent_id FROM acquaintance a WHERE a.customer_id = c.customer_id AND a.last_at > $2
    ORDER BY a.last_at DESC, a.agent_id LIMIT $3) AS k
"""

_MEET: Final = """
INSERT INTO acquaintance AS a (customer_id, agent_id, last_at)
SELECT customer_id, agent_id, last_at
FROM unnest($1::text[], $2::text[], $3::timestamptz[]) AS t (customer_id, agent_id, last_at)
ON CONFLICT (customer_id, agent_id) DO UPDATE SET last_at = greatest(a.last_at, excluded.last_at)
"""

#: Forget those that count no longer, up to a limit.
_FORGET: Final = """
DELETE FROM acquaintance WHERE (customer_id, agent_id) IN (
    SELECT customer_id, agent_id FROM acquaintance WHERE last_at < $1 LIMIT $2)
"""


async def of(tx: Transaction, customers: Iterable[str], now: datetime) -> dict[str, frozenset[str]]:
    """Who knows these customers, a few agents each; customers nobody knows are left out."""
    wanted = sorted(set(customers))
    known: dict[str, set[str]] = {}
    if wanted:
        for customer, agent in await fetch(tx, _KNOWN, (wanted, now - REMEMBERED, _A_CUSTOMER)):
            known.setdefault(customer, set()).add(agent)
    return {customer: frozenset(agents) for customer, agents in known.items()}


async def meet(tx: Transaction, met: Mapping[tuple[str, str], datetime]) -> None:
    """Remember when these (customer, agent) met, one statement; rows are locked in their order."""
    if met:
        rows = [(customer, agent, at) for (customer, agent), at in sorted(met.items())]
        await tx.exec_driver_sql(_MEET, tuple(list(column) for column in zip(*rows, strict=True)))


async def forget(tx: Transaction, *, before: datetime, limit: int = 5000) -> int:
    """Forget up to `limit` acquaintances last met before `before`; how many."""
    return (await tx.exec_driver_sql(_FORGET, (before, limit))).rowcount
