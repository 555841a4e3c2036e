"""Whom a batch of facts may have to be told to: everyone, who is on call, who watches."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime
from uuid import UUID

from services.notifier.domain.audience import Directory
from shared.db.engine import Transaction

from . import on_call, recipients, watchers


async def load(
    tx: Transaction,
    *,
    ticket_ids: Iterable[UUID],
    customer_ids: Iterable[str],
    instants: Sequence[datetime],
) -> Directory:
    """The directory for facts of `instants` about these tickets and customers. Four statements."""
    people = await recipients.everyone(tx)
    duties = await on_call.duties(tx, min(instants), max(instants))
    watching = await watchers.watching(tx, ticket_ids, customer_ids)
    return Directory(people, duties, watching)
