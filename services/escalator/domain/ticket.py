"""What the escalator remembers of the ticket itself: the facts for conditions, who has it, its history.

Unlike the clocks this is folded in the order of hearing: triggers judge what is known when a fact comes.
"""

from __future__ import annotations

from datetime import datetime
from typing import Final
from uuid import UUID

import msgspec
from msgspec.structs import replace

from shared.contracts import (
    Event,
    TicketAnalysed,
    TicketAssigned,
    TicketMessageAdded,
    TicketOpened,
    TicketPaused,
    TicketPayload,
    TicketRated,
    TicketReclassified,
    TicketReopened,
    TicketUnassigned,
    TimelineEntry,
    type_of,
)
from shared.contracts.vocabulary import AuthorKind, SentimentLabel
from shared.policy import WorkflowPolicy

from .written import Written

Known = str | float | bool | list[str] | None

#: The history keeps its beginning and its end.
FIRST_ENTRIES: Final = 5
LAST_ENTRIES: Final = 35

#: The word of the history for a hand-off document that somebody wrote.
HANDOFF_WRITTEN: Final = "handoff_written"


class Ticket(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """`known`: facts by the names that conditions use. `signals`: those of the last text, and
    `text` names it. `tried`: kinds of what agents did so far. `written`: what people wrote into the
    hand-off document.
    """

    known: dict[str, Known] = {}
    customer_id: str | None = None
    entry_level: str = ""
    text: UUID | None = None
    signals: tuple[str, ...] = ()
    sentiment: SentimentLabel | None = None
    assignee: str | None = None
    assignee_level: str | None = None
    tried: tuple[str, ...] = ()
    history: tuple[TimelineEntry, ...] = ()
    written: Written | None = None


def hear(ticket: Ticket, event: Event, policy: WorkflowPolicy) -> Ticket:
    """The ticket after `event`, its history included."""
    if not isinstance(event.payload, TicketPayload):
        return ticket
    kind, tried = _kind(event)
    ticket = _learn(ticket, event, policy)
    if tried and kind not in ticket.tried:
        ticket = replace(ticket, tried=(*ticket.tried, kind))
    return remember(ticket, event.time, kind, _message_of(event))


def write(ticket: Ticket, written: Written) -> Ticket:
    """The ticket after somebody wrote into its hand-off document."""
    return remember(replace(ticket, written=written), written.at, HANDOFF_WRITTEN)


def remember(ticket: Ticket, at: datetime, kind: str, message_id: UUID | None = None) -> Ticket:
    """Add a line to the history, dropping from its middle what is too much."""
    history = (*ticket.history, TimelineEntry(at=at, kind=kind, message_id=message_id))
    if len(history) > FIRST_ENTRIES + LAST_ENTRIES:
        history = (*history[:FIRST_ENTRIES], *history[-LAST_ENTRIES:])
    return replace(ticket, history=history)


def _message_of(event: Event) -> UUID | None:
    """The message a line is about."""
    return event.payload.message_id if isinstance(event.payload, TicketMessageAdded) else None


def _kind(event: Event) -> tuple[str, bool]:
    """The word for the history, and whether an agent tried something by it."""
    match event.payload:
        case TicketMessageAdded(author=author, public=public, automatic=automatic):
            if author.kind is AuthorKind.CUSTOMER:
                return "customer_wrote", False
            if automatic or author.kind is AuthorKind.SYSTEM:
                return "system_wrote", False
            return ("agent_replied" if public else "agent_noted"), True
        case TicketPaused(reason=reason, by=by):
            return str(reason), by.kind is AuthorKind.AGENT
        case TicketReclassified(by=by):
            return "reclassified", by.kind is AuthorKind.AGENT
    return type_of(event.payload).name.removeprefix("ticket."), False


def _learn(ticket: Ticket, event: Event, policy: WorkflowPolicy) -> Ticket:
    match event.payload:
        case TicketOpened() as opened:
            known = policy.opening_facts(opened, event.time)
            return replace(
                ticket,
                known={name: _plain(value) for name, value in known.items()} | ticket.known,
                customer_id=opened.customer.customer_id,
                entry_level=policy.level(policy.routing.route(known).level).name,
                signals=tuple(opened.signals),
                text=opened.ticket_id,
            )
        case TicketMessageAdded(author=author) as message if author.kind is AuthorKind.CUSTOMER:
            return replace(ticket, signals=tuple(message.signals), text=message.message_id)
        case TicketReclassified(changes=changes):
            changed: dict[str, Known] = {name: change.to for name, change in changes.items()}
            return replace(ticket, known=ticket.known | changed)
        case TicketReopened() as reopened:
            counted: dict[str, Known] = {
                "reopened_count": reopened.reopened_count,
                "recent_reopened": reopened.recent_reopened,
            }
            if reopened.contact_number is not None:
                counted["contact_number"] = reopened.contact_number
            return replace(ticket, known=ticket.known | counted)
        case TicketAnalysed(sentiment=sentiment) if sentiment is not None:
            return replace(ticket, sentiment=sentiment.label)
        case TicketRated(score=score):
            return replace(ticket, known=ticket.known | {"rating": score})
        case TicketAssigned() as assigned:
            return replace(ticket, assignee=assigned.agent_id, assignee_level=assigned.level)
        case TicketUnassigned():
            return replace(ticket, assignee=None, assignee_level=None)
    return ticket


def _plain(value: object) -> Known:
    """A fact as JSON keeps it."""
    if isinstance(value, tuple):
        return [str(word) for word in value]
    assert value is None or isinstance(value, str | float | int | bool)
    return value
