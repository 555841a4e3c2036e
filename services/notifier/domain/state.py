"""One ticket and every message planned about it: the state the plan is decided on."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from types import MappingProxyType
from typing import TypeAlias
from uuid import UUID

import msgspec

from shared.contracts import Event
from shared.contracts.vocabulary import SuppressReason

from .notification import Notification, Status
from .ticket import Ticket
from .ticket import evolve as evolve_ticket


@dataclass(frozen=True, slots=True)
class Planned:
    """A notification is to exist; a suppressed one says why it is not sent."""

    notification: Notification


@dataclass(frozen=True, slots=True)
class Voided:
    """A notification that may still be sent is not to be sent any more."""

    notification_id: UUID
    reason: SuppressReason


@dataclass(frozen=True, slots=True)
class Ready:
    """A notification that waited for facts waits no longer."""

    notification_id: UUID
    due_at: datetime


Decision: TypeAlias = Planned | Voided | Ready
Heard: TypeAlias = Event | Decision


@dataclass(frozen=True, slots=True)
class State:
    """What is known of a ticket, and its notifications by id."""

    ticket: Ticket
    notifications: Mapping[UUID, Notification] = field(default_factory=lambda: MappingProxyType({}))


def evolve(state: State, heard: Heard) -> State:
    """The state after a fact, or after one of our own decisions. Either may come twice."""
    match heard:
        case Planned(notification=planned):
            if planned.notification_id in state.notifications:
                return state
            return _with(state, planned)
        case Voided(notification_id=notification_id, reason=reason):
            known = state.notifications.get(notification_id)
            return _with(state, void(known, reason)) if known and known.is_open else state
        case Ready(notification_id=notification_id, due_at=due_at):
            known = state.notifications.get(notification_id)
            return _with(state, msgspec.structs.replace(known, due_at=due_at)) if known else state
        case Event():
            return replace(state, ticket=evolve_ticket(state.ticket, heard))


def void(notification: Notification, reason: SuppressReason) -> Notification:
    """`notification` is not to be sent any more. One that is being sent at this moment keeps its lease
    and is not tried again (semantics L8).
    """
    leased = notification.status is Status.LEASED
    status = Status.LEASED if leased else Status.SUPPRESSED
    return msgspec.structs.replace(notification, status=status, reason=reason)


def _with(state: State, notification: Notification) -> State:
    known = {**state.notifications, notification.notification_id: notification}
    return replace(state, notifications=MappingProxyType(known))
