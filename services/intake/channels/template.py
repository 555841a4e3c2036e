"""The body that an administrator writes in a rule, where the provider leaves that to them.

Zendesk's triggers and Freshdesk's automation rules fill in their placeholders; the names are ours and
the same for both, written down in docs/channels/zendesk.md and freshdesk.md. Names that are left out, or
that the provider filled with nothing, say nothing.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from services.intake.domain.commands import (
    AddMessage,
    AnyCommand,
    Assign,
    OpenTicket,
    Rate,
    SetPriority,
    SetStatus,
)
from services.intake.mail.markup import Markup
from shared.contracts.vocabulary import Priority, Status

from . import words
from .fields import demanded, identifier, inside, line, moment, text, word
from .markup import read_text
from .people import CUSTOMER, agent, asker
from .reading import ReadingError, digest

_NO: Final = frozenset({"false", "private", "internal", "no", "0"})


@dataclass(frozen=True, slots=True)
class Template:
    """One source's rules: who sends them, how texts are `read`, and the provider's words beside the
    common ones.
    """

    source: str
    channel: str
    read: Callable[[str], Markup]
    statuses: Mapping[str, Status] = field(default_factory=dict)
    priorities: Mapping[str, Priority] = field(default_factory=dict)
    ratings: Mapping[str, int] = field(default_factory=dict)
    channels: Mapping[str, str] = field(default_factory=dict)


def commands_of(template: Template, body: Any) -> Sequence[AnyCommand]:
    """What a rule's body wishes for. Raises ReadingError."""
    event = word(body, "event")
    if not event:
        raise ReadingError("no event")
    interpret = _EVENTS.get(event)
    return interpret(template, body) if interpret else ()


def key_of(body: Any, raw: bytes) -> str:
    """What tells a repeat where the provider gives no id (webhooks 5): ticket, version, event, body."""
    ticket, version = identifier(body, "ticket_id") or "", text(body, "updated_at")
    return digest(ticket, version, word(body, "event"), raw)


def _created(template: Template, body: Any) -> Sequence[AnyCommand]:
    ticket = demanded(body, "ticket_id")
    description = template.read(text(body, "description"))
    came_by = word(body, "channel")
    return (
        OpenTicket(
            external_id=ticket,
            occurred_at=moment(body, "created_at") or moment(body, "updated_at"),
            customer=asker(
                template.source,
                identifier(body, "requester", "id"),
                ticket=ticket,
                name=line(body, "requester", "name"),
                email=line(body, "requester", "email"),
                phone=line(body, "requester", "phone"),
            ),
            subject=line(body, "subject"),
            body=description.text,
            html=description.harmless,
            channel=template.channels.get(came_by, template.channel),
            priority=words.priority(body, "priority", also=template.priorities),
        ),
    )


def _commented(template: Template, body: Any) -> Sequence[AnyCommand]:
    comment = template.read(text(body, "comment", "body"))
    if not comment.text:
        raise ReadingError("no comment")
    is_customer = word(body, "comment", "author") in {"customer", "end_user", "requester"}
    return (
        AddMessage(
            external_id=demanded(body, "ticket_id"),
            occurred_at=moment(body, "updated_at"),
            by=CUSTOMER if is_customer else agent(identifier(body, "comment", "author_id")),
            body=comment.text,
            html=comment.harmless,
            public=_is_public(inside(body, "comment", "public")),
        ),
    )


def _is_public(said: Any) -> bool:
    return said is not False and word(said) not in _NO


def _status(template: Template, body: Any) -> Sequence[AnyCommand]:
    status = words.status(body, "status", also=template.statuses)
    if status is None:
        raise ReadingError("no status")
    return (
        SetStatus(
            external_id=demanded(body, "ticket_id"),
            occurred_at=moment(body, "updated_at"),
            status=status,
        ),
    )


def _priority(template: Template, body: Any) -> Sequence[AnyCommand]:
    priority = words.priority(body, "priority", also=template.priorities)
    if priority is None:
        return ()
    return (
        SetPriority(
            external_id=demanded(body, "ticket_id"),
            occurred_at=moment(body, "updated_at"),
            priority=priority,
        ),
    )


def _assigned(template: Template, body: Any) -> Sequence[AnyCommand]:  # noqa: ARG001 - as all of them
    assignee = identifier(body, "assignee")
    if assignee is None:  # taken away from somebody: who gets it next is the router's to say
        return ()
    return (
        Assign(
            external_id=demanded(body, "ticket_id"),
            occurred_at=moment(body, "updated_at"),
            assignee=assignee,
        ),
    )


def _rated(template: Template, body: Any) -> Sequence[AnyCommand]:
    score = words.rating(body, "rating", also=template.ratings)
    if score is None:
        return ()
    return (
        Rate(
            external_id=demanded(body, "ticket_id"),
            occurred_at=moment(body, "updated_at"),
            score=score,
            comment=read_text(text(body, "rating_comment")) or None,
        ),
    )


_EVENTS: Final[Mapping[str, Callable[[Template, Any], Sequence[AnyCommand]]]] = {
    "ticket_created": _created,
    "comment_added": _commented,
    "status_changed": _status,
    "priority_changed": _priority,
    "assigned": _assigned,
    "rated": _rated,
}
