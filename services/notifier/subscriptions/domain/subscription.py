"""A subscription: which system is told of which events, and where."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from enum import StrEnum
from typing import Final
from uuid import UUID

import msgspec

from shared.contracts import ESCALATIONS, PAYLOADS, SLA
from shared.ids import derived_id

#: The topics whose events can be subscribed to.
TOPICS: Final = frozenset({SLA, ESCALATIONS})

#: The names of those events, without version.
EVENTS: Final = frozenset(kind.name for kind in PAYLOADS.values() if kind.topic in TOPICS)

#: What stands for all events of a family.
FAMILIES: Final = frozenset(f"{name.partition('.')[0]}.*" for name in EVENTS)


class Traits(msgspec.Struct, frozen=True, kw_only=True):
    """What filters look at: the event's own words, else what is known of its ticket."""

    priority: str | None = None
    customer_tier: str | None = None
    team: str | None = None
    level: str | None = None


class Filters(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """The values that are wanted, by trait. An empty list wants all, also what is not known."""

    priority: tuple[str, ...] = ()
    customer_tier: tuple[str, ...] = ()
    team: tuple[str, ...] = ()
    level: tuple[str, ...] = ()

    def match(self, traits: Traits) -> bool:
        """Is every trait among the values wanted of it?"""
        pairs = [(getattr(self, name), getattr(traits, name)) for name in Traits.__struct_fields__]
        return all(not wanted or found in wanted for wanted, found in pairs)


class DisabledBecause(StrEnum):
    """Why a subscription is told nothing any more."""

    ASKED = "asked"
    GONE = "gone"
    FAILING = "failing"


class Subscription(msgspec.Struct, frozen=True, kw_only=True):
    """One endpoint and what it is told. `kept_since`: from when on everything it subscribes to is kept
    for a replay, as far as retention goes.
    """

    subscription_id: UUID
    url: str
    events: tuple[str, ...]
    filters: Filters
    created_at: datetime
    kept_since: datetime
    description: str | None = None
    owner: str | None = None
    enabled: bool = True
    disabled_at: datetime | None = None
    disabled_because: DisabledBecause | None = None
    failing_since: datetime | None = None
    last_success_at: datetime | None = None

    def covers(self, event: str) -> bool:
        """Is the event's name, or its family, among what is subscribed to?"""
        return event in self.events or f"{event.partition('.')[0]}.*" in self.events

    def wants(self, event: str, traits: Traits) -> bool:
        """Is it to be told of an event of this name and these traits?"""
        return self.covers(event) and self.filters.match(traits)


def unknown_events(patterns: Iterable[str]) -> list[str]:
    """Those of `patterns` that are neither an event nor a family; they would never match."""
    return sorted(set(patterns) - EVENTS - FAMILIES)


def widens(before: Subscription, events: Iterable[str]) -> bool:
    """Would `events` cover something that `before` did not?"""
    after = msgspec.structs.replace(before, events=tuple(events))
    return any(after.covers(name) and not before.covers(name) for name in EVENTS)


def message_id(subscription_id: UUID, event_id: UUID) -> UUID:
    """The `webhook-id` of telling a subscription of an event: equal on every attempt, re-send and replay."""
    return derived_id(subscription_id, f"event:{event_id}")
