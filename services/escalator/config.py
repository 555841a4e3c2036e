"""The escalator's environment: only what every service has, with its own port."""

from __future__ import annotations

from pydantic import Field

from shared.settings import HttpSettings, ServiceSettings

PORT = 8083


class EscalatorHttpSettings(HttpSettings):
    """The HTTP server, on the escalator's port."""

    port: int = Field(default=PORT, ge=0, le=65535)


class EscalatorSettings(ServiceSettings):
    """Where the escalator runs."""

    http: EscalatorHttpSettings = EscalatorHttpSettings()
