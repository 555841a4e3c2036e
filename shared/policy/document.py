"""The workflow file's shape: every key, its kind, and what it means where the name does not say it."""

from __future__ import annotations

from datetime import timedelta
from typing import Annotated, Literal, Self

from pydantic import BeforeValidator, Field, model_validator

from shared.contracts.vocabulary import PauseReason, Priority

from .assigning_document import AssigningSection
from .calendars import CalendarSection, RotationSection
from .kinds import (
    Audiences,
    CalendarByMetric,
    CalendarName,
    ChannelName,
    Duration,
    EventName,
    Grace,
    ImmediatelyOr,
    Language,
    LevelCondition,
    LevelName,
    LowerSlug,
    NotificationCondition,
    Percent,
    PercentOrOverdue,
    QueueName,
    RaiseTo,
    Section,
    Share,
    Slug,
    TeamName,
    TemplateName,
    TemplateText,
    Thresholds,
    TierName,
    TriggerCondition,
    Word,
    complaint,
    word_of,
)
from .matrix import MatrixCells
from .routing_document import (
    ActionSection,
    BoostSection,
    QueueSection,
    RoleSection,
    RuleSection,
)
from .triage_document import ComplexityWord, TriageSection
from .vocabulary import Complaint

PriorityWord = Annotated[Priority, BeforeValidator(word_of(Priority, "priority"))]
ReasonWord = Annotated[PauseReason, BeforeValidator(word_of(PauseReason, "pause reason"))]


def _by_priority(value: object) -> object:
    """One calendar for every priority may be written as its name."""
    return {"default": value} if isinstance(value, str) else value


def _priority_or_default(value: object) -> str:
    return "default" if value == "default" else str(word_of(Priority, "priority")(value))


CalendarByPriority = Annotated[
    dict[Annotated[str, BeforeValidator(_priority_or_default)], CalendarName],
    BeforeValidator(_by_priority),
]


class CustomersSection(Section):
    """Customer tiers, best first. Without tiers every customer has the same targets (semantics A5).

    `calendars` are what contracts say of a tier's hours, `contracts` of one customer's, by id (C5).
    """

    tiers: tuple[LowerSlug, ...]
    default_tier: TierName | None = None
    calendars: dict[TierName, CalendarName] = Field(default_factory=dict)
    contracts: dict[Word, CalendarName] = Field(default_factory=dict)


class LevelSection(Section):
    """A level of the ladder."""

    title: Word
    team: Slug
    respond_within: ImmediatelyOr
    aliases: tuple[Slug, ...] = ()
    requires: tuple[Literal["handoff", "history"], ...] = ("handoff",)


class WaitingSection(Section):
    """How long a ticket waits for its customer, in business days (semantics Z6)."""

    reminders: tuple[Annotated[int, Field(ge=1, le=90)], ...]
    solved_after: Annotated[int, Field(ge=1, le=365)]


class SlaSection(Section):
    """Rules of the SLA clocks."""

    thresholds: Thresholds
    overdue: tuple[Percent, ...] = ()
    calendar: CalendarByPriority
    pause_on: tuple[ReasonWord, ...] = ()
    hold_limit: Duration
    grace: Grace
    reprice: Literal["carry", "strictest", "restart"]
    reopen_window: Duration
    reopen_floor: Share
    courtesy_review: Duration
    waiting: WaitingSection
    metric_calendars: CalendarByMetric = Field(default_factory=dict)


class BlockSection(Section):
    """One level of the escalation matrix. `conditions` raise from this level to `escalate_to`;
    `triggers` raise to this level from anywhere (semantics X6).
    """

    timeout: Duration | None = None
    conditions: tuple[LevelCondition, ...] = ()
    escalate_to: LevelName | None = None
    triggers: tuple[TriggerCondition, ...] = ()
    notify: Audiences = ()


class WindowSection(Section):
    """The acknowledgement window's bounds by what is left of the nearest clock (semantics L4)."""

    share: Share
    floor: Duration


class HoldSection(Section):
    """How long an acknowledgement holds (semantics L4)."""

    limit: Duration
    share: Share
    floor: Duration


class TriggerSection(Section):
    """What raises a ticket when an event comes."""

    name: Slug
    on: EventName
    threshold: Percent | None = None
    condition: TriggerCondition | None = None
    to: RaiseTo | None = None
    notify: Audiences = ()
    priority_boost: Annotated[int, Field(ge=1, le=3)] | None = None
    starting_level: bool = False


class EscalationSection(Section):
    """The ladder's times, and its triggers."""

    acknowledge_within: dict[LevelName, Duration]
    window: WindowSection
    holds: HoldSection
    repeats: Annotated[int, Field(ge=0, le=100)]
    repeat_limit: Duration
    triggers: tuple[TriggerSection, ...]
    manual_reasons: dict[Slug, RaiseTo]


class NotificationSection(Section):
    """Whom to tell of an event, over which channels, in which words."""

    name: Slug | None = None
    on: EventName
    threshold: PercentOrOverdue | None = None
    condition: NotificationCondition | None = None
    to: Audiences
    via: tuple[ChannelName, ...]
    template: TemplateName
    digest: bool = False
    immediate: bool = False

    @model_validator(mode="after")
    def _either_or(self) -> Self:
        if self.digest and self.immediate:
            raise complaint(Complaint("a rule is for a digest or immediate, not both"))
        return self


class BudgetSection(Section):
    """How many messages a recipient gets in an hour (semantics D4)."""

    messages: Annotated[int, Field(ge=1, le=1000)] = 20
    sms: Annotated[int, Field(ge=1, le=1000)] = 6


class ExceptSection(Section):
    """What is told in quiet hours, too."""

    levels: tuple[LevelName, ...] = ()
    priorities: tuple[PriorityWord, ...] = ()


class QuietHoursSection(Section):
    """When the calendar is closed, what can wait does (semantics L7)."""

    calendar: CalendarName
    except_: ExceptSection = Field(default_factory=ExceptSection, alias="except")


class DigestSection(Section):
    """When the digests are sent."""

    every: Annotated[Duration, Field(ge=timedelta(minutes=1), le=timedelta(days=1))]


class NotificationsSection(Section):
    """The notification rules, how much they make people hear, and what happens when a channel fails."""

    rules: tuple[NotificationSection, ...]
    bundle: Grace
    budget: BudgetSection
    digest: DigestSection
    quiet_hours: QuietHoursSection | None = None
    fallback: dict[ChannelName, ChannelName] = Field(default_factory=dict)
    backoff: Annotated[tuple[Duration, ...], Field(max_length=20)]


class WordsSection(Section):
    """The words of a message in one language."""

    subject: TemplateText | None = None
    body: TemplateText


class TemplateSection(WordsSection):
    """The words of a message, and the same in other languages."""

    language: Language = "en"
    languages: dict[Language, WordsSection] = Field(default_factory=dict)


class Document(Section):
    """The whole file, packaged defaults filled in."""

    version: Literal[1]
    company: Word
    currency: Annotated[str, Field(pattern="^[A-Z]{3}$")]
    calendars: dict[Slug, CalendarSection]
    business_hours: CalendarName
    customers: CustomersSection
    conditions: dict[Slug, str]
    triage: TriageSection
    levels: Annotated[dict[Slug, LevelSection], Field(min_length=1)]
    queues: dict[Slug, QueueSection]
    escalated_to: dict[LevelName, QueueName]
    weights: dict[ComplexityWord, Annotated[int, Field(ge=1, le=100)]]
    routing: AssigningSection
    agent_roles: dict[Slug, RoleSection]
    actions: dict[Slug, ActionSection]
    routing_boosts: tuple[BoostSection, ...]
    routing_rules: tuple[RuleSection, ...]
    SLA_MATRIX: MatrixCells
    sla: SlaSection
    escalation_matrix: dict[LevelName, BlockSection]
    escalation: EscalationSection
    roles: tuple[Slug, ...] = ()
    audiences: dict[Slug, Audiences]
    team_calendars: dict[TeamName, CalendarName] = Field(default_factory=dict)
    on_call: dict[TeamName, RotationSection]
    notifications: NotificationsSection
    templates: dict[Slug, TemplateSection]
