"""Steps of the ladder that nobody hears of, so that the escalator goes on at once (semantics L3)."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final
from uuid import UUID

from shared.contracts.vocabulary import SuppressReason

from .audience import CUSTOMER, WATCHERS
from .notification import Kind, Notification

#: Whoever hears of it in these roles only looks on.
_ONLOOKERS: Final = frozenset({CUSTOMER, WATCHERS})

_CANNOT_BE_TOLD: Final = (SuppressReason.UNREACHABLE, SuppressReason.MUTED)


def unheard(notifications: Iterable[Notification]) -> set[UUID]:
    """The facts about an escalation of which none of us can be told, whatever the customer and those who
    watch are told.
    """
    heard: dict[UUID, bool] = {}
    for known in notifications:
        if known.about.kind is Kind.ESCALATION and known.role not in _ONLOOKERS:
            fact = known.about.fact_id
            heard[fact] = heard.get(fact, False) or known.reason not in _CANNOT_BE_TOLD
    return {fact for fact, is_heard in heard.items() if not is_heard}
