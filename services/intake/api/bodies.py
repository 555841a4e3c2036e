"""What callers may send, as pydantic models: unknown fields are refused, faults are named by field."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Protocol

from pydantic import (
    AfterValidator,
    AwareDatetime,
    BaseModel,
    ConfigDict,
    Field,
    JsonValue,
)

from services.intake.domain.commands import (
    AnyCommand,
    CustomerFacts,
    OpenTicket,
)
from shared.contracts import Author
from shared.contracts.vocabulary import (
    AuthorKind,
    Complexity,
    Grade,
    Priority,
)


def _without_nul(text: str) -> str:
    if "\0" in text:
        raise ValueError("a NUL character cannot be stored")
    return text


def some(text: str) -> str:
    """`text`, unless it is empty. Raises ValueError, as pydantic wants it."""
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


class ProblemBody(Body):
    """A customer's problem: what is left out is read from the text, or unknown."""

    body: Text = ""
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


class TicketBody(CommandBody, ProblemBody):
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
    subject: Annotated[Line, AfterValidator(some)]
    external_id: Id | None = None
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
