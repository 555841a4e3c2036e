"""A message as it leaves: the words for one recipient, from the plan and what is known when it is sent."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

from .audience import CUSTOMER
from .notification import About, Kind, Notification, Urgency
from .templates import Templates, clean_line
from .wording import lasting

#: Said in the message when it tells of something older than this (semantics L9).
LATE_AFTER: Final = timedelta(minutes=2)

#: Added for channels that cannot recognise a repeat (semantics D2).
POSSIBLE_REPEAT: Final = "(possible repeat)"


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """One of several notifications that leave as one message."""

    notification_id: UUID
    ticket_id: UUID
    subject: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Message:
    """What a sender delivers. The id is the same on every attempt; `facts` are for machines; `lines` are the
    notifications of a bundle or a digest, none in a message about one; `remark` is noted with what came
    of the attempt.
    """

    notification_id: UUID
    ticket_id: UUID
    recipient_id: str
    role: str
    template: str
    fact: str
    about: About
    urgency: Urgency
    happened_at: datetime
    address: str
    name: str
    subject: str
    body: str
    facts: Mapping[str, object]
    acknowledge_link: str | None
    possible_repeat: bool
    sent_at: datetime
    lines: tuple[Line, ...] = ()
    remark: str = ""


def can_be_acknowledged(notification: Notification) -> bool:
    """A page about an open escalation, to one of the staff (semantics L4, D7)."""
    about = notification.about
    return about.kind is Kind.ESCALATION and notification.role != CUSTOMER


def compose(
    notification: Notification,
    templates: Templates,
    *,
    address: str,
    name: str,
    subject_line: str | None,
    acknowledge_link: str | None,
    now: datetime,
    language: str | None = None,
    latest: Mapping[str, object] | None = None,
    remark: str = "",
) -> Message:
    """The message of one attempt, in a `language` of the template; `latest` are fields that are known only
    now. Raises KeyError for a template no workflow has.
    """
    fields: Mapping[str, object] = {
        **notification.fields,
        **(latest or {}),
        "subject_line": subject_line,
        "acknowledge_link": acknowledge_link,
        "handoff_link": acknowledge_link,
    }
    subject, body = templates.render(notification.template, fields, language)
    return Message(
        notification_id=notification.notification_id,
        ticket_id=notification.ticket_id,
        recipient_id=notification.recipient_id,
        role=notification.role,
        template=notification.template,
        fact=notification.about.fact,
        about=notification.about,
        urgency=notification.urgency,
        happened_at=notification.about.happened_at,
        address=address,
        name=clean_line(name, limit=80),
        subject=subject,
        body="\n\n".join([body, *_footer(notification, body, acknowledge_link, now)]),
        facts={key: value for key, value in notification.fields.items() if value is not None},
        acknowledge_link=acknowledge_link,
        possible_repeat=notification.unknowns > 0,
        sent_at=now,
        remark=remark,
    )


def _footer(
    notification: Notification, body: str, acknowledge_link: str | None, now: datetime
) -> list[str]:
    """What every message to staff ends with: how late it is, how to take it, which ticket."""
    if notification.role == CUSTOMER:
        return []
    late = now - notification.about.happened_at
    said = [f"This happened {lasting(late)} ago."] if late > LATE_AFTER else []
    if acknowledge_link and acknowledge_link not in body:
        said.append(f"Take responsibility: {acknowledge_link}")
    return [*said, f"Ticket {notification.ticket_id}"]
