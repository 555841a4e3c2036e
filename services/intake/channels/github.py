"""GitHub: issues are tickets, their comments are messages. Pull requests are none.

Signed with HMAC-SHA256 in hex over the raw body, without a time. What is told follows from the body, as
the header with the event's name is not signed. GitHub never tries again by itself; a redelivery by hand
keeps its id.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from typing import Any, Final

from services.intake.domain.commands import (
    AddMessage,
    AnyCommand,
    Assign,
    OpenTicket,
    SetPriority,
    SetStatus,
)
from shared.contracts import Author
from shared.contracts.vocabulary import AuthorKind, Priority, Status

from .base import Call, Channel, Member, Parsed, Source
from .fields import demanded, identifier, inside, line, moment, several, text, word
from .markup import read_text
from .people import CUSTOMER, agent, asker
from .reading import ReadingError, decode_json, digest, parsed
from .signatures import hmac_verifier, need, raw_body
from .words import PRIORITIES

NAME: Final = "github"
SIGNATURE: Final = "x-hub-signature-256"
DELIVERY: Final = "x-github-delivery"

#: What a delivery's id looks like; what does not is none.
_ID: Final = re.compile(r"[!-~]{1,200}")

#: Who belongs to the repository answers for it.
_OURS: Final = frozenset({"OWNER", "MEMBER", "COLLABORATOR"})

#: Labels that say a priority: `priority: high`, `prio/low`, `P1`, and `urgent` without anything before it.
_PRIORITY_LABEL: Final = re.compile(
    r"(?:priority|prio|severity)[ :/_-]{1,3}(\w+)|(p[0-3]|critical|urgent)"
)
_LEVELS: Final[Mapping[str, Priority]] = {
    **PRIORITIES,
    "p0": Priority.CRITICAL,
    "p1": Priority.HIGH,
    "p2": Priority.MEDIUM,
    "p3": Priority.LOW,
}


def github(source: Source) -> Channel:
    """The adapter of one webhook of a repository or an organisation. Raises SecretError."""
    return Channel(
        verify=hmac_verifier(need(source), header=SIGNATURE, signed=raw_body, prefix="sha256="),
        members=_members,
        parse=lambda raw: _parse(source.name, raw),
        retried=False,
    )


def _members(call: Call) -> Sequence[Member]:
    """One event; none for the ping of a new webhook."""
    try:
        body = decode_json(call.raw)
    except ReadingError:
        body = None
    if "zen" in (body if isinstance(body, dict) else ()) and inside(body, "issue") is None:
        return ()
    delivery = call.headers.get(DELIVERY, "")
    return (Member(delivery if _ID.fullmatch(delivery) else digest(call.raw), call.raw),)


def _parse(source: str, raw: bytes) -> Parsed:
    return parsed(raw, lambda raw: _commands(source, decode_json(raw)))


def _commands(source: str, body: Any) -> Sequence[AnyCommand]:
    if not isinstance(body, dict):
        raise ReadingError("no event")
    issue, action = inside(body, "issue"), text(body, "action")
    if issue is None or inside(issue, "pull_request") is not None:
        return ()
    if "comment" in body:
        return _commented(body) if action == "created" else ()
    interpret = _ACTIONS.get(action)
    return interpret(source, body) if interpret else ()


def _id(body: Any) -> str:
    """`owner/repository#number`, as people write it."""
    repository = demanded(body, "repository", "full_name")
    return f"{repository}#{demanded(body, 'issue', 'number')}"


def _opened(source: str, body: Any) -> Sequence[AnyCommand]:
    """What no person wrote opens nothing."""
    issue = inside(body, "issue")
    ticket = _id(body)
    if _is_bot(inside(issue, "user")):
        return ()
    return (
        OpenTicket(
            external_id=ticket,
            occurred_at=moment(issue, "created_at"),
            customer=asker(
                source,
                identifier(issue, "user", "id"),
                ticket=ticket,
                name=line(issue, "user", "login"),
            ),
            subject=line(issue, "title"),
            body=read_text(text(issue, "body")),
            channel=NAME,
            priority=_labelled(issue),
        ),
    )


def _labelled(issue: Any) -> Priority | None:
    """The highest priority that the issue's labels say."""
    said = [_level(label) for label in several(issue, "labels")]
    return min((one for one in said if one), key=lambda one: one.rank, default=None)


def _level(label: Any) -> Priority | None:
    found = _PRIORITY_LABEL.fullmatch(line(label, "name", most=100).lower())
    return _LEVELS.get(found[1] or found[2]) if found else None


def _commented(body: Any) -> Sequence[AnyCommand]:
    comment = inside(body, "comment")
    said = read_text(text(comment, "body"))
    if not said:
        raise ReadingError("no comment")
    by = _commenter(comment)
    return (
        AddMessage(
            external_id=_id(body),
            occurred_at=moment(comment, "created_at"),
            by=by,
            body=said,
            automatic=by.kind is AuthorKind.SYSTEM,
        ),
    )


def _commenter(comment: Any) -> Author:
    if _is_bot(inside(comment, "user")):
        return Author(kind=AuthorKind.SYSTEM)
    if text(comment, "author_association") in _OURS:
        return agent(identifier(comment, "user", "login"))
    return CUSTOMER


def _becomes(status: Status) -> Callable[[str, Any], Sequence[AnyCommand]]:
    def interpret(_source: str, body: Any) -> Sequence[AnyCommand]:
        return (
            SetStatus(
                external_id=_id(body),
                occurred_at=_changed_at(body),
                by=_sender(body),
                status=status,
                resolution_code=word(body, "issue", "state_reason") or None,
            ),
        )

    return interpret


def _assigned(_source: str, body: Any) -> Sequence[AnyCommand]:
    return (
        Assign(
            external_id=_id(body),
            occurred_at=_changed_at(body),
            by=_sender(body),
            assignee=demanded(body, "assignee", "login"),
        ),
    )


def _relabelled(_source: str, body: Any) -> Sequence[AnyCommand]:
    """A label that says a priority sets it; all others are the repository's own business."""
    priority = _level(inside(body, "label"))
    if priority is None:
        return ()
    return (SetPriority(external_id=_id(body), occurred_at=_changed_at(body), priority=priority),)


def _changed_at(body: Any) -> datetime | None:
    return moment(body, "issue", "updated_at")


def _sender(body: Any) -> Author:
    """Who did it: the one who asked, a machine, or else somebody with a right to."""
    sender = inside(body, "sender")
    if _is_bot(sender) or sender is None:
        return Author(kind=AuthorKind.SYSTEM)
    known = identifier(sender, "id")
    if known is not None and known == identifier(body, "issue", "user", "id"):
        return CUSTOMER
    return agent(identifier(sender, "login"))


def _is_bot(user: Any) -> bool:
    return text(user, "type") == "Bot" or text(user, "login").endswith("[bot]")


_ACTIONS: Final[Mapping[str, Callable[[str, Any], Sequence[AnyCommand]]]] = {
    "opened": _opened,
    "closed": _becomes(Status.CLOSED),
    "reopened": _becomes(Status.OPEN),
    "assigned": _assigned,
    "labeled": _relabelled,
}
