"""What is asked and told of a ticket that does not exist: where it would go, and who would get it."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Final

from pydantic import AfterValidator, AwareDatetime, BaseModel, Field, JsonValue

from services.router.domain.preview import NO_TICKET, RosterChange
from shared.contracts import Customer, TicketOpened
from shared.contracts.vocabulary import AssignReason, Complexity, Grade, Presence, Priority
from shared.policy import WorkflowPolicy

from .candidate_models import EXAMPLE, CandidatesView
from .models import Body, Name, Title, example_of
from .queue_models import WaitView

#: A word of the workflow or of a source: one line, and short.
Word = Annotated[str, Field(pattern=r"^[^\x00-\x1f\x7f]{1,100}$")]
Money = Annotated[float, Field(allow_inf_nan=False)]
Count = Annotated[int, Field(ge=0, le=1_000_000)]

#: Between these, every calendar and every time zone has an answer.
FIRST_YEAR: Final = 1970
LAST_YEAR: Final = 2199


def _near(at: datetime) -> datetime:
    """`at`, unless no calendar reaches there. Raises ValueError, as pydantic wants it."""
    if not FIRST_YEAR <= at.year <= LAST_YEAR:
        raise ValueError(f"should lie between {FIRST_YEAR} and {LAST_YEAR}")
    return at


Moment = Annotated[AwareDatetime, AfterValidator(_near)]


TICKET: Final[dict[str, JsonValue]] = {
    "priority": "high",
    "category": "billing",
    "complexity": "l2",
    "channel": "email",
    "customer": {"id": "customer-1", "tier": "enterprise", "account_owner": "sofia"},
    "amount": 12000,
}


class CustomerBody(Body):
    """Who would ask; whoever has no id is a stranger. Without a tier they have the default one."""

    id: Title = "somebody"
    tier: Word | None = None
    lifetime_value: Money | None = None
    vip: bool | None = None
    account_owner: Name | None = None
    recent_escalations: Count | None = None


class ChangeBody(Body):
    """How an agent is imagined to be; what is left out stays as it is. Capacity in weight units."""

    presence: Presence | None = None
    on_shift: bool | None = None
    capacity: Annotated[int, Field(ge=0, le=1000)] | None = None

    def change(self) -> RosterChange:
        """The same for the core."""
        return RosterChange(presence=self.presence, on_shift=self.on_shift, capacity=self.capacity)


class PreviewBody(Body):
    """A ticket as `ticket.opened` would tell it, and a roster other than the present one, by agent id.

    Without `opened_at` it is opened now; that decides whether it is in business hours.
    """

    model_config = example_of(**TICKET, roster_changes={"emil": {"presence": "online"}})

    priority: Priority = Priority.MEDIUM
    impact: Grade = Grade.MEDIUM
    urgency: Grade = Grade.MEDIUM
    category: Word | None = None
    complexity: Complexity = Complexity.L1
    channel: Word = "api"
    language: Word | None = None
    customer: CustomerBody = CustomerBody()
    amount: Money | None = None
    revenue_impact: Money | None = None
    currency: Word | None = None
    signals: tuple[Word, ...] = Field(default=(), max_length=100)
    contact_number: Annotated[int, Field(ge=1, le=1_000_000)] = 1
    reopened_count: Count = 0
    recent_reopened: Count = 0
    opened_at: Moment | None = None
    roster_changes: dict[Name, ChangeBody] = Field(default={}, max_length=200)

    def opened(self, policy: WorkflowPolicy, now: datetime) -> TicketOpened:
        """The event; a tier or a category that is left out is the workflow's default one."""
        who, plain = self.customer, self.model_dump(include=_PLAIN)
        customer = Customer(
            customer_id=who.id,
            tier=policy.customers.tier_of(who.tier),
            **who.model_dump(exclude={"id", "tier"}),
        )
        return TicketOpened(
            ticket_id=NO_TICKET,
            customer=customer,
            subject_line="",
            category=self.category or policy.triage.default_category,
            signals=list(self.signals),
            opened_at=self.opened_at or now,
            **plain,
        )


#: What body and event call the same.
_PLAIN: Final = {
    *("priority", "impact", "urgency", "complexity", "channel", "language"),
    *("amount", "revenue_impact", "currency"),
    *("contact_number", "reopened_count", "recent_reopened"),
}


class RouteView(BaseModel):
    """Where the routing rules send it: `rule` is null where only the catch-all fits (semantics G9).

    Skills map names to the proficiency that is asked for. `teams`: none are all of the level.
    """

    rule: str | None
    boosts: list[str]
    queue: str
    level: str
    teams: list[str]
    rank: int
    priority_class: int
    weight: int
    required_skills: dict[str, int]
    any_skills: dict[str, int]
    preferred_skills: dict[str, int]
    prefer: str | None
    notify: list[str]
    cc: list[str]
    sla_target_seconds: float | None


class PreviewView(CandidatesView):
    """The route, the agent who would get the ticket now and why them, the others, and who would not.

    With nobody to get it, `agent_id` is null and `wait` says why.
    """

    model_config = example_of(
        route={
            "rule": "billing",
            "boosts": [],
            "queue": "billing",
            "level": "tier_2",
            "teams": [],
            "rank": 40,
            "priority_class": 1,
            "weight": 2,
            "required_skills": {"billing": 4},
            "any_skills": {},
            "preferred_skills": {},
            "prefer": None,
            "notify": [],
            "cc": ["account_manager"],
            "sla_target_seconds": 14400.0,
        },
        agent_id="sofia",
        reason="skill_match",
        wait=None,
        **EXAMPLE,
    )

    route: RouteView
    agent_id: str | None
    reason: AssignReason | None
    wait: WaitView | None
