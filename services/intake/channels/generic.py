"""Tierline's own webhook: typed commands in JSON, signed by Standard Webhooks (docs/webhook.md)."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Final, Literal, TypeAlias

import msgspec
from msgspec import Meta

from services.intake.domain.commands import (
    SYSTEM,
    AddMessage,
    AnyCommand,
    Assign,
    CustomerFacts,
    OpenTicket,
    Rate,
    SetPriority,
    SetStatus,
)
from services.intake.domain.delivery import Unreadable
from shared.contracts import Author
from shared.contracts.vocabulary import AuthorKind, Complexity, Grade, Priority, Status

from .base import OURS, Channel, Member, Parsed, Source
from .reading import UNREADABLE, without_nul
from .standard_webhooks import StandardWebhooks

#: A body with more commands than this is refused as a whole.
MOST_COMMANDS: Final = 500

#: What a ticket's channel is when the source does not say.
DEFAULT_CHANNEL: Final = "generic"

_Id = Annotated[str, Meta(min_length=1, max_length=200)]
_Word = Annotated[str, Meta(min_length=1, max_length=100)]
_Line = Annotated[str, Meta(max_length=1000)]
_Text = Annotated[str, Meta(max_length=64 * 1024)]
_Instant = Annotated[datetime, Meta(tz=True)]


class _Strict(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A part of the body; a field we do not know is a mistake that would otherwise stay unseen."""


class AuthorPart(_Strict, frozen=True, kw_only=True):
    """Who did it."""

    kind: AuthorKind
    id: _Id | None = None

    def author(self) -> Author:
        """The same in the published language."""
        return Author(kind=self.kind, id=self.id)


class CustomerPart(_Strict, frozen=True, kw_only=True):
    """Who asks; what is left out stays as it was known."""

    id: _Id
    tier: _Word | None = None
    lifetime_value: float | None = None
    vip: bool | None = None
    recent_escalations: Annotated[int, Meta(ge=0, le=1_000_000)] | None = None
    preferred_channel: _Word | None = None
    account_manager: _Id | None = None
    name: _Line | None = None
    email: _Line | None = None
    phone: _Word | None = None
    language: _Word | None = None
    time_zone: _Word | None = None

    def facts(self) -> CustomerFacts:
        """The same as intake keeps it: contact data apart from what rules may read."""
        contact = {
            name: value
            for name in ("name", "email", "phone", "language", "time_zone")
            if (value := getattr(self, name)) is not None
        }
        return CustomerFacts(
            customer_id=self.id,
            tier=self.tier,
            lifetime_value=self.lifetime_value,
            vip=self.vip,
            recent_escalations=self.recent_escalations,
            preferred_channel=self.preferred_channel,
            account_manager=self.account_manager,
            contact=contact or None,
        )


class _Part(_Strict, frozen=True, kw_only=True, tag_field="type"):
    """What every command of the generic webhook has."""

    external_id: _Id
    occurred_at: _Instant | None = None
    version: Literal[1] = 1


class OpenPart(_Part, frozen=True, kw_only=True, tag="ticket.open"):
    """A customer's problem begins."""

    customer: CustomerPart
    subject: _Line = ""
    body: _Text = ""
    channel: _Word = DEFAULT_CHANNEL
    category: _Word | None = None
    complexity: Complexity | None = None
    impact: Grade | None = None
    urgency: Grade | None = None
    priority: Priority | None = None
    amount: float | None = None
    revenue_impact: float | None = None
    currency: _Word | None = None
    language: _Word | None = None

    def command(self) -> OpenTicket:
        """The command this part stands for."""
        return OpenTicket(
            external_id=self.external_id,
            occurred_at=self.occurred_at,
            customer=self.customer.facts(),
            subject=self.subject,
            body=self.body,
            channel=self.channel,
            category=self.category,
            complexity=self.complexity,
            impact=self.impact,
            urgency=self.urgency,
            priority=self.priority,
            amount=self.amount,
            revenue_impact=self.revenue_impact,
            currency=self.currency,
            language=self.language,
        )


class MessagePart(_Part, frozen=True, kw_only=True, tag="ticket.message"):
    """Somebody wrote."""

    author: AuthorPart
    body: _Text
    public: bool = True
    automatic: bool = False

    def command(self) -> AddMessage:
        """The command this part stands for."""
        return AddMessage(
            external_id=self.external_id,
            occurred_at=self.occurred_at,
            by=self.author.author(),
            body=self.body,
            public=self.public,
            automatic=self.automatic,
        )


class StatusPart(_Part, frozen=True, kw_only=True, tag="ticket.status"):
    """The source's ticket has a new status."""

    status: Status
    by: AuthorPart | None = None
    resolution_code: _Word | None = None
    note: _Text | None = None

    def command(self) -> SetStatus:
        """The command this part stands for."""
        return SetStatus(
            external_id=self.external_id,
            occurred_at=self.occurred_at,
            by=self.by.author() if self.by else SYSTEM,
            status=self.status,
            resolution_code=self.resolution_code,
            note=self.note,
        )


class PriorityPart(_Part, frozen=True, kw_only=True, tag="ticket.priority"):
    """The source's ticket has a new priority, impact or urgency."""

    priority: Priority | None = None
    impact: Grade | None = None
    urgency: Grade | None = None
    by: AuthorPart | None = None
    reason: _Text | None = None

    def command(self) -> SetPriority:
        """The command this part stands for."""
        return SetPriority(
            external_id=self.external_id,
            occurred_at=self.occurred_at,
            by=self.by.author() if self.by else SYSTEM,
            priority=self.priority,
            impact=self.impact,
            urgency=self.urgency,
            note=self.reason,
        )


class RatingPart(_Part, frozen=True, kw_only=True, tag="ticket.rating"):
    """The customer says how it was."""

    score: Annotated[int, Meta(ge=1, le=5)]
    comment: _Text | None = None

    def command(self) -> Rate:
        """The command this part stands for."""
        return Rate(
            external_id=self.external_id,
            occurred_at=self.occurred_at,
            score=self.score,
            comment=self.comment,
        )


class AssignmentPart(_Part, frozen=True, kw_only=True, tag="ticket.assignment"):
    """Somebody took the source's ticket, or was given it: `assignee` as the source calls that person."""

    assignee: _Id
    by: AuthorPart | None = None

    def command(self) -> Assign:
        """The command this part stands for."""
        return Assign(
            external_id=self.external_id,
            occurred_at=self.occurred_at,
            by=self.by.author() if self.by else SYSTEM,
            assignee=self.assignee,
        )


AnyPart: TypeAlias = (
    OpenPart | MessagePart | StatusPart | PriorityPart | RatingPart | AssignmentPart
)

_part_decoder: msgspec.json.Decoder[AnyPart] = msgspec.json.Decoder(AnyPart)
_list_decoder = msgspec.json.Decoder(list[msgspec.Raw])


def generic(source: Source) -> Channel:
    """The adapter of one source that speaks Tierline's own shape. Raises SecretError."""
    signatures = StandardWebhooks(source.secrets)
    return Channel(
        verify=lambda call, now: signatures.verify(call.headers, call.raw, now=now),
        members=lambda call: (Member(call.headers["webhook-id"], call.raw),),
        parse=parse,
        codes=OURS,
    )


def parse(raw: bytes) -> Parsed:
    """The commands of a body: one, or a list of which one bad member does not spoil the rest."""
    commands: list[tuple[int, AnyCommand]] = []
    unreadable = []
    try:
        parts = _parts(raw)
    except (*UNREADABLE, ValueError) as error:
        return Parsed((), (Unreadable(0, raw, str(error)),))
    for ordinal, part in enumerate(parts):
        try:
            commands.append((ordinal, _decode(part).command()))
        except UNREADABLE as error:
            unreadable.append(Unreadable(ordinal, part, str(error) or type(error).__name__))
    return Parsed(tuple(commands), tuple(unreadable))


def _parts(raw: bytes) -> list[bytes]:
    if not raw.lstrip(b" \t\r\n").startswith(b"["):
        return [raw]
    parts = _list_decoder.decode(raw)
    if not 1 <= len(parts) <= MOST_COMMANDS:
        raise ValueError(f"{len(parts)} commands; 1 to {MOST_COMMANDS} are read")
    return [bytes(part) for part in parts]


def _decode(part: bytes) -> AnyPart:
    """A NUL is dropped: PostgreSQL stores none, and a customer's words must not be lost for one."""
    if rb"\u0000" not in part:
        return _part_decoder.decode(part)
    decoded: AnyPart = msgspec.convert(without_nul(msgspec.json.decode(part)), type=AnyPart)
    return decoded
