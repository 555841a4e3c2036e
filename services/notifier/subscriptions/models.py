"""What callers send and get about subscriptions. A secret is in an answer once, when it is made."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Literal
from urllib.parse import urlsplit
from uuid import UUID

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field, StringConstraints, field_validator

from services.notifier.senders.addresses import is_mail_address

from .domain.delivery import Outcome, Status
from .domain.subscription import (
    EVENTS,
    FAMILIES,
    DisabledBecause,
    Filters,
    Subscription,
    unknown_events,
)

Word = Annotated[str, StringConstraints(min_length=1, max_length=100, pattern=r"^[^\x00-\x1f]+$")]
Text = Annotated[str, StringConstraints(min_length=1, max_length=200, pattern=r"^[^\x00-\x1f]+$")]
Words = Annotated[list[Word], Field(max_length=100)]


class FiltersBody(BaseModel):
    """The values that are wanted; an empty list wants all."""

    model_config = ConfigDict(extra="forbid")

    priority: list[Literal["critical", "high", "medium", "low"]] = Field(default=[], max_length=4)
    customer_tier: Words = []
    team: Words = []
    level: Words = []


class SubscriptionBody(BaseModel):
    """Which system is told of which events, and where."""

    model_config = ConfigDict(extra="forbid")

    url: Annotated[str, StringConstraints(min_length=1, max_length=2000)] = Field(
        description="https; other targets only where the installation allows them"
    )
    events: list[Word] = Field(
        min_length=1,
        max_length=100,
        description="Names of events, as `sla.breached`, or of families, as `escalation.*`.",
    )
    filters: FiltersBody = FiltersBody()
    description: Text | None = None
    owner: Text | None = Field(
        default=None, description="The mail address that is told when it is disabled."
    )

    @field_validator("url")
    @classmethod
    def _can_be_posted_to(cls, url: str) -> str:
        if fault := _fault(url):
            raise ValueError(fault)
        return url

    @field_validator("events")
    @classmethod
    def _exist(cls, events: list[str]) -> list[str]:
        if unknown := unknown_events(events):
            known = ", ".join(sorted(EVENTS | FAMILIES))
            raise ValueError(f"no event {unknown[0]!r}; there are {known}")
        return sorted(set(events))

    @field_validator("owner")
    @classmethod
    def _can_be_told(cls, owner: str | None) -> str | None:
        if owner is not None and not is_mail_address(owner):
            raise ValueError("not a plain mail address")
        return owner

    def filtered(self) -> Filters:
        """The filters as the core has them."""
        return Filters(**{name: tuple(values) for name, values in self.filters})


class SubscriptionAnswer(SubscriptionBody):
    """A subscription as it is now."""

    subscription_id: UUID
    enabled: bool
    created_at: datetime
    kept_since: datetime
    disabled_at: datetime | None
    disabled_because: DisabledBecause | None
    failing_since: datetime | None
    last_success_at: datetime | None


class SecretAnswer(BaseModel):
    """A new secret: this is the only time it is shown."""

    secret: str


class CreatedAnswer(SubscriptionAnswer, SecretAnswer):
    """A new subscription, with its first secret."""


class RotationBody(BaseModel):
    """How long the secrets there are sign beside the new one; 0 ends them at once, as after a leak."""

    model_config = ConfigDict(extra="forbid")

    overlap_hours: int = Field(default=24, ge=0, le=168)


class ReplayBody(BaseModel):
    """From when on; `after` is for going on from an answer's `next`."""

    model_config = ConfigDict(extra="forbid", populate_by_name=True)

    since: AwareDatetime = Field(alias="from")
    after: UUID | None = None


class ReplayNext(BaseModel):
    """Where a replay goes on: the body of the next call."""

    since: datetime = Field(serialization_alias="from")
    after: UUID


class ReplayAnswer(BaseModel):
    """How many deliveries begin anew. `complete`: everything since `from` was kept; what it says is also in
    words. With `next`, there is more.
    """

    count: int
    kept_since: datetime
    complete: bool
    note: str
    next: ReplayNext | None = None


class TestAnswer(BaseModel):
    """The event whose delivery is the test; the log tells how it went."""

    event_id: UUID


class AttemptAnswer(BaseModel):
    """One attempt: when, what was answered, how long it took. `answer`: its first bytes, as text."""

    n: int
    started_at: datetime
    outcome: Outcome | None
    status: int | None
    latency_ms: int | None
    detail: str | None
    answer: str | None


class DeliveryAnswer(BaseModel):
    """One event to one subscription, with its last attempt. `webhook_id` is the same on every attempt."""

    event_id: UUID
    webhook_id: UUID
    event: str
    status: Status
    planned_at: datetime
    due_at: datetime
    attempts: int
    last: AttemptAnswer | None = None


class DeliveryLogAnswer(DeliveryAnswer):
    """One delivery with every attempt, in order."""

    log: list[AttemptAnswer]


def answer(known: Subscription) -> SubscriptionAnswer:
    """The subscription as callers see it."""
    return SubscriptionAnswer.model_validate(values(known))


def values(known: Subscription) -> dict[str, object]:
    """Its fields, by the answer's names."""
    fields = {name: getattr(known, name) for name in SubscriptionAnswer.model_fields}
    filters = {name: list(getattr(known.filters, name)) for name in FiltersBody.model_fields}
    return {**fields, "events": list(known.events), "filters": filters}


def _fault(url: str) -> str | None:
    """What makes a URL none that is ever posted to. Where it leads is looked at on every attempt."""
    if not url.isascii() or not url.isprintable() or " " in url:
        return "it has white space or letters outside ASCII"
    try:
        parts = urlsplit(url)
        host, port = parts.hostname, parts.port
    except ValueError:
        return "not a URL"
    if parts.scheme not in {"https", "http"} or not host or port == 0:
        return "not an http(s) URL with a host"
    if parts.username is not None or parts.password is not None or parts.fragment:
        return "it has credentials or a fragment"
    return None
