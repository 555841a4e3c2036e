"""What a command does to a ticket: the facts it makes (`decide`).

Refusing is for transitions; a message or a rating is never refused, whatever the status. A closed ticket
comes back when its customer writes: nobody is forgotten. Only a duplicate stays closed.
What is nothing but thanks brings no ticket back (R2).
"""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta
from uuid import UUID

import msgspec

from shared.contracts import (
    Author,
    Change,
    Payload,
    TicketAssignmentRequested,
    TicketEscalationRequested,
    TicketRated,
    TicketReclassified,
)
from shared.contracts.vocabulary import AuthorKind, CloseReason, Status

from .commands import (
    AddMessage,
    AnyCommand,
    Assign,
    Classify,
    Contact,
    CustomerFacts,
    Merge,
    OpenTicket,
    Rate,
    RequestEscalation,
    SetPriority,
    SetStatus,
    Unmerge,
)
from .courtesy import is_courtesy
from .decision import (
    Asked,
    Decision,
    RefusedError,
    facts,
    files_of,
    message_of,
    told,
    with_note,
)
from .merging import unmerge
from .rating_reply import answers_survey, rating_in
from .ticket import Fact, Ticket
from .transitions import SETTLED, meant, reopened, resumed, transition, unsettled
from .triage import triaged


def open_ticket(
    command: OpenTicket, customer: CustomerFacts, asked: Asked, ticket_id: UUID
) -> Decision:
    """The ticket exists. Its first text is kept as a message; `ticket.opened` tells of it (K3).

    A customer who said nothing but a subject has said that.
    """
    verdict = triaged(
        command,
        _lately(command, customer, asked),
        ticket_id=ticket_id,
        at=asked.at,
        history=asked.history,
        policy=asked.policy,
    )
    author = Author(kind=AuthorKind.CUSTOMER, id=customer.customer_id)
    text = command.body or command.subject
    if command.outbound:
        author, text = command.by, command.body
    first = msgspec.structs.replace(
        message_of(ticket_id, asked, author, text),
        channel=verdict.opened.channel,
        html=command.html,
    )
    kept = text or command.attachments
    return Decision(
        (Fact(verdict.opened, asked.at),),
        (first,) if kept else (),
        files_of(first, command.attachments),
        verdict.evidence,
    )


def _lately(command: OpenTicket, customer: CustomerFacts, asked: Asked) -> CustomerFacts:
    """The customer with the escalations of the last 30 days: what the source says of them now, or what
    we have counted, whichever is more. What a source said earlier is not recent any more (G12).
    """
    said = command.customer.recent_escalations or 0
    counted = asked.history.escalations(at=asked.at)
    return msgspec.structs.replace(customer, recent_escalations=max(said, counted))


def decide(ticket: Ticket, command: AnyCommand, asked: Asked) -> Decision:  # noqa: C901 - one line a command
    """What follows from `command` for a ticket that has been opened. Raises RefusedError."""
    match command:
        case Contact():
            return _contact(ticket, command, asked)
        case OpenTicket():
            raise RefusedError("already_open", "The source has opened this ticket before.")
        case AddMessage():
            return _add_message(ticket, command, asked)
        case SetStatus():
            return transition(ticket, meant(ticket, command), asked)
        case SetPriority():
            return _set_priority(ticket, command, asked)
        case Rate():
            return _rate(ticket, command, asked)
        case RequestEscalation():
            return _request_escalation(ticket, command, asked)
        case Assign():
            return _assign(ticket, command, asked)
        case Classify():
            return _classify(ticket, command, asked)
        case Unmerge():
            return unmerge(ticket, asked)
        case Merge():
            raise TypeError("a merge concerns two tickets: see merging.merge")
        case _:
            return transition(ticket, command, asked)


def is_over(ticket: Ticket, at: datetime, window: timedelta) -> bool:
    """Whether a message at `at` in the ticket's session begins something new: settled too long ago."""
    settled = ticket.resolved_at or ticket.closed_at
    return settled is not None and at > settled + window


def _add_message(ticket: Ticket, command: AddMessage, asked: Asked) -> Decision:
    """A customer's words end waiting for the customer (Z3) and bring a settled ticket back (R1),
    unless they were written before it was paused or settled, or by a machine, or are mere courtesy (R2).
    """
    message = msgspec.structs.replace(
        message_of(ticket.ticket_id, asked, command.by, command.body, public=command.public),
        automatic=command.automatic,
        channel=asked.policy.channel_of(command.channel) if command.channel else None,
        html=command.html,
    )
    said: list[Payload] = []
    courtesy = False
    spoke = command.by.kind is AuthorKind.CUSTOMER and command.public and not command.automatic
    if spoke and not asked.is_before(ticket.status_at):
        if ticket.status is Status.PENDING:
            said.append(resumed(ticket, "customer_replied", command.by))
        elif ticket.status in SETTLED and ticket.close_reason is not CloseReason.DUPLICATE:
            courtesy = is_courtesy(ticket, command, asked)
            said += [] if courtesy else [reopened(ticket, command.by, asked)]
    heard, evidence = told(message, asked)
    said.append(msgspec.structs.replace(heard, courtesy=courtesy or None))
    files = files_of(message, command.attachments)
    return Decision(facts(asked, said), (message,), files, evidence)


def _contact(ticket: Ticket, command: Contact, asked: Asked) -> Decision:
    """A message; a number with which the ticket's own customer answers our survey is a rating (V13).

    Words beside it that somebody has to read are a message as well: nobody is forgotten.
    """
    is_own = command.customer.customer_id == ticket.customer_id and not command.automatic
    found = rating_in(command.body) if is_own and answers_survey(command.answers) else None
    if found is None:
        return _add_message(ticket, command.message(), asked)
    files = command.attachments  # mostly the pictures of a signature
    kept = found.words or (command.body if files else None)
    rated = _rate(ticket, Rate(score=found.score, comment=kept), asked)
    if found.is_all:
        return replace(rated, files=files_of(rated.messages[0], files) if files else ())
    said = _add_message(ticket, command.message(), asked)
    return replace(said, facts=(*rated.facts, *said.facts))


def _set_priority(ticket: Ticket, command: SetPriority, asked: Asked) -> Decision:
    """A given priority wins, else the matrix (P6). Floors are for openings; people may go below
    them, agents with a reason (P3).
    """
    if asked.is_before(ticket.priority_at):
        raise RefusedError("stale", "The priority has been changed by something later.")
    if ticket.status is Status.CLOSED:
        raise RefusedError("already_closed", "The ticket is closed.")
    impact = command.impact or ticket.impact
    urgency = command.urgency or ticket.urgency
    priority = command.priority or asked.policy.workflow.triage.priority(impact, urgency)
    wanted = {"priority": priority, "impact": impact, "urgency": urgency}
    changes = {
        name: Change(from_=str(getattr(ticket, name)), to=str(value))
        for name, value in wanted.items()
        if getattr(ticket, name) != value
    }
    if not changes:
        raise RefusedError("unchanged", "The ticket has this priority already.")
    lowered = priority.rank > ticket.priority.rank
    if lowered and command.by.kind is AuthorKind.AGENT and not command.note:
        raise RefusedError("reason_missing", "An agent who lowers says why.", field="reason")
    changed = TicketReclassified(
        ticket_id=ticket.ticket_id, changes=changes, reason="priority", by=command.by
    )
    return with_note(ticket, changed, command.note, command.by, asked)


def _rate(ticket: Ticket, command: Rate, asked: Asked) -> Decision:
    """The comment is kept as a text that is not part of the conversation."""
    rated = TicketRated(
        ticket_id=ticket.ticket_id,
        score=command.score,
        comment_given=bool(command.comment),
        recent=[*asked.history.ratings(but=ticket.ticket_id), command.score],
    )
    if not command.comment:
        return Decision(facts(asked, [rated]))
    author = Author(kind=AuthorKind.CUSTOMER, id=ticket.customer_id)
    comment = message_of(ticket.ticket_id, asked, author, command.comment, public=False)
    return Decision(facts(asked, [rated]), (comment,))


def _request_escalation(ticket: Ticket, command: RequestEscalation, asked: Asked) -> Decision:
    unsettled(ticket)
    workflow = asked.policy.workflow
    if command.reason not in workflow.escalation.manual_reasons:
        known = ", ".join(workflow.escalation.manual_reasons)
        raise RefusedError("unknown_reason", f"The workflow knows: {known}.", field="reason")
    to_level = None
    if command.to_level is not None:
        try:
            to_level = workflow.level(command.to_level).name
        except KeyError:
            known = ", ".join(level.name for level in workflow.levels)
            raise RefusedError(
                "unknown_level", f"The levels are {known}.", field="to_level"
            ) from None
    requested = TicketEscalationRequested(
        ticket_id=ticket.ticket_id, by=command.by, reason=command.reason, to_level=to_level
    )
    return Decision(facts(asked, [requested]))


def _assign(ticket: Ticket, command: Assign, asked: Asked) -> Decision:
    """Who works on it is the router's to say; it hears what the channel thinks."""
    unsettled(ticket)
    requested = TicketAssignmentRequested(
        ticket_id=ticket.ticket_id, assignee=command.assignee, by=command.by
    )
    return Decision(facts(asked, [requested]))


def _classify(ticket: Ticket, command: Classify, asked: Asked) -> Decision:
    """A person knows better than triage; a category nobody knows is the caller's mistake."""
    unsettled(ticket)
    triage = asked.policy.workflow.triage
    wanted: dict[str, str] = {}
    if command.category is not None:
        wanted["category"] = triage.category_of(command.category)
        if wanted["category"] != triage.category_aliases.get(
            command.category.strip().lower(), command.category.strip().lower()
        ):
            known = ", ".join(triage.categories)
            raise RefusedError("unknown_category", f"The categories are {known}.", field="category")
    if command.complexity is not None:
        wanted["complexity"] = command.complexity
    changes = {
        name: Change(from_=str(getattr(ticket, name)), to=str(value))
        for name, value in wanted.items()
        if getattr(ticket, name) != value
    }
    if not changes:
        raise RefusedError("unchanged", "The ticket is classified like this already.")
    changed = TicketReclassified(
        ticket_id=ticket.ticket_id, changes=changes, reason="classification", by=command.by
    )
    return Decision(facts(asked, [changed]))
