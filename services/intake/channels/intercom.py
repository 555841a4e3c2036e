"""Intercom: what users and teammates do with conversations, told by the notifications of an app.

Signed with HMAC-SHA1 in hex over the raw body, without a time. Both shapes are read: the older one with
`user` and `conversation_message`, the newer one with `contacts` and `source`. Intercom gives up on what
is answered 429, so a crowd is answered 503. Not verified: its time limit, and how often it tries again.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from typing import Any, Final

from services.intake.domain.commands import (
    AddMessage,
    AnyCommand,
    Assign,
    Attachment,
    OpenTicket,
    Rate,
    SetPriority,
    SetStatus,
)
from shared.contracts import Author
from shared.contracts.vocabulary import AuthorKind, Priority, Status

from . import words
from .base import Call, Channel, Codes, Member, Parsed, Source
from .chats import first_line, unfetched
from .fields import canonical, demanded, epoch, identifier, inside, line, several, text, word
from .markup import read_html, read_text
from .people import CUSTOMER, agent, asker
from .reading import ReadingError, decode_json, digest, parsed
from .signatures import hmac_verifier, need, raw_body

SIGNATURE: Final = "x-hub-signature"

#: What changes from one attempt to the next.
_ATTEMPT: Final = frozenset(
    {"delivery_status", "delivery_attempts", "delivered_at", "first_sent_at"}
)

#: More files than this in one message are not listed.
MOST_FILES: Final = 50

#: Intercom has one flag for a priority.
_PRIORITIES: Final[Mapping[str, Priority]] = {
    "priority": Priority.HIGH,
    "not_priority": Priority.MEDIUM,
}


def intercom(source: Source) -> Channel:
    """The adapter of one Intercom app, whose secret is its client secret. Raises SecretError."""
    return Channel(
        verify=hmac_verifier(
            need(source), header=SIGNATURE, signed=raw_body, algorithm="sha1", prefix="sha1="
        ),
        members=_members,
        parse=lambda raw: _parse(source.name, raw),
        codes=Codes(crowded=503),
    )


def _members(call: Call) -> Sequence[Member]:
    """One notification; none for the ping of a new subscription."""
    try:
        body = decode_json(call.raw)
    except ReadingError:
        return (Member(digest(call.raw), call.raw),)
    if text(body, "topic") == "ping":
        return ()
    told = body if isinstance(body, dict) else {}
    lasting = canonical({name: value for name, value in told.items() if name not in _ATTEMPT})
    key = identifier(body, "id") or digest(lasting)
    return (Member(key, call.raw, bytes.fromhex(digest(lasting))),)


def _parse(source: str, raw: bytes) -> Parsed:
    return parsed(raw, lambda raw: _commands(source, decode_json(raw)))


def _commands(source: str, body: Any) -> Sequence[AnyCommand]:
    topic = text(body, "topic")
    if not topic:
        raise ReadingError("no topic")
    interpret = _TOPICS.get(topic)
    return interpret(source, body) if interpret else ()


def _conversation(body: Any) -> Any:
    return inside(body, "data", "item")


def _id(body: Any) -> str:
    return demanded(body, "data", "item", "id")


def _told_at(body: Any) -> datetime | None:
    """When it happened: the newest part says so, else the notification."""
    return epoch(_part(body), "created_at") or epoch(body, "created_at")


def _part(body: Any) -> Any:
    """What was added to the conversation last; a notification brings nothing else of it."""
    return inside(_conversation(body), "conversation_parts", "conversation_parts", -1)


def _created(source: str, body: Any) -> Sequence[AnyCommand]:
    return (_opening(source, body),)


def _created_by_us(source: str, body: Any) -> Sequence[AnyCommand]:
    """A teammate wrote first: a ticket that nobody waits for yet."""
    first = _first(body)
    by = agent(identifier(first, "author", "id"))
    return (_opening(source, body, outbound=True, by=by),)


def _opening(
    source: str, body: Any, *, outbound: bool = False, by: Author = CUSTOMER
) -> OpenTicket:
    conversation, first = _conversation(body), _first(body)
    ticket, written = _id(body), read_html(text(first, "body"))
    asking = None if outbound else inside(first, "author")
    person = inside(conversation, "user") or inside(conversation, "contacts", "contacts", 0)
    subject = read_html(text(first, "subject")).text
    return OpenTicket(
        external_id=ticket,
        occurred_at=epoch(conversation, "created_at") or epoch(body, "created_at"),
        by=by,
        customer=asker(
            source,
            identifier(person, "id") or identifier(asking, "id"),
            ticket=ticket,
            name=line(person, "name") or line(asking, "name"),
            email=line(person, "email") or line(asking, "email"),
            phone=line(person, "phone"),
        ),
        subject=first_line(subject) or first_line(written.text),
        body=written.text,
        html=written.harmless,
        channel="email" if word(first, "type") == "email" else "chat",
        priority=_flagged(conversation),
        outbound=outbound,
        attachments=_files(first),
    )


def _first(body: Any) -> Any:
    """The message a conversation began with, in the shape of either version."""
    conversation = _conversation(body)
    found = inside(conversation, "source") or inside(conversation, "conversation_message")
    if not isinstance(found, dict):
        raise ReadingError("no first message")
    return found


def _flagged(conversation: Any) -> Priority | None:
    """A conversation that is not flagged says nothing: triage reads it."""
    return Priority.HIGH if word(conversation, "priority") == "priority" else None


def _replied(_source: str, body: Any) -> Sequence[AnyCommand]:
    said = _message(body, public=True)
    if not said:
        raise ReadingError("no reply")
    return said


def _noted(_source: str, body: Any) -> Sequence[AnyCommand]:
    said = _message(body, public=False)
    if not said:
        raise ReadingError("no note")
    return said


def _message(body: Any, *, public: bool) -> tuple[AddMessage, ...]:
    """What the newest part says, if it says anything; files alone are a message, too."""
    part = _part(body)
    written, files = read_html(text(part, "body")), _files(part)
    if not written.text and not files:
        return ()
    by = _author(part)
    return (
        AddMessage(
            external_id=_id(body),
            occurred_at=_told_at(body),
            by=by,
            body=written.text,
            html=written.harmless,
            public=public,
            automatic=by.kind is AuthorKind.SYSTEM,
            attachments=files,
        ),
    )


def _files(part: Any) -> tuple[Attachment, ...]:
    """What came along, by name: getting it would take a call to Intercom."""
    return tuple(
        unfetched(file, name="name", kind="content_type", size="filesize", otherwise="file")
        for file in several(part, "attachments")[:MOST_FILES]
    )


def _author(part: Any) -> Author:
    match word(part, "author", "type"):
        case "admin" | "team":
            return agent(identifier(part, "author", "id"))
        case "bot":
            return Author(kind=AuthorKind.SYSTEM)
        case _:
            return CUSTOMER


def _becomes(status: Status) -> Callable[[str, Any], Sequence[AnyCommand]]:
    """A change of status; a teammate may say something along with it."""

    def interpret(_source: str, body: Any) -> Sequence[AnyCommand]:
        changed = SetStatus(
            external_id=_id(body), occurred_at=_told_at(body), by=_mover(body), status=status
        )
        return (*_message(body, public=True), changed)

    return interpret


def _mover(body: Any) -> Author:
    return _author(_part(body)) if _part(body) else Author(kind=AuthorKind.SYSTEM)


def _assigned(_source: str, body: Any) -> Sequence[AnyCommand]:
    """Given to a teammate; to a team or nobody is the router's to settle. A reason is a note."""
    conversation = _conversation(body)
    assignee = identifier(conversation, "admin_assignee_id")
    if word(conversation, "assignee", "type") == "admin":
        assignee = assignee or identifier(conversation, "assignee", "id")
    noted = _message(body, public=False)
    if assignee is None or assignee == "0":
        return noted
    given = Assign(
        external_id=_id(body), occurred_at=_told_at(body), by=_mover(body), assignee=assignee
    )
    return (*noted, given)


def _rated(_source: str, body: Any) -> Sequence[AnyCommand]:
    """Intercom's five faces are our 1 to 5."""
    given = inside(_conversation(body), "conversation_rating")
    score = words.rating(given, "rating")
    if score is None:
        raise ReadingError("no rating")
    return (
        Rate(
            external_id=_id(body),
            occurred_at=epoch(given, "created_at") or epoch(body, "created_at"),
            score=score,
            comment=read_text(text(given, "remark")) or None,
        ),
    )


def _priority(_source: str, body: Any) -> Sequence[AnyCommand]:
    """The flag raises to high, and back to medium without it."""
    priority = words.priority(_conversation(body), "priority", also=_PRIORITIES)
    if priority is None:
        raise ReadingError("no priority")
    return (SetPriority(external_id=_id(body), occurred_at=_told_at(body), priority=priority),)


_TOPICS: Final[Mapping[str, Callable[[str, Any], Sequence[AnyCommand]]]] = {
    "conversation.user.created": _created,
    "conversation.admin.single.created": _created_by_us,
    "conversation.user.replied": _replied,
    "conversation.admin.replied": _replied,
    "conversation.admin.noted": _noted,
    "conversation.admin.closed": _becomes(Status.CLOSED),
    "conversation.admin.opened": _becomes(Status.OPEN),
    "conversation.admin.snoozed": _becomes(Status.PENDING),
    "conversation.admin.unsnoozed": _becomes(Status.OPEN),
    "conversation.admin.assigned": _assigned,
    "conversation.admin.open.assigned": _assigned,
    "conversation.rating.added": _rated,
    "conversation.priority.updated": _priority,
}
