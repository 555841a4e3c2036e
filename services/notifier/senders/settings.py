"""What each sender needs to know of the environment. A sender without settings is off."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Literal, Self

from pydantic import Field, SecretStr, field_validator, model_validator
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


class SlackSettings(Section):
    """Slack: incoming webhooks need nothing; the app's token posts by channel or person, with buttons."""

    bot_token: SecretStr | None = Field(default=None, description="`xoxb-…`, with chat:write")
    signing_secret: SecretStr | None = Field(
        default=None, description="proves that clicks come from Slack; without it, no buttons"
    )
    old_signing_secret: SecretStr | None = Field(
        default=None, description="proves clicks, too, while the secret is being changed"
    )
    api_url: str = Field(default="https://slack.com/api", description="where Slack's API is")
    timeout_seconds: float = Field(default=10.0, gt=0, description="limit of one message")

    @model_validator(mode="after")
    def _has_a_new_one(self) -> Self:
        if self.old_signing_secret and not self.signing_secret:
            raise ValueError("old_signing_secret stands beside a signing_secret, not for it")
        return self

    @property
    def signing_secrets(self) -> tuple[SecretStr, ...]:
        """Those in force: one, or two during a rotation; none without buttons."""
        return tuple(filter(None, (self.signing_secret, self.old_signing_secret)))


class TeamsSettings(Section):
    """Microsoft Teams: every recipient's address is the URL of a flow."""

    timeout_seconds: float = Field(default=15.0, gt=0, description="limit of one message")


class PagerDutySettings(Section):
    """PagerDuty Events v2."""

    routing_key: SecretStr | None = Field(
        default=None, description="integration key of recipients whose address is empty"
    )
    source: str = Field(default="tierline", description="what alerts say they come from")
    api_url: str = Field(default="https://events.pagerduty.com", description="where events go")
    timeout_seconds: float = Field(default=10.0, gt=0, description="limit of one event")


class SmsSettings(Section):
    """Text messages through Twilio: from a number, or from a messaging service."""

    account_sid: str = Field(pattern=r"^AC[0-9a-fA-F]{32}$", description="`AC…`")
    auth_token: SecretStr = Field(description="sends, and proves that replies come from Twilio")
    old_auth_token: SecretStr | None = Field(
        default=None, description="proves replies, too, while the token is being changed"
    )
    sender: str = Field(default="", description="number or name that texts come from")
    messaging_service_sid: str = Field(default="", description="`MG…`, instead of a number")
    validity_seconds: int = Field(
        default=900, ge=1, le=36_000, description="a text that waits longer is not delivered"
    )
    texts_per_day: int = Field(
        default=200, ge=0, description="a UTC day; beyond it the fallback channel is used"
    )
    api_url: str = Field(default="https://api.twilio.com", description="where Twilio's API is")
    timeout_seconds: float = Field(default=10.0, gt=0, description="limit of one request")

    @model_validator(mode="after")
    def _comes_from_somebody(self) -> Self:
        if bool(self.sender) == bool(self.messaging_service_sid):
            raise ValueError("needs either a sender or a messaging_service_sid")
        return self

    @property
    def auth_tokens(self) -> tuple[SecretStr, ...]:
        """Those that prove a call: one, or two during a rotation."""
        return tuple(filter(None, (self.auth_token, self.old_auth_token)))


class AppriseSettings(Section):
    """Other services through the library apprise; only the operator names targets."""

    targets: Mapping[str, SecretStr] = Field(
        min_length=1, description="name → URL of apprise's; the name is a recipient's address"
    )
    threads: int = Field(default=2, ge=1, description="deliveries at once")


class LogSettings(Section):
    """The development sink: one log line a message."""


class FeedSettings(Section):
    """The feed of browsers, terminals and own apps."""

    followers: int = Field(default=200, ge=1, le=400, description="at once a process; 503 above it")
    idle_seconds: float = Field(default=0.5, gt=0, description="between two looks for what is new")


class SenderSettings(Section):
    """The senders of one installation."""

    smtp: SmtpSettings | None = None
    slack: SlackSettings | None = None
    teams: TeamsSettings | None = None
    pagerduty: PagerDutySettings | None = None
    sms: SmsSettings | None = None
    webhook: WebhookSettings | None = None
    apprise: AppriseSettings | None = None
    feed: FeedSettings | None = FeedSettings()
    log: LogSettings | None = LogSettings()
