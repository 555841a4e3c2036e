"""How many acknowledgements of receipt customers have had lately (semantics D5)."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection
from datetime import datetime
from typing import Final

from services.notifier.domain.audience import CUSTOMER
from services.notifier.domain.receipt import OPENING
from shared.db.engine import Transaction, fetch

# two processes that acknowledge to one customer at the same moment would each count without the other
#: One customer's acknowledgements are begun by one transaction at a time.
_LOCK: Final = """
SELECT pg_advisory_xact_lock(hashtextextended('receipt:' || customer_id, 0))
FROM (SELECT customer_id FROM unnest($1::text[]) AS t (customer_id) ORDER BY customer_id) AS c
"""

#: Those that were begun, by customer.
_COUNT: Final = f"""
SELECT recipient_id, count(*) FROM notification
WHERE recipient_id = ANY ($1::text[]) AND role = '{CUSTOMER}' AND planned_at > $2
    AND attempts > 0 AND plan -> 'about' ->> 'fact' = '{OPENING}'
GROUP BY recipient_id
"""


async def count(tx: Transaction, customer_ids: Collection[str], *, since: datetime) -> Counter[str]:
    """How many each customer was sent, planned after `since`. Others who count wait until the end of `tx`."""
    wanted = sorted(customer_ids)
    await fetch(tx, _LOCK, (wanted,))
    return Counter(dict(await fetch(tx, _COUNT, (wanted, since))))
