"""A message as it leaves: the words for one recipient, from the plan and what is known when it is sent."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID
from zoneinfo import ZoneInfo

from .audience import CUSTOMER
from .notification import About, Kind, Notification, Urgency
from .phrases import phrases
from .receipt import Reader
from .saying import said_to
from .templates import MAX_SUBJECT, Templates, clean_line
from .ticket import reference_of
from .wording import lasting

_UTC: Final = ZoneInfo("UTC")

#: A ticket's short name, as intake finds it in the subject of an answer (D5).
_REFERENCE: Final = re.compile(r"(?<![\w#&])#[0-9A-Fa-f]{8}(?!\w)")

#: The channel that is read here, in a browser or a terminal.
FEED: Final = "feed"

#: Said in the message when it tells of something older than this (semantics L9).
LATE_AFTER: Final = timedelta(minutes=2)

#: Added for channels that cannot recognise a repeat (semantics D2).
POSSIBLE_REPEAT: Final = "(possible repeat)"


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """One of several notifications that leave as one message: `happened` in the reader's words, `held` why it
    waited, `link` takes responsibility.
    """

    notification_id: UUID
    ticket_id: UUID
    subject: str
    reference: str = ""
    priority: str = ""
    happened: str = ""
    held: str = ""
    deadline: str = ""
    link: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Message:
    """What a sender delivers. The id is the same on every attempt; `facts` are for machines; `lines` are the
    notifications of a bundle or a digest, none in a message about one; `remark` is noted with what came
    of the attempt. `details` are names and values in the reader's language; `ending` are the paragraphs that
    `body` ends with and that are not the template's; `links` are the addresses that we put into the words
    ourselves: no other may become one that can be clicked; `stop_link` ends bundles and digests; a message with
    a `survey_link` asks for a rating.
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
    language: str = "en"
    reference: str = ""
    details: tuple[tuple[str, str], ...] = ()
    ending: tuple[str, ...] = ()
    links: tuple[str, ...] = ()
    stop_link: str | None = None
    survey_link: str | None = None


def can_be_acknowledged(notification: Notification) -> bool:
    """A page about an open escalation, to one of the staff (semantics L4, D7)."""
    about = notification.about
    return about.kind is Kind.ESCALATION and notification.role != CUSTOMER


def needs_link(notification: Notification) -> bool:
    """Whether its message holds a link to answer by: the feed has buttons of its own, and no words of it are
    kept.
    """
    return can_be_acknowledged(notification) and notification.channel != FEED


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
    zone: ZoneInfo = _UTC,
    latest: Mapping[str, object] | None = None,
    links: Sequence[str] = (),
    remark: str = "",
) -> Message:
    """The message of one attempt, in a `language` of the template and the reader's `zone`; `latest` are fields
    that are known only now, `links` the addresses among them. Raises KeyError for a template no workflow has.
    """
    spoken = language or templates.language(notification.template, ())
    fields = said_to(notification.fields, Reader(language=spoken, zone=zone), now=now)
    shown: Mapping[str, object] = {
        **fields,
        **(latest or {}),
        "subject_line": subject_line,
        "acknowledge_link": acknowledge_link,
        "handoff_link": f"{acknowledge_link}/handoff" if acknowledge_link else None,
    }
    subject, body = templates.render(notification.template, shown, spoken)
    ending = tuple(_ending(notification, body, acknowledge_link, spoken, now))
    ending = (*_on_behalf(fields, body), *ending)
    return Message(
        notification_id=notification.message_id,
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
        subject=_answerable(subject, notification),
        body="\n\n".join([body, *ending]),
        facts={key: value for key, value in notification.fields.items() if value is not None},
        acknowledge_link=acknowledge_link,
        possible_repeat=notification.unknowns > 0,
        sent_at=now,
        remark=remark,
        language=spoken,
        reference=reference_of(notification.ticket_id),
        details=_details(notification, fields, spoken),
        ending=ending,
        links=tuple(link for link in (acknowledge_link, *links) if link),
    )


def _ending(
    notification: Notification,
    body: str,
    acknowledge_link: str | None,
    language: str,
    now: datetime,
) -> list[str]:
    """What every message to staff ends with: how late it is, how to take it, which ticket."""
    if notification.role == CUSTOMER:
        return []
    words = phrases(language)
    late = now - notification.about.happened_at
    said = [words.late.format(span=lasting(late))] if late > LATE_AFTER else []
    if acknowledge_link and acknowledge_link not in body:
        said.append(words.take_link.format(link=acknowledge_link))
    return [*said, f"{words.ticket} {notification.ticket_id}"]


def _on_behalf(fields: Mapping[str, object], body: str) -> list[str]:
    """For whom somebody is told, unless the template says so itself."""
    said = clean_line(fields.get("on_behalf") or "", limit=200)
    return [f"{said[0].upper()}{said[1:]}."] if said and said not in body else []


def _answerable(subject: str, notification: Notification) -> str:
    """The subject of a mail to a customer, by which an answer finds its ticket again: the first reference in
    it is the ticket's own, whatever the template and the customer's words hold.
    """
    if notification.role != CUSTOMER:
        return subject
    own = reference_of(notification.ticket_id)
    first = _REFERENCE.search(subject)
    if first and first[0].upper() == own:
        return subject
    return clean_line(f"[{own}] {subject}", limit=MAX_SUBJECT)


def _details(
    notification: Notification, fields: Mapping[str, object], language: str
) -> tuple[tuple[str, str], ...]:
    """What staff want to see at a glance."""
    if notification.role == CUSTOMER:
        return ()
    words = phrases(language)
    named = {
        words.priority: fields.get("priority"),
        words.level: fields.get("level_title"),
        words.deadline: fields.get("deadline"),
        words.take_by: fields.get("acknowledge_by"),
    }
    return tuple((name, clean_line(value)) for name, value in named.items() if value)
