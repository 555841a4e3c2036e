"""Who is told of what, over which channel, in which words."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from .facts import Facts
from .noise import Noise
from .rotation import Rotation
from .tree import ALWAYS_TRUE, Node

CHANNELS = ("email", "slack", "teams", "pagerduty", "sms", "webhook", "feed", "apprise", "log")
"""The sender channels a rule may name."""

TEMPLATE_FIELDS = (
    "reference",
    "ticket_id",
    "subject_line",
    "priority",
    "category",
    "customer_tier",
    "queue",
    "agent",
    "level",
    "level_title",
    "team",
    "from_level",
    "metric",
    "threshold",
    "deadline",
    "remaining",
    "first_response_due",
    "resolution_due",
    "first_response_target",
    "resolution_target",
    "respond_within",
    "reason",
    "sentiment_label",
    "urgency_note",
    "summary",
    "resolution",
    "articles",
    "acknowledge_by",
    "acknowledge_link",
    "handoff_link",
    "ticket_link",
    "survey_link",
    "company",
    "on_behalf",
    "recipient",
    "channel",
    "count",
)
"""What a template may say; one that is not known at the moment is written as an empty text."""


SURVEY_LINK = "survey_link"
"""The field that makes a template a survey: it asks the customer for a rating, once a ticket."""


OVERDUE = "overdue"
"""What a rule names instead of a percent to hear every reminder after the breach (semantics L6)."""

_BREACH = 100


@dataclass(frozen=True, slots=True)
class Template:
    """A message with `{{ field }}` placeholders. Without a subject it suits chat-like channels.

    `language` is that of its words; `others` are the same message by other languages.
    """

    subject: str | None
    body: str
    language: str = "en"
    others: Mapping[str, Template] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class NotificationRule:
    """Tell `to` over `via` with `template` when an event of type `on` comes: at their next digest, at
    once, or neither, which leaves room for a bundle (semantics D4).
    """

    name: str
    on: str
    to: tuple[str, ...]
    via: tuple[str, ...]
    template: str
    threshold: int | str | None = None
    condition: str = ""
    tree: Node = ALWAYS_TRUE
    digest: bool = False
    immediate: bool = False

    def hears(self, threshold: int | None) -> bool:
        """It is for warnings of that percent, for all of them, or for those after the breach."""
        if self.threshold == OVERDUE:
            return threshold is not None and threshold > _BREACH
        return self.threshold in (None, threshold)


@dataclass(frozen=True, slots=True)
class NotificationPolicy:
    """The notification rules as one compiled function, and the names they use.

    `backoff` are the waits between attempts; when they are used up, `fallback` names the channel to
    try instead (semantics D2, D3).
    """

    rules: tuple[NotificationRule, ...]
    matches: Callable[[Facts], tuple[int, ...]]
    audiences: Mapping[str, tuple[str, ...]]
    rotations: Mapping[str, Rotation]
    fallback: Mapping[str, str]
    templates: Mapping[str, Template]
    backoff: tuple[timedelta, ...]
    noise: Noise = field(default_factory=Noise)

    def matching(
        self, on: str, facts: Facts, *, threshold: int | None = None
    ) -> tuple[NotificationRule, ...]:
        """The rules for event type `on`: those without a threshold and those with this one, if their
        condition holds. In the order of the file.
        """
        return tuple(
            rule
            for rule in (self.rules[n] for n in self.matches(facts))
            if rule.on == on and rule.hears(threshold)
        )

    def is_survey(self, template: str) -> bool:
        """Whether that template asks for a rating, in any of its languages."""
        known = self.templates.get(template)
        forms = (known, *known.others.values()) if known else ()
        return any(SURVEY_LINK in form.body for form in forms)

    def audience(self, name: str) -> tuple[str, ...]:
        """The roles behind `name`, itself if no audience is called so; each once, in order."""
        found: dict[str, None] = {}
        pending = [name]
        while pending:
            current = pending.pop(0)
            members = self.audiences.get(current)
            if members is None or current in members:
                found[current] = None
            else:
                pending = [*members, *pending]
        return tuple(found)

    def on_call(self, team: str, at: datetime) -> str | None:
        """The recipient on call for `team` at that instant, None for a team without a rotation."""
        rotation = self.rotations.get(team)
        return rotation.holder(at) if rotation else None
