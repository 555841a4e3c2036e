"""HubSpot: what happens to its ticket objects. A webhook carries an id and one property, no more.

Signed (version 3) with HMAC-SHA256 in base64 over method, public URL, body and the time in milliseconds.
A call is an array of events, each a member of its own. Who asks is not told: until somebody links them,
the customer is known by the ticket alone. Not verified: HubSpot's time limit (5 s now) and how long it
tries again; it does not after 400 to 405. Its ids of events are not promised to be unique, so what the
event is about belongs to the key.
"""

from __future__ import annotations

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
from shared.contracts.vocabulary import AuthorKind, Status

from . import words
from .base import Call, Channel, Member, Parsed, Source
from .fields import canonical, demanded, epoch, identifier, text, word
from .markup import read_html
from .people import CUSTOMER, agent, asker
from .reading import ReadingError, decode_json, digest, elements, parsed
from .signatures import hmac_verifier, need, need_url, only, unix_milliseconds

NAME: Final = "hubspot"
SIGNATURE: Final = "x-hubspot-signature-v3"
TIMESTAMP: Final = "x-hubspot-request-timestamp"

#: HubSpot sends at most 100 at once.
MOST_EVENTS: Final = 500

#: The ticket among HubSpot's kinds of objects.
_TICKET_TYPE: Final = "0-5"

#: The stages of HubSpot's own pipeline. Other pipelines have stages of other numbers, which tell us
#: nothing; that a ticket was closed is told by `closed_date` in all of them.
_STAGES: Final[Mapping[str, Status]] = {
    "1": Status.NEW,
    "2": Status.PENDING,
    "3": Status.OPEN,
    "4": Status.CLOSED,
}

#: What changes from one attempt to the next.
_ATTEMPT: Final = "attemptNumber"


def hubspot(source: Source) -> Channel:
    """The adapter of one HubSpot app, whose secret is its client secret. Raises SecretError."""
    url = need_url(source).encode()
    return Channel(
        verify=hmac_verifier(
            need(source),
            header=SIGNATURE,
            signed=lambda call: signed(call, url),
            encoding="base64",
            sent_at=unix_milliseconds(TIMESTAMP),
        ),
        members=_members,
        parse=lambda raw: _parse(source.name, raw),
    )


def signed(call: Call, url: bytes) -> bytes:
    """What HubSpot signs: the URL is the one it was given, never what the request says (S06)."""
    time = only(call.headers, TIMESTAMP).encode("latin-1")
    return b"".join((call.method.encode(), url, call.raw, time))


def _members(call: Call) -> Sequence[Member]:
    """Every event of the array by itself; what is no array of events is one member."""
    try:
        events = elements(call.raw)
    except ReadingError:
        events = [call.raw]
    if len(events) > MOST_EVENTS:
        events = [call.raw]
    return [_member(event) for event in events]


def _member(event: bytes) -> Member:
    try:
        body = decode_json(event)
    except ReadingError:
        return Member(digest(event), event)
    told = body if isinstance(body, dict) else {"": body}
    lasting = canonical({name: value for name, value in told.items() if name != _ATTEMPT})
    parts = ("eventId", "subscriptionType", "objectId", "propertyName", "occurredAt")
    known = [identifier(body, part) or "" for part in parts]
    key = ":".join(known) if known[0] else digest(lasting)
    return Member(key, event, bytes.fromhex(digest(lasting)))


def _parse(source: str, raw: bytes) -> Parsed:
    return parsed(raw, lambda raw: _commands(source, decode_json(raw)))


def _commands(source: str, event: Any) -> Sequence[AnyCommand]:
    kind = text(event, "subscriptionType")
    if not kind:
        raise ReadingError("no subscriptionType")
    if text(event, "objectTypeId") == _TICKET_TYPE:
        kind = kind.replace("object.", "ticket.", 1)
    match kind:
        case "ticket.creation":
            return (_opening(source, event),)
        case "ticket.propertyChange":
            interpret = _PROPERTIES.get(text(event, "propertyName"))
            return interpret(event) if interpret else ()
        case _:
            return ()


def _id(event: Any) -> str:
    return demanded(event, "objectId")


def _at(event: Any) -> datetime | None:
    return epoch(event, "occurredAt", per_second=1000)


def _opening(source: str, event: Any) -> OpenTicket:
    """What can be said of a ticket of which only the number is known."""
    ticket = _id(event)
    return OpenTicket(
        external_id=ticket,
        occurred_at=_at(event),
        customer=asker(source, None, ticket=ticket),
        subject=f"HubSpot ticket {ticket}",
        body="",
        channel=NAME,
    )


def _stage(event: Any) -> Sequence[AnyCommand]:
    stage = word(event, "propertyValue")
    if stage.isdecimal() and stage not in _STAGES:
        return ()
    status = words.status(event, "propertyValue", also=_STAGES)
    return _changed(event, status) if status else ()


def _closed(event: Any) -> Sequence[AnyCommand]:
    """A date of closing that is set closes; one that is taken away reopens."""
    return _changed(event, Status.CLOSED if identifier(event, "propertyValue") else Status.OPEN)


def _changed(event: Any, status: Status) -> Sequence[AnyCommand]:
    return (
        SetStatus(external_id=_id(event), occurred_at=_at(event), by=_actor(event), status=status),
    )


def _priority(event: Any) -> Sequence[AnyCommand]:
    priority = words.priority(event, "propertyValue")
    if priority is None:  # taken away: what triage said stays
        return ()
    return (SetPriority(external_id=_id(event), occurred_at=_at(event), priority=priority),)


def _owner(event: Any) -> Sequence[AnyCommand]:
    owner = identifier(event, "propertyValue")
    if owner is None:
        return ()
    return (
        Assign(external_id=_id(event), occurred_at=_at(event), by=_actor(event), assignee=owner),
    )


def _written(event: Any) -> Sequence[AnyCommand]:
    """Subject and description are the customer's words, unless somebody of ours typed them in."""
    written = read_html(text(event, "propertyValue"))
    if not written.text:
        return ()
    by = _actor(event)
    is_ours = by.kind is AuthorKind.AGENT
    return (
        AddMessage(
            external_id=_id(event),
            occurred_at=_at(event),
            by=by if is_ours else CUSTOMER,
            body=written.text,
            html=written.harmless,
            public=not is_ours,
        ),
    )


def _actor(event: Any) -> Author:
    """Who did it, if it was somebody at HubSpot's own screens: `sourceId` names them."""
    if not text(event, "changeSource").startswith("CRM_UI"):
        return Author(kind=AuthorKind.SYSTEM)
    return agent(text(event, "sourceId").removeprefix("userId:").strip()[:200] or None)


_PROPERTIES: Final[Mapping[str, Callable[[Any], Sequence[AnyCommand]]]] = {
    "hs_pipeline_stage": _stage,
    "closed_date": _closed,
    "hs_ticket_priority": _priority,
    "hubspot_owner_id": _owner,
    "subject": _written,
    "content": _written,
}
