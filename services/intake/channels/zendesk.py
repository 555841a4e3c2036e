"""Zendesk: its event webhooks, and the webhooks of triggers with a body that an administrator writes.

Signed with HMAC-SHA256 in base64 over timestamp and body. In event bodies ids are strings, words are in
upper case and times in nanoseconds; placeholders of triggers are none of these. Not verified: which
status codes Zendesk retries, and whether the invocation id of a call survives a retry. That header is
not signed either, so it is no key: an event's own id is, and else a digest (webhooks 5).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import timedelta
from typing import Any, Final

from services.intake.domain.commands import (
    AddMessage,
    AnyCommand,
    Assign,
    OpenTicket,
    SetPriority,
    SetStatus,
)
from services.intake.mail.markup import Markup
from shared.contracts import Author
from shared.contracts.vocabulary import AuthorKind, Status

from . import words
from .base import Call, Channel, Member, Parsed, SecretError, Source
from .fields import demanded, identifier, inside, line, moment, text, word
from .markup import read_text
from .people import CUSTOMER, agent, asker
from .reading import ReadingError, decode_json, digest, parsed
from .signatures import hmac_verifier, iso_instant, need, only
from .template import Template
from .template import commands_of as template_commands
from .template import key_of as template_key

NAME: Final = "zendesk"

#: Zendesk signs test calls of webhooks that do not exist yet with this one, and everybody knows it.
TEST_SECRET: Final = "dGhpc19zZWNyZXRfaXNfZm9yX3Rlc3Rpbmdfb25seQ=="  # noqa: S105 - that is the point

SIGNATURE: Final = "x-zendesk-webhook-signature"
TIMESTAMP: Final = "x-zendesk-webhook-signature-timestamp"

_EVENT: Final = "zen:event-type:"
_TICKET_EVENT: Final = "zen:event-type:ticket."

#: How a customer came, in Zendesk's words and in the workflow's.
_VIA: Final = {
    "email": "email",
    "mail": "email",
    "chat": "chat",
    "messaging": "chat",
    "native_messaging": "chat",
    "voice": "phone",
    "phone": "phone",
    "phone_call_inbound": "phone",
    "web": "portal",
    "web_form": "portal",
    "web_service": "api",
    "api": "api",
}

#: Ends that are no status of a ticket's life.
_GONE: Final = frozenset({"deleted", "archived", "scrubbed"})

#: A comment as old as its ticket is the description again.
_AT_ONCE: Final = timedelta(seconds=60)


def zendesk(source: Source) -> Channel:
    """The adapter of one Zendesk webhook, whose secret is the one Zendesk shows. Raises SecretError."""
    if TEST_SECRET in source.secrets:
        raise SecretError("has Zendesk's public test secret")
    template = Template(source.name, NAME, _plain, channels=_VIA)
    return Channel(
        verify=hmac_verifier(
            need(source),
            header=SIGNATURE,
            signed=signed,
            encoding="base64",
            sent_at=iso_instant(TIMESTAMP),
        ),
        members=_members,
        parse=lambda raw: _parse(template, raw),
    )


def _plain(written: str) -> Markup:
    """Placeholders of triggers are filled in with text."""
    return Markup(None, read_text(written))


def signed(call: Call) -> bytes:
    """What Zendesk signs: nothing stands between time and body, and the body may be empty."""
    return only(call.headers, TIMESTAMP).encode("latin-1") + call.raw


def _members(call: Call) -> Sequence[Member]:
    try:
        body = decode_json(call.raw)
    except ReadingError:
        return (Member(digest(call.raw), call.raw),)
    if text(body, "type").startswith(_EVENT):
        return (Member(identifier(body, "id") or digest(call.raw), call.raw),)
    return (Member(template_key(body, call.raw), call.raw),)


def _parse(template: Template, raw: bytes) -> Parsed:
    return parsed(raw, lambda raw: _commands(template, decode_json(raw)))


def _commands(template: Template, body: Any) -> Sequence[AnyCommand]:
    kind = text(body, "type")
    if not kind.startswith(_EVENT):
        return template_commands(template, body)
    interpret = _EVENTS.get(kind.removeprefix(_TICKET_EVENT))
    return interpret(template.source, body) if interpret else ()


def _created(source: str, body: Any) -> Sequence[AnyCommand]:
    """The ticket, and what was settled with it: who has it, and a status beyond open."""
    detail = inside(body, "detail")
    ticket, at = demanded(body, "detail", "id"), moment(body, "time")
    opening = OpenTicket(
        external_id=ticket,
        occurred_at=at,
        customer=asker(source, identifier(detail, "requester_id"), ticket=ticket),
        subject=line(detail, "subject"),
        body=read_text(text(detail, "description")),
        channel=_VIA.get(word(detail, "via", "channel"), NAME),
        priority=words.priority(detail, "priority"),
    )
    commands: list[AnyCommand] = [opening]
    if assignee := identifier(detail, "assignee_id"):
        commands.append(Assign(external_id=ticket, occurred_at=at, assignee=assignee))
    status = words.status(detail, "status")
    if status is not None and status not in {Status.NEW, Status.OPEN}:
        commands.append(SetStatus(external_id=ticket, occurred_at=at, status=status))
    return commands


def _commented(_source: str, body: Any) -> Sequence[AnyCommand]:
    """A comment; the description, should Zendesk tell it as one as well, has been told by the opening."""
    comment = read_text(text(body, "event", "comment", "body"))
    if not comment:
        raise ReadingError("no comment")
    if _is_description(body, comment):
        return ()
    public = inside(body, "event", "comment", "is_public")
    by, automatic = _author(body)
    return (
        AddMessage(
            external_id=demanded(body, "detail", "id"),
            occurred_at=moment(body, "time"),
            by=by,
            body=comment,
            public=public is not False,
            automatic=automatic,
        ),
    )


def _author(body: Any) -> tuple[Author, bool]:
    """Who commented, and whether that was no person: Zendesk's own id is -1."""
    author = identifier(body, "event", "comment", "author", "id")
    if author == "-1":
        return Author(kind=AuthorKind.SYSTEM), True
    is_staff = inside(body, "event", "comment", "author", "is_staff")
    if not isinstance(is_staff, bool):
        is_staff = author != identifier(body, "detail", "requester_id")
    return (agent(author) if is_staff else CUSTOMER), False


def _is_description(body: Any, comment: str) -> bool:
    at, created = moment(body, "time"), moment(body, "detail", "created_at")
    is_old = at is None or created is None or abs(at - created) > _AT_ONCE
    return not is_old and comment == read_text(text(body, "detail", "description"))


def _status(_source: str, body: Any) -> Sequence[AnyCommand]:
    if word(body, "event", "current") in _GONE:
        return ()
    status = words.status(body, "event", "current")
    if status is None:
        raise ReadingError("no status")
    return (
        SetStatus(
            external_id=demanded(body, "detail", "id"),
            occurred_at=moment(body, "time"),
            by=_actor(body),
            status=status,
        ),
    )


def _priority(_source: str, body: Any) -> Sequence[AnyCommand]:
    """The source's own word, by nobody: an agent of ours who lowers would have to say why (P3)."""
    priority = words.priority(body, "event", "current")
    if priority is None:  # taken away: what triage said stays
        return ()
    ticket, at = demanded(body, "detail", "id"), moment(body, "time")
    return (SetPriority(external_id=ticket, occurred_at=at, priority=priority),)


def _assigned(_source: str, body: Any) -> Sequence[AnyCommand]:
    assignee = identifier(body, "event", "current")
    if assignee is None:  # taken away from somebody: who gets it next is the router's to say
        return ()
    ticket, at = demanded(body, "detail", "id"), moment(body, "time")
    return (Assign(external_id=ticket, occurred_at=at, by=_actor(body), assignee=assignee),)


def _actor(body: Any) -> Author:
    actor = identifier(body, "detail", "actor_id")
    if actor is None or actor == "-1":
        return Author(kind=AuthorKind.SYSTEM)
    return CUSTOMER if actor == identifier(body, "detail", "requester_id") else agent(actor)


_EVENTS: Final[Mapping[str, Callable[[str, Any], Sequence[AnyCommand]]]] = {
    "created": _created,
    "comment_added": _commented,
    "status_changed": _status,
    "priority_changed": _priority,
    "agent_assignment_changed": _assigned,
}
