"""The auditor's environment: what every service has, its own port, and whom it tells that all is well."""

from __future__ import annotations

from pydantic import Field, SecretStr

from shared.settings import HttpSettings, Section, ServiceSettings

PORT = 8085


class AuditorHttpSettings(HttpSettings):
    """Where its metrics are, on the auditor's port."""

    port: int = Field(default=PORT, ge=0, le=65535)


class AuditorSection(Section):
    """`TIERLINE_AUDITOR__…`."""

    heartbeat_url: SecretStr | None = Field(
        default=None, description="called after each clean pass; its silence shall page somebody"
    )
    internal_targets: frozenset[str] = Field(
        default=frozenset(),
        description="host:port that the heartbeat may go to although it is not public",
    )
    every_seconds: float = Field(default=60.0, gt=0, description="from one pass to the next")


class AuditorSettings(ServiceSettings):
    """Where the auditor runs, and what it tells."""

    http: AuditorHttpSettings = AuditorHttpSettings()
    auditor: AuditorSection = AuditorSection()
