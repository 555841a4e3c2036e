"""Freshdesk: what an automation rule sends, in the template of docs/channels/freshdesk.md.

Freshdesk signs nothing: the secret is a token, in the URL, in basic authentication or in the header
`x-tierline-token`. It gives no id either: ticket, time of change, event and body tell a repeat. It tries
again after 5, 30 and 60 minutes. A ticket as Freshdesk's own API shows it, with its conversations, is
understood as well: that is how a script brings in what was missed. Not verified: any signature of its
marketplace apps, and how long it waits for an answer.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any, Final

from services.intake.domain.commands import (
    AddMessage,
    AnyCommand,
    Assign,
    Attachment,
    OpenTicket,
    SetStatus,
)
from shared.contracts.vocabulary import Priority, Status

from . import template as rules
from . import words
from .base import Call, Channel, Member, Parsed, Source
from .chats import unfetched
from .fields import demanded, identifier, inside, line, moment, several, text, word
from .markup import read_html, read_text
from .people import CUSTOMER, agent, asker
from .reading import ReadingError, decode_json, digest, parsed
from .signatures import token_verifier

NAME: Final = "freshdesk"

#: Where a rule may put the token, if not into the URL.
TOKEN: Final = "x-tierline-token"  # noqa: S105 - the name of a header

#: Freshdesk's API has numbers for them.
_STATUSES: Final[Mapping[str, Status]] = {
    "2": Status.OPEN,
    "3": Status.PENDING,
    "4": Status.RESOLVED,
    "5": Status.CLOSED,
    "6": Status.PENDING,
    "7": Status.ON_HOLD,
}
_PRIORITIES: Final[Mapping[str, Priority]] = {
    "1": Priority.LOW,
    "2": Priority.MEDIUM,
    "3": Priority.HIGH,
    "4": Priority.CRITICAL,
}

#: Its surveys count from -103 to 103, in three, five or seven steps; the outer ones fall together.
_RATINGS: Final[Mapping[str, int]] = {
    "103": 5,
    "102": 5,
    "101": 4,
    "100": 3,
    "-101": 2,
    "-102": 1,
    "-103": 1,
    "extremely_happy": 5,
    "very_happy": 5,
    "happy": 4,
    "neutral": 3,
    "unhappy": 2,
    "very_unhappy": 1,
    "extremely_unhappy": 1,
}

_SOURCES: Final = {
    "1": "email",
    "2": "portal",
    "3": "phone",
    "7": "chat",
    "9": "portal",
    "email": "email",
    "portal": "portal",
    "phone": "phone",
    "chat": "chat",
    "feedback_widget": "portal",
}

#: More files than this in one message are not listed.
MOST_FILES: Final = 50

_BEGINNING: Final = datetime.min.replace(tzinfo=UTC)


def freshdesk(source: Source) -> Channel:
    """The adapter of one Freshdesk account, whose secrets are tokens of ours. Raises SecretError."""
    template = rules.Template(
        source.name, NAME, read_html, _STATUSES, _PRIORITIES, _RATINGS, _SOURCES
    )
    return Channel(
        verify=token_verifier(source.secrets, header=TOKEN),
        members=_members,
        parse=lambda raw: _parse(template, raw),
    )


def _members(call: Call) -> Sequence[Member]:
    try:
        body = decode_json(call.raw)
    except ReadingError:
        return (Member(digest(call.raw), call.raw),)
    return (Member(rules.key_of(body, call.raw), call.raw),)


def _parse(template: rules.Template, raw: bytes) -> Parsed:
    return parsed(raw, lambda raw: _commands(template, decode_json(raw)))


def _commands(template: rules.Template, body: Any) -> Sequence[AnyCommand]:
    if isinstance(inside(body, "ticket"), dict):
        return _as_shown(template.source, body)
    return rules.commands_of(template, body)


def _as_shown(source: str, body: Any) -> Sequence[AnyCommand]:
    """A ticket of the API's shape: its opening, its conversations in their order, and where it stands."""
    shown = inside(body, "ticket")
    ticket, changed = demanded(body, "ticket", "id"), moment(shown, "updated_at")
    commands: list[AnyCommand] = [_opening(source, ticket, shown)]
    if assignee := identifier(shown, "responder_id"):
        commands.append(Assign(external_id=ticket, occurred_at=changed, assignee=assignee))
    for part in sorted(several(body, "conversations"), key=_said_at):
        commands.extend(_message(ticket, part))
    status = words.status(shown, "status", also=_STATUSES)
    if status is not None and status is not Status.OPEN:
        commands.append(SetStatus(external_id=ticket, occurred_at=changed, status=status))
    return commands


def _opening(source: str, ticket: str, shown: Any) -> OpenTicket:
    description = read_html(text(shown, "description"))
    requester = inside(shown, "requester")
    return OpenTicket(
        external_id=ticket,
        occurred_at=moment(shown, "created_at"),
        customer=asker(
            source,
            identifier(shown, "requester_id") or identifier(requester, "id"),
            ticket=ticket,
            name=line(requester, "name"),
            email=line(requester, "email"),
            phone=line(requester, "mobile") or line(requester, "phone"),
        ),
        subject=line(shown, "subject"),
        body=read_text(text(shown, "description_text")) or description.text,
        html=description.harmless,
        channel=_SOURCES.get(word(shown, "source"), NAME),
        priority=words.priority(shown, "priority", also=_PRIORITIES),
        attachments=_files(shown),
    )


def _said_at(part: Any) -> datetime:
    return moment(part, "created_at") or _BEGINNING


def _message(ticket: str, part: Any) -> Sequence[AnyCommand]:
    written = read_html(text(part, "body"))
    body = read_text(text(part, "body_text")) or written.text
    files = _files(part)
    if not body and not files:
        return ()
    incoming, private = inside(part, "incoming") is True, inside(part, "private") is True
    return (
        AddMessage(
            external_id=ticket,
            occurred_at=moment(part, "created_at"),
            by=CUSTOMER if incoming else agent(identifier(part, "user_id")),
            body=body,
            html=written.harmless,
            public=not private,
            attachments=files,
        ),
    )


def _files(part: Any) -> tuple[Attachment, ...]:
    """What came along, by name: getting it would take a call to Freshdesk."""
    return tuple(
        unfetched(file, name="name", kind="content_type", size="size", otherwise="file")
        for file in several(part, "attachments")[:MOST_FILES]
    )
