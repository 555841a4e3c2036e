"""How an agent stands among the candidates for a ticket (semantics G3)."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from enum import IntEnum
from types import MappingProxyType
from typing import NamedTuple

from shared.contracts.vocabulary import QueueReason

from .eligible import owner_of
from .work import WorkItem

#: The agents who have worked for a customer before, by customer id.
Familiar = Mapping[str, frozenset[str]]
EMPTY: Familiar = MappingProxyType({})


class Claim(IntEnum):
    """What an agent is to a ticket before any comparison; the smallest comes first."""

    FORMER = 0
    OWNER = 1
    NONE = 2


class Standing(NamedTuple):
    """An agent's place among the candidates; the smallest is the best.

    `unfit` is the skill fit, negated; `stranger` 0 for who knows the ticket or its customer; `last` the
    last assignment as seconds of Unix time.
    """

    claim: Claim
    unfit: float
    load_ratio: float
    stranger: int
    last: float
    agent_id: str


def claim(item: WorkItem, agent_id: str) -> Claim:
    """A reopened ticket's former agent comes first (semantics R4), then the owner (G3, G11)."""
    reopened = item.place is not None and item.place.reason is QueueReason.REOPENED
    if reopened and item.previous_agent_id == agent_id:
        return Claim.FORMER
    return Claim.OWNER if owner_of(item) == agent_id else Claim.NONE


def acquainted(item: WorkItem, familiar: Familiar) -> frozenset[str]:
    """Who has had the ticket before, or another of its customer."""
    assert item.opened is not None
    known = familiar.get(item.opened.customer.customer_id, frozenset())
    return known | {item.previous_agent_id} if item.previous_agent_id else known


def last_of(at: datetime | None) -> float:
    """The last assignment as seconds of Unix time; who never had one is first."""
    return at.timestamp() if at else float("-inf")
