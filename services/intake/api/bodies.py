"""What callers may send, as pydantic models: unknown fields are refused, faults are named by field."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Final, Protocol, Self

from pydantic import (
    AfterValidator,
    AwareDatetime,
    BaseModel,
    ConfigDict,
    Field,
    JsonValue,
    model_validator,
)

from services.intake.domain.commands import (
    AddMessage,
    AnyCommand,
    Close,
    CustomerFacts,
    OpenTicket,
    Pause,
    Rate,
    Reopen,
    RequestEscalation,
    Resolve,
    Resume,
    SetPriority,
)
from shared.contracts import Author
from shared.contracts.vocabulary import (
    AuthorKind,
    CloseReason,
    Complexity,
    Grade,
    PauseReason,
    Priority,
)


def _without_nul(text: str) -> str:
    if "\0" in text:
        raise ValueError("a NUL character cannot be stored")
    return text


def _some(text: str) -> str:
    if not text.strip():
        raise ValueError("should not be empty")
    return text


Plain = AfterValidator(_without_nul)
Id = Annotated[str, Field(min_length=1, max_length=200), Plain]
Word = Annotated[str, Field(min_length=1, max_length=100), Plain]
Line = Annotated[str, Field(max_length=1000), Plain]
Text = Annotated[str, Field(max_length=64 * 1024), Plain]
Money = Annotated[float, Field(allow_inf_nan=False)]


def example_of(**fields: JsonValue) -> ConfigDict:
    """The example of a body in the OpenAPI document."""
    return ConfigDict(json_schema_extra={"examples": [fields]})


#: Who does it in the examples.
_AGENT: Final[JsonValue] = {"kind": "agent", "id": "ana"}


class Body(BaseModel):
    """A request's body."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class By(Body):
    """Who did it."""

    kind: AuthorKind
    id: Id | None = None

    def author(self) -> Author:
        """The same in the published language."""
        return Author(kind=self.kind, id=self.id)


class ContactBody(Body):
    """How to reach a customer; what is left out is unknown."""

    model_config = example_of(
        name="Jo Lind", email="jo@customers.example", language="en", preferred_channel="email"
    )

    name: Line | None = None
    email: Line | None = None
    phone: Word | None = None
    language: Word | None = None
    time_zone: Word | None = None
    preferred_channel: Word | None = None

    def facts(self, customer_id: str) -> CustomerFacts:
        """The same as intake keeps it."""
        contact = self.model_dump(exclude_none=True, exclude={"preferred_channel"})
        return CustomerFacts(
            customer_id=customer_id, preferred_channel=self.preferred_channel, contact=contact
        )


class CustomerBody(ContactBody):
    """Who asks; what is left out stays as it was known."""

    model_config = example_of(
        id="customer-1", tier="enterprise", email="jo@customers.example", vip=True
    )

    id: Id
    tier: Word | None = None
    lifetime_value: Money | None = None
    vip: bool | None = None
    recent_escalations: Annotated[int, Field(ge=0, le=1_000_000)] | None = None
    account_manager: Id | None = None

    def customer(self) -> CustomerFacts:
        """The same as intake keeps it: contact data apart from what rules may read."""
        contact = self.model_dump(
            include={"name", "email", "phone", "language", "time_zone"}, exclude_none=True
        )
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


class Commanding(Protocol):
    """A body that stands for a command, still without its ticket and its circumstances."""

    @property
    def occurred_at(self) -> datetime | None:
        """When it happened, by the caller's clock."""
        ...

    @property
    def by(self) -> By:
        """Who did it."""
        ...

    def command(self) -> AnyCommand:
        """The command."""
        ...


class CommandBody(Body):
    """A command: when it happened (default: now) and who did it (default: the system)."""

    occurred_at: AwareDatetime | None = None
    by: By = By(kind=AuthorKind.SYSTEM)


class TicketBody(CommandBody):
    """A new ticket. `external_id` is the caller's own name for it. `outbound`: we write first."""

    model_config = example_of(
        customer={"id": "customer-1", "tier": "enterprise", "email": "jo@customers.example"},
        subject="The export fails",
        body="Half way.",
        external_id="4711",
        impact="high",
        urgency="medium",
    )

    customer: CustomerBody
    subject: Annotated[Line, AfterValidator(_some)]
    body: Text = ""
    external_id: Id | None = None
    channel: Word = "api"
    category: Word | None = None
    complexity: Complexity | None = None
    impact: Grade | None = None
    urgency: Grade | None = None
    priority: Priority | None = None
    amount: Money | None = None
    revenue_impact: Money | None = None
    currency: Word | None = None
    language: Word | None = None
    outbound: bool = False

    def command(self) -> OpenTicket:
        """Open it."""
        return OpenTicket(
            external_id=self.external_id,
            customer=self.customer.customer(),
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
            outbound=self.outbound,
        )


class MessageBody(Body):
    """Something written. `automatic`: by no person, so it answers nothing (semantics K3)."""

    model_config = example_of(author=_AGENT, body="Have you tried it again since noon?")

    occurred_at: AwareDatetime | None = None
    author: By
    body: Annotated[Text, AfterValidator(_some)]
    public: bool = True
    automatic: bool = False

    @property
    def by(self) -> By:
        """Who wrote it."""
        return self.author

    def command(self) -> AddMessage:
        """Add it."""
        return AddMessage(body=self.body, public=self.public, automatic=self.automatic)


class PauseBody(CommandBody):
    """Wait for somebody else; for a third party, `note` says for whom (semantics Z2)."""

    model_config = example_of(
        reason="waiting_on_third_party", note="The carrier looks into it.", by=_AGENT
    )

    reason: PauseReason
    note: Text | None = None

    @model_validator(mode="after")
    def _says_for_whom(self) -> Self:
        if self.reason is PauseReason.WAITING_ON_THIRD_PARTY and not self.note:
            raise ValueError("note: say for whom the ticket waits")
        return self

    def command(self) -> Pause:
        """Pause."""
        return Pause(reason=self.reason, note=self.note)


class ResumeBody(CommandBody):
    """The waiting is over."""

    model_config = example_of(by=_AGENT)

    def command(self) -> Resume:
        """Resume."""
        return Resume()


class ResolutionBody(CommandBody):
    """It is solved."""

    model_config = example_of(resolution_code="fixed", by=_AGENT)

    resolution_code: Word | None = None

    def command(self) -> Resolve:
        """Resolve."""
        return Resolve(resolution_code=self.resolution_code)


class ReopeningBody(CommandBody):
    """It was not solved."""

    model_config = example_of(by={"kind": "customer", "id": "customer-1"})

    def command(self) -> Reopen:
        """Reopen."""
        return Reopen()


class ClosingBody(CommandBody):
    """The end; a ticket that is not resolved is resolved by it."""

    model_config = example_of(reason="confirmed")

    reason: CloseReason = CloseReason.CONFIRMED

    def command(self) -> Close:
        """Close."""
        return Close(reason=self.reason)


class RatingBody(CommandBody):
    """The customer's rating."""

    model_config = example_of(score=5, comment="That was quick.")

    by: By = By(kind=AuthorKind.CUSTOMER)
    score: Annotated[int, Field(ge=1, le=5)]
    comment: Text | None = None

    def command(self) -> Rate:
        """Rate."""
        return Rate(score=self.score, comment=self.comment)


class PriorityBody(CommandBody):
    """Another priority, or another impact or urgency; an agent who lowers gives a reason (P3)."""

    model_config = example_of(impact="high", urgency="high", by=_AGENT)

    priority: Priority | None = None
    impact: Grade | None = None
    urgency: Grade | None = None
    reason: Text | None = None

    def command(self) -> SetPriority:
        """Set it."""
        return SetPriority(
            priority=self.priority, impact=self.impact, urgency=self.urgency, note=self.reason
        )


class EscalationBody(CommandBody):
    """A higher level is asked for; `reason` is one of the workflow's manual reasons (V16)."""

    model_config = example_of(reason="manager_requested", to_level="management", by=_AGENT)

    by: By = By(kind=AuthorKind.AGENT)
    reason: Word
    to_level: Word | None = None

    def command(self) -> RequestEscalation:
        """Ask."""
        return RequestEscalation(reason=self.reason, to_level=self.to_level)
