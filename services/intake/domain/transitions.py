"""Status changes: pause, resume, resolve, reopen, close (semantics Z1, R1, T1).

A change that happened before the last one comes too late to count.
"""

from __future__ import annotations

from typing import Final, TypeAlias, assert_never

from shared.contracts import (
    Author,
    Payload,
    TicketClosed,
    TicketPaused,
    TicketReopened,
    TicketResolved,
    TicketResumed,
)
from shared.contracts.vocabulary import CloseReason, PauseReason, Status

from .commands import Close, Pause, Reopen, Resolve, Resume, SetStatus
from .decision import Asked, Decision, RefusedError, facts, with_note
from .ticket import PAUSED, Ticket

SETTLED: Final = frozenset({Status.RESOLVED, Status.CLOSED})

#: The commands that change a status and nothing else.
Transition: TypeAlias = Pause | Resume | Resolve | Reopen | Close


def transition(ticket: Ticket, command: Transition, asked: Asked) -> Decision:
    """The facts of a change of status. Raises RefusedError when it is not possible, or stale."""
    if asked.is_before(ticket.status_at):
        raise RefusedError("stale", "The status has been changed by something that happened later.")
    said: list[Payload]
    match command:
        case Pause():
            return _pause(ticket, command, asked)
        case Resume():
            if ticket.status not in PAUSED.values():
                raise RefusedError("not_paused", f"The ticket is {ticket.status}, not paused.")
            said = [resumed(ticket, "resumed", command.by)]
        case Reopen():
            if ticket.status not in SETTLED:
                raise RefusedError("not_settled", f"The ticket is {ticket.status} still.")
            said = [reopened(ticket, command.by, asked)]
        case Resolve():
            unsettled(ticket)
            if command.only_waiting and ticket.status is not Status.PENDING:
                raise RefusedError("not_waiting", f"The ticket is {ticket.status}, not pending.")
            said = [_resolved(ticket, command.by, command.resolution_code)]
        case Close():
            said = _closed(ticket, command)
        case _:
            assert_never(command)
    return Decision(facts(asked, said))


def meant(ticket: Ticket, command: SetStatus) -> Transition:
    """Which transition leads to the wanted status. Nothing leads back to new."""
    by = command.by
    match command.status:
        case Status.PENDING:
            return Pause(reason=PauseReason.WAITING_ON_CUSTOMER, note=command.note, by=by)
        case Status.ON_HOLD:
            return Pause(reason=PauseReason.WAITING_ON_THIRD_PARTY, note=command.note, by=by)
        case Status.RESOLVED:
            return Resolve(resolution_code=command.resolution_code, by=by)
        case Status.CLOSED:
            return Close(by=by)
        case Status.NEW | Status.OPEN:
            return Reopen(by=by) if ticket.status in SETTLED else Resume(by=by)
        case _:
            assert_never(command.status)


def unsettled(ticket: Ticket) -> None:
    """Raise RefusedError for a ticket that is resolved or closed."""
    if ticket.status in SETTLED:
        raise RefusedError(f"already_{ticket.status}", f"The ticket is {ticket.status}.")


def resumed(ticket: Ticket, reason: str, by: Author) -> TicketResumed:
    """The fact that the waiting is over."""
    return TicketResumed(ticket_id=ticket.ticket_id, reason=reason, by=by)


def reopened(ticket: Ticket, by: Author, asked: Asked) -> TicketReopened:
    """The fact that it was not solved, with the counts of R5."""
    return TicketReopened(
        ticket_id=ticket.ticket_id,
        by=by,
        reopened_count=len(ticket.reopened_at) + 1,
        recent_reopened=asked.history.reopened(at=asked.at, but=ticket.ticket_id) + 1,
        contact_number=asked.history.contacts(ticket.category, at=asked.at) + 1,
    )


def _pause(ticket: Ticket, command: Pause, asked: Asked) -> Decision:
    """Waiting for another party than before is a pause, too; consumers take the last reason."""
    unsettled(ticket)
    if ticket.status is PAUSED[command.reason]:
        raise RefusedError("already_paused", f"The ticket is {ticket.status} already.")
    paused = TicketPaused(ticket_id=ticket.ticket_id, reason=command.reason, by=command.by)
    return with_note(ticket, paused, command.note, command.by, asked)


def _closed(ticket: Ticket, command: Close) -> list[Payload]:
    """A ticket nobody has resolved is resolved by closing it, so that its clocks stop (K5)."""
    if ticket.status is Status.CLOSED:
        raise RefusedError("already_closed", "The ticket is closed.")
    closed = TicketClosed(ticket_id=ticket.ticket_id, by=command.by, reason=command.reason)
    if ticket.status is Status.RESOLVED:
        return [closed]
    code = "duplicate" if command.reason is CloseReason.DUPLICATE else None
    return [_resolved(ticket, command.by, code), closed]


def _resolved(ticket: Ticket, by: Author, resolution_code: str | None) -> TicketResolved:
    """First contact: the first time the customer came, with at most one reply, nobody above asked."""
    first_contact = (
        ticket.agent_replies <= 1
        and ticket.contact_number == 1
        and not ticket.reopened_at
        and not ticket.escalation_requested
    )
    return TicketResolved(
        ticket_id=ticket.ticket_id,
        by=by,
        first_contact=first_contact,
        resolution_code=resolution_code,
    )
