"""What a rule answers to a command: facts and texts, or a refusal with its reason."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from shared.contracts import Author, Payload, TicketMessageAdded
from shared.ids import derived_id

from .commands import Attachment
from .evidence import Evidence
from .history import CustomerHistory
from .ticket import Fact, KeptFile, Message, Ticket
from .triage import IntakePolicy, signals_found


class RefusedError(Exception):
    """The command is not possible in the ticket's state; `reason` is a code, the message a sentence.

    With a `field` it is the command that would have to change, not the ticket.
    """

    def __init__(self, reason: str, detail: str, *, field: str | None = None) -> None:
        super().__init__(detail)
        self.reason = reason
        self.detail = detail
        self.field = field


@dataclass(frozen=True, slots=True)
class Decision:
    """What follows from a command: facts for everybody; texts, files and reasons that stay with us."""

    facts: tuple[Fact, ...]
    messages: tuple[Message, ...] = ()
    files: tuple[KeptFile, ...] = ()
    evidence: tuple[Evidence, ...] = ()


@dataclass(frozen=True, slots=True)
class Asked:
    """The circumstances of a command: its id, its engine time, the rules, the customer's past.

    `is_claim`: the time is the source's word and may lie in the past. Otherwise it is just now, and
    comes after all we know, even where another replica's clock is a moment ahead.
    """

    command_id: UUID
    at: datetime
    policy: IntakePolicy
    history: CustomerHistory
    is_claim: bool = False

    def is_before(self, known: datetime) -> bool:
        """Whether it happened before `known`, and so comes too late to change what that decided."""
        return self.is_claim and self.at < known


def facts(asked: Asked, payloads: Sequence[Payload]) -> tuple[Fact, ...]:
    """`payloads` as facts of the instant they are about."""
    return tuple(Fact(payload, asked.at) for payload in payloads)


def message_of(
    ticket_id: UUID, asked: Asked, author: Author, body: str, *, public: bool = True
) -> Message:
    """The text that belongs to the command: its id is derived, so a repeat has the same one."""
    return Message(
        message_id=derived_id(asked.command_id, "message"),
        ticket_id=ticket_id,
        author_kind=author.kind,
        author_id=author.id,
        public=public,
        body=body,
        at=asked.at,
    )


def files_of(message: Message, attachments: Sequence[Attachment]) -> tuple[KeptFile, ...]:
    """The files of `message`, under derived ids."""
    return tuple(
        KeptFile(
            attachment_id=derived_id(message.message_id, f"attachment:{n}"),
            ticket_id=message.ticket_id,
            message_id=message.message_id,
            name=file.name,
            content_type=file.content_type,
            size=file.size,
            content=file.content,
            refused=file.refused,
        )
        for n, file in enumerate(attachments)
    )


def told(message: Message, asked: Asked) -> tuple[TicketMessageAdded, tuple[Evidence, ...]]:
    """What everybody hears of `message`: who, when and which signals, never the text (D9). The words that
    show the signals stay with us.
    """
    signals = asked.policy.signal_words(message.body)
    said = TicketMessageAdded(
        ticket_id=message.ticket_id,
        message_id=message.message_id,
        author=Author(kind=message.author_kind, id=message.author_id),
        public=message.public,
        at=message.at,
        signals=list(signals),
        automatic=message.automatic or None,
        channel=message.channel,
    )
    return said, tuple(signals_found(signals))


def with_note(
    ticket: Ticket, payload: Payload, note: str | None, by: Author, asked: Asked
) -> Decision:
    """Free text never travels in an event: it becomes an internal note (D9)."""
    if not note:
        return Decision(facts(asked, [payload]))
    message = message_of(ticket.ticket_id, asked, by, note, public=False)
    said, evidence = told(message, asked)
    return Decision(facts(asked, [payload, said]), (message,), evidence=evidence)
