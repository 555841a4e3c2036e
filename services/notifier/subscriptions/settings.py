"""What an installation can say about its subscriptions: `TIERLINE_NOTIFIER__SUBSCRIPTIONS__…`."""

from __future__ import annotations

from typing import Self

from pydantic import Field, model_validator

from shared.settings import Section

#: What a lease must outlast an attempt by, in seconds: the outcome has to be recorded in time.
_MARGIN_SECONDS = 5.0


class SubscriptionSettings(Section):
    """Outgoing webhooks that other systems have subscribed to."""

    keep_days: int = Field(default=30, ge=7, description="life of events kept for a replay")
    log_days: int = Field(default=90, ge=7, description="life of the delivery log")
    concurrency: int = Field(default=32, ge=1, description="requests in flight a process")
    per_endpoint: int = Field(default=4, ge=1, description="requests in flight an endpoint")
    timeout_seconds: float = Field(default=15.0, gt=0, description="limit of one attempt")
    lease_seconds: float = Field(default=30.0, gt=0, description="after it, an attempt is lost")
    idle_seconds: float = Field(default=0.5, gt=0, description="between two looks at what is due")

    @model_validator(mode="after")
    def _lease_outlasts_sending(self) -> Self:
        if self.lease_seconds < self.timeout_seconds + _MARGIN_SECONDS:
            raise ValueError(f"lease_seconds must be timeout_seconds + {_MARGIN_SECONDS:g} or more")
        return self
