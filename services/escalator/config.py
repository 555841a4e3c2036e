"""The escalator's environment: only what every service has, with its own port."""

from __future__ import annotations

from pydantic import Field

from shared.settings import HttpSettings, Section, ServiceSettings

PORT = 8083


class EscalatorHttpSettings(HttpSettings):
    """The HTTP server, on the escalator's port."""

    port: int = Field(default=PORT, ge=0, le=65535)


class EscalatorSection(Section):
    """What only the escalator has."""

    handoff_days: int = Field(
        default=400, ge=30, description="hand-off documents of closed tickets are kept so long"
    )


class EscalatorSettings(ServiceSettings):
    """Where the escalator runs."""

    http: EscalatorHttpSettings = EscalatorHttpSettings()
    escalator: EscalatorSection = EscalatorSection()
