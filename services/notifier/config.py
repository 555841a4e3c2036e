"""The notifier's settings: `TIERLINE_NOTIFIER__…`. A sender without settings is off."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from typing import Final, Self
from urllib.parse import urlsplit

from pydantic import Field, PositiveFloat, SecretStr, field_validator, model_validator

from shared.settings import HttpSettings, ServiceSettings

from .domain.bucket import Rate
from .domain.desk import fault_of
from .domain.target import Limits
from .senders.settings import SenderSettings
from .subscriptions.settings import SubscriptionSettings

#: Messages a second that a target of a channel gets, unless told otherwise.
RATES: Final[Mapping[str, float]] = {
    "slack": 1.0,
    "pagerduty": 2.0,
    "sms": 1.0,
    "teams": 0.5,
    "email": 20.0,
    "webhook": 20.0,
}

#: What a lease must outlast the sending by, in seconds: the outcome has to be recorded in time.
_MARGIN_SECONDS = 5.0


class NotifierSection(SenderSettings):
    """Whom it asks, who reaches it, how much it sends at once."""

    intake_url: str | None = Field(
        default=None, description="where customers' addresses and articles are asked"
    )
    intake_key: SecretStr = Field(
        default=SecretStr(""),
        description="API key with contacts:read, articles:read and tickets:write",
    )
    escalator_url: str | None = Field(
        default=None, description="where hand-off documents are asked for the pages behind links"
    )
    escalator_key: SecretStr = Field(default=SecretStr(""), description="API key with sla:read")
    public_url: str = Field(
        default="http://127.0.0.1:8084", description="where acknowledgement links point"
    )
    ticket_url: str | None = Field(
        default=None,
        description="a ticket's page at your own desk, with `{ticket_id}` or `{external_ref}` in it",
    )
    egress_allow: frozenset[str] = Field(
        default=frozenset(), description="exact host:port of internal webhook receivers"
    )
    concurrency: int = Field(default=32, ge=1, description="messages in flight a process")
    per_target: int = Field(default=4, ge=1, description="messages in flight a target")
    rates: dict[str, PositiveFloat] = Field(
        default=dict(RATES),
        description="messages a second a target, by channel; others are not limited",
    )
    probe_seconds: float = Field(
        default=60.0, gt=0, description="between two probes of a target that is given up"
    )
    send_seconds: float = Field(default=20.0, gt=0, description="limit of one attempt")
    lease_seconds: float = Field(default=45.0, gt=0, description="after it, unknown")
    link_hours: float = Field(default=72.0, gt=0, description="life of an acknowledgement link")
    idle_seconds: float = Field(default=0.5, gt=0, description="between two looks at what is due")
    keep_days: int = Field(
        default=90, ge=7, description="messages of settled tickets are kept so long"
    )
    subscriptions: SubscriptionSettings = SubscriptionSettings()

    @field_validator("ticket_url")
    @classmethod
    def _is_a_pattern(cls, given: str | None) -> str | None:
        if given is not None and (fault := fault_of(given)):
            raise ValueError(fault)
        return given

    @field_validator("rates")
    @classmethod
    def _beside_those_that_are_known(cls, given: dict[str, float]) -> dict[str, float]:
        return {**RATES, **given}

    @model_validator(mode="after")
    def _lease_outlasts_sending(self) -> Self:
        if self.lease_seconds < self.send_seconds + _MARGIN_SECONDS:
            raise ValueError(f"lease_seconds must be send_seconds + {_MARGIN_SECONDS:g} or more")
        return self

    @property
    def limits(self) -> Limits:
        """What all replicas together may send to one target."""
        rates = {channel: Rate(per_second) for channel, per_second in self.rates.items()}
        return Limits(rates=rates, probe_every=timedelta(seconds=self.probe_seconds))

    @property
    def egress_allowed(self) -> frozenset[str]:
        """The internal targets: those named, intake and the escalator."""
        ours = [urlsplit(url) for url in (self.intake_url, self.escalator_url) if url]
        return self.egress_allow | {
            f"{parts.hostname}:{parts.port or (443 if parts.scheme == 'https' else 80)}"
            for parts in ours
        }


class NotifierSettings(ServiceSettings):
    """Everything the notifier is told by its environment."""

    http: HttpSettings = HttpSettings(port=8084)
    notifier: NotifierSection = NotifierSection()
