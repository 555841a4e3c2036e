"""What the escalator forgets: hand-off documents of tickets that are closed for long."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Final

from shared.db.engine import Transaction
from shared.runtime.retention import Kept

#: Of whole tickets, so that no document loses its earlier versions. A case that closed long ago says when;
#: one that goes on as another ticket keeps its own, for that one may be open.
_HANDOFFS: Final = """
DELETE FROM handoff WHERE ticket_id = ANY (ARRAY(
    SELECT h.ticket_id FROM handoff h JOIN sla_case c USING (ticket_id)
    GROUP BY h.ticket_id, c.state HAVING max(h.written_at) < $1
        AND c.state::jsonb #>> '{case,timeline,phase}' <> 'merged'
        AND (c.state::jsonb #>> '{case,timeline,closed_at}')::timestamptz < $1 LIMIT $2))
"""


async def handoffs(tx: Transaction, *, before: datetime, limit: int = 200) -> int:
    """Forget the hand-offs of up to `limit` tickets closed before `before`; how many versions."""
    return (await tx.exec_driver_sql(_HANDOFFS, (before, limit))).rowcount


def kept(*, handoff_days: int) -> list[Kept]:
    """What goes when (settings of the escalator)."""
    return [Kept("handoffs", handoffs, timedelta(days=handoff_days))]
