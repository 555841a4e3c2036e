"""Intake's environment: its port, its lanes, and the sources that may send webhooks."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Annotated, Final

from pydantic import BeforeValidator, Field, SecretStr
from pydantic_settings import NoDecode

from services.intake.channels import CHANNELS, Channel, SecretError
from shared.settings import ConfigurationError, HttpSettings, Section, ServiceSettings

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
        default=(), description="one or two, `whsec_…`", max_length=2
    )


class IntakeSection(Section):
    """What only intake has."""

    sources: dict[str, SourceSettings] = Field(
        default_factory=dict, description="by name, which is part of the webhook's URL"
    )
    lanes: int = Field(default=2, ge=1, le=8, description="groups that are committed at once")


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
            secrets = [secret.get_secret_value() for secret in source.secrets]
            made[name] = CHANNELS[source.channel](secrets)
        except SecretError as error:
            raise SourceError(
                f"{setting}__SECRETS: the source {name!r} {error} (`whsec_` and 32 random bytes in base64 are good)"
            ) from error
    return made
