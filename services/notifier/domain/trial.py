"""A test message: that somebody can be reached over a channel, about no ticket."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Final
from uuid import UUID

from shared.contracts import Cause

from .channels import channels_for
from .message import FEED, Message
from .notification import About, Kind, Notification, Urgency
from .phrases import DEFAULT_LANGUAGE
from .plan import target_of
from .recipient import Recipient
from .templates import clean_line

TRIAL: Final = "test"

#: Stands where a message names its ticket.
NO_TICKET: Final = UUID(int=0)

#: Subject and text, by language.
_WORDS: Final[Mapping[str, tuple[str, str]]] = {
    "en": (
        "Test message from Tierline",
        "You can be reached here. Nothing has happened, and there is nothing you need to do.",
    ),
    "de": (
        "Testnachricht von Tierline",
        "Sie sind hier erreichbar. Es ist nichts geschehen, und Sie müssen nichts tun.",
    ),
    "fr": (
        "Message d'essai de Tierline",
        "On peut vous joindre ici. Il ne s'est rien passé, et vous n'avez rien à faire.",
    ),
    "es": (
        "Mensaje de prueba de Tierline",
        "Aquí se le puede localizar. No ha pasado nada y no tiene que hacer nada.",
    ),
}


def channels_to_try(person: Recipient, on: Sequence[str]) -> list[str]:
    """Their channels that are `on` and can carry a test, the one first that an ordinary message would take.

    A feed cannot: it shows what is remembered of tickets.
    """
    carrying = [channel for channel in on if channel in person.channels and channel != FEED]
    first = channels_for(person, (), urgency=Urgency.NORMAL, on=carrying, fallback={})
    return [*first, *(channel for channel in carrying if channel not in first)]


def trial(message_id: UUID, person: Recipient, channel: str, now: datetime) -> Notification:
    """The test as what is counted against the limits of its target. It is written down nowhere."""
    return Notification(
        notification_id=message_id,
        ticket_id=NO_TICKET,
        about=About(fact_id=message_id, fact=TRIAL, kind=Kind.TICKET, happened_at=now),
        recipient_id=person.recipient_id,
        role=TRIAL,
        channel=channel,
        target=target_of(channel, person.channels[channel]),
        template=TRIAL,
        fields={},
        cause=Cause(id=message_id, correlation_id=message_id),
        planned_at=now,
        due_at=now,
    )


def words_of(notification: Notification, person: Recipient, now: datetime) -> Message:
    """The test as it leaves, in the reader's language if we have it."""
    wanted = person.language or DEFAULT_LANGUAGE
    language = wanted if wanted in _WORDS else DEFAULT_LANGUAGE
    subject, body = _WORDS[language]
    return Message(
        notification_id=notification.notification_id,
        ticket_id=notification.ticket_id,
        recipient_id=person.recipient_id,
        role=notification.role,
        template=notification.template,
        fact=notification.about.fact,
        about=notification.about,
        urgency=notification.urgency,
        happened_at=now,
        address=person.channels[notification.channel],
        name=clean_line(person.name, limit=80),
        subject=subject,
        body=body,
        facts={},
        acknowledge_link=None,
        possible_repeat=False,
        sent_at=now,
        language=language,
    )
