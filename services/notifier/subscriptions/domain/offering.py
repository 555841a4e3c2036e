"""What of an event is kept for subscriptions: its name, its traits, its bytes."""

from __future__ import annotations

from datetime import datetime
from typing import Final
from uuid import UUID

import msgspec

from services.notifier.domain.ticket import Ticket
from shared.contracts import Event, encode, type_of

from .subscription import Traits

#: The name of the event a test sends; it is on no topic.
TEST: Final = "subscription.test"


class Offer(msgspec.Struct, frozen=True, kw_only=True):
    """An event as subscriptions see it. `document`: the CloudEvents JSON, as on the topic."""

    event_id: UUID
    event: str
    traits: Traits
    recorded_at: datetime
    document: bytes


def offer(event: Event, ticket: Ticket | None) -> Offer:
    """The event, with what is known of its ticket where it does not say itself."""
    return Offer(
        event_id=event.id,
        event=type_of(event.payload).name,
        traits=traits_of(event, ticket),
        recorded_at=event.recorded_time,
        document=encode(event),
    )


def traits_of(event: Event, ticket: Ticket | None) -> Traits:
    """What filters look at: the event's own words before the ticket's."""
    said, known = event.payload, ticket or Ticket(ticket_id=UUID(event.subject))
    escalation = known.escalation
    team = escalation.team if escalation else known.assignee_team
    level = escalation.level if escalation else known.level
    return Traits(
        priority=_first(said, "priority") or known.priority,
        customer_tier=_first(said, "tier") or known.customer_tier,
        team=_first(said, "to_team") or team,
        level=_first(said, "level", "to_level") or level,
    )


def a_test(event_id: UUID, subscription_id: UUID, now: datetime) -> Offer:
    """A document in the form of an event, about nothing but the subscription."""
    instant = now.isoformat().replace("+00:00", "Z")
    document = {
        "specversion": "1.0",
        "id": event_id,
        "source": "/notifier",
        "type": f"support.{TEST}.v1",
        "subject": subscription_id,
        "time": instant,
        "datacontenttype": "application/json",
        "data": {"subscription_id": subscription_id},
    }
    return Offer(
        event_id=event_id,
        event=TEST,
        traits=Traits(),
        recorded_at=now,
        document=msgspec.json.encode(document),
    )


def _first(said: object, *names: str) -> str | None:
    found = (getattr(said, name, None) for name in names)
    return next((str(value) for value in found if value is not None), None)
