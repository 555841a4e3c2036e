"""A page that does not get through goes over the recipient's fallback channel as well (semantics D2)."""

from __future__ import annotations

from datetime import datetime

from shared.db.engine import Transaction

from .domain.paging import BESIDE_AFTER
from .recording import RecordTerms, fallback_of
from .store import pages, recipients, rows


async def begin_beside(tx: Transaction, now: datetime, limit: int, terms: RecordTerms) -> int:
    """Plan the fallbacks of pages that have not been delivered in time; returns how many there are.

    The page itself goes on: whichever channel is repaired first tells the person. It is done once a page,
    whether it waits for an attempt, for its target, or for an answer.
    """
    late = await pages.overdue(tx, now - BESIDE_AFTER, limit)
    if not late:
        return 0
    people = await recipients.find(tx, [page.recipient_id for page in late])
    found = [fallback_of(page, people, now, terms) for page in late]
    added = await rows.insert(tx, [one for one in found if one is not None])
    await pages.mark(tx, late, now)
    return len(added)
