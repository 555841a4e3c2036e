"""Intake's environment: its port, its lanes, and the sources that may send webhooks."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Annotated, Final

from pydantic import BeforeValidator, Field, SecretStr
from pydantic_settings import NoDecode

from services.intake.channels import CHANNELS, Channel, SecretError, Source
from services.intake.channels.trust import untrusted
from shared.settings import ConfigurationError, HttpSettings, Rate, Section, ServiceSettings

PORT: Final = 8081

#: A source's name stands in its URL, in metrics and in the dead letters.
_SOURCE_NAME: Final = re.compile(r"[a-z0-9][a-z0-9_-]{0,63}")


class SourceError(ConfigurationError):
    """A source cannot be used as it is configured: intake does not start without its protection."""


def _listed(value: object) -> object:
    """Secrets as a list: from JSON, or from words with commas between them."""
    if not isinstance(value, str):
        return value
    return [part.strip(' "') for part in value.strip().strip("[]").split(",") if part.strip(' "')]


class SourceSettings(Section):
    """One sender of webhooks. During a rotation both the old and the new secret are in force."""

    channel: str = Field(default="generic", description=f"one of {', '.join(CHANNELS)}")
    secrets: Annotated[tuple[SecretStr, ...], NoDecode, BeforeValidator(_listed)] = Field(
        default=(), description="one or two, of the channel's kind (docs/channels)", max_length=2
    )
    public_url: str | None = Field(
        default=None, description="the webhook's URL as the provider knows it, where it signs that"
    )
    verify_token: SecretStr | None = Field(
        default=None, description="what the provider's handshake repeats (Meta)"
    )
    rate: Rate | None = Field(
        default=None, description="calls, such as 600/minute; above it 429, or 503 for Intercom"
    )
    trusted: bool = Field(
        default=True, description="whether the source's own priority counts, instead of triage's"
    )


class IntakeSection(Section):
    """What only intake has."""

    sources: dict[str, SourceSettings] = Field(
        default_factory=dict, description="by name, which is part of the webhook's URL"
    )
    lanes: int = Field(default=2, ge=1, le=8, description="groups that are committed at once")
    texts_days: int = Field(
        default=400, ge=30, description="messages and files of closed tickets are kept so long"
    )
    search_days: int = Field(
        default=120, ge=90, description="what duplicates are looked for in, of closed tickets"
    )


class IntakeHttpSettings(HttpSettings):
    """The HTTP server, on intake's port."""

    port: int = Field(default=PORT, ge=0, le=65535)


class IntakeSettings(ServiceSettings):
    """Everything intake is told by its environment."""

    http: IntakeHttpSettings = IntakeHttpSettings()
    intake: IntakeSection = IntakeSection()


def channels_of(sources: Mapping[str, SourceSettings]) -> dict[str, Channel]:
    """The adapter of every source, by its name in lower case. Raises SourceError, naming the setting."""
    made: dict[str, Channel] = {}
    for spelt, source in sources.items():
        name = spelt.lower()
        setting = f"TIERLINE_INTAKE__SOURCES__{spelt.upper()}"
        if not _SOURCE_NAME.fullmatch(name):
            raise SourceError(f"{setting}: {name!r} is no name for a source (a-z, 0-9, - and _)")
        if name in made:
            raise SourceError(f"{setting}: there is a source {name!r} already, in another case")
        if source.channel not in CHANNELS:
            known = ", ".join(CHANNELS)
            raise SourceError(
                f"{setting}__CHANNEL: no channel {source.channel!r}; there is {known}"
            )
        try:
            channel = CHANNELS[source.channel](_source(name, source))
        except SecretError as error:
            raise SourceError(
                f"{setting}__{error.setting}: the source {name!r} {error} (docs/channels says what {source.channel} needs)"
            ) from error
        made[name] = channel if source.trusted else untrusted(channel)
    return made


def rates_of(sources: Mapping[str, SourceSettings]) -> dict[str, str]:
    """The rate of every source that has one, by its name in lower case."""
    return {spelt.lower(): source.rate for spelt, source in sources.items() if source.rate}


def _source(name: str, settings: SourceSettings) -> Source:
    token = settings.verify_token
    return Source(
        name=name,
        secrets=tuple(secret.get_secret_value() for secret in settings.secrets),
        public_url=settings.public_url,
        verify_token=token.get_secret_value() if token else None,
    )
