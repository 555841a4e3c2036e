"""Tickets that may be one: what new tickets are about is kept, and compared with what others were about."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final
from uuid import UUID

from shared.db.engine import Transaction

from . import reading_store
from .domain.duplicates import (
    Candidate,
    Rarity,
    Suggested,
    are_the_same,
    comparable,
    likeness,
    profile,
    suggested,
    telling,
)
from .domain.signals import written_by_sender
from .reading_store import Unread

#: By so many words of a ticket others are looked for.
TELLING_WORDS: Final = 12

#: Tickets that one statement looks for: it stays short, however many there are.
SEARCHED_AT_ONCE: Final = 10


@dataclass(frozen=True, slots=True)
class Found:
    """For one new ticket: what to show, and the requester's tickets that say the same word for word."""

    suggested: Sequence[Suggested] = ()
    twins: Sequence[tuple[UUID, float]] = ()


async def find_duplicates(
    tx: Transaction, first: Sequence[Unread], now: datetime, *, among_all: bool = True
) -> dict[UUID, Found]:
    """Keep what new tickets are about, by their first messages, and find what is like them.

    Not `among_all`: only among the requester's own tickets, which costs next to nothing.
    Until the transaction ends nobody else does this for the same requesters: of two tickets that are
    one, the second reader finds the first one's.
    """
    if not first:
        return {}
    await reading_store.lock_requesters(tx, {one.customer_id for one in first})
    texts = await asyncio.to_thread(
        lambda: {o.ticket_id: comparable(o.subject, written_by_sender(o.body)) for o in first}
    )
    await reading_store.add_texts(
        tx, {o.ticket_id: (o.customer_id, o.opened_at, texts[o.ticket_id]) for o in first}
    )
    rarity = await reading_store.rarity(tx)
    words = {of: telling_words(text, rarity) if among_all else [] for of, text in texts.items()}
    near: dict[UUID, list[Candidate]] = {}
    for start in range(0, len(first), SEARCHED_AT_ONCE):
        part = {one.ticket_id: words[one.ticket_id] for one in first[start:][:SEARCHED_AT_ONCE]}
        near |= await reading_store.candidates(tx, part, now)
    return await asyncio.to_thread(
        lambda: {of: _found(text, near[of], rarity) for of, text in texts.items()}
    )


def telling_words(text: str, rarity: Rarity) -> list[tuple[str, float]]:
    """What others are looked for by, of one comparable text."""
    of = profile(text, rarity)
    return telling(of, rarity, most=TELLING_WORDS, at_most_in=reading_store.MOST_FOR_A_WORD)


def _found(text: str, candidates: Sequence[Candidate], rarity: Rarity) -> Found:
    return Found(
        suggested(text, candidates, rarity),
        [
            (one.ticket_id, likeness(text, one.text))
            for one in candidates
            if one.is_same_requester and are_the_same(text, one.text)
        ],
    )
