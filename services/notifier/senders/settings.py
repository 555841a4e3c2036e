"""What each sender needs to know of the environment. A sender without settings is off."""

from __future__ import annotations

from pathlib import Path
from typing import Literal

from pydantic import Field, SecretStr, field_validator
from standardwebhooks import Webhook

from shared.settings import Section

from .addresses import parse_mailbox


class SmtpSettings(Section):
    """The mail relay."""

    host: str
    port: int = Field(default=587, ge=1, le=65535)
    security: Literal["starttls", "tls", "none"] = "starttls"
    username: str | None = None
    password: SecretStr | None = None
    sender: str = Field(
        default="Support <support@localhost>", description="From of every mail, as `Name <address>`"
    )
    ca_file: Path | None = Field(default=None, description="certificates the relay is trusted by")
    timeout_seconds: float = Field(
        default=10.0, gt=0, description="limit of connecting and of every command"
    )

    @field_validator("sender")
    @classmethod
    def _is_a_mailbox(cls, value: str) -> str:
        parse_mailbox(value)
        return value


class WebhookSettings(Section):
    """Outgoing signed webhooks."""

    secret: SecretStr = Field(description="Standard Webhooks secret, `whsec_` and base64")
    timeout_seconds: float = Field(default=15.0, gt=0, description="limit of one delivery")

    @field_validator("secret")
    @classmethod
    def _signs(cls, value: SecretStr) -> SecretStr:
        Webhook(value.get_secret_value())
        return value


class LogSettings(Section):
    """The development sink: one log line a message."""


class SenderSettings(Section):
    """The senders of one installation."""

    smtp: SmtpSettings | None = None
    webhook: WebhookSettings | None = None
    log: LogSettings | None = LogSettings()
