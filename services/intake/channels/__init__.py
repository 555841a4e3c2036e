"""The channels: one file a kind of source, and the only registry of them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from .base import (
    Call,
    Channel,
    Codes,
    Greeting,
    MakeChannel,
    Member,
    Parsed,
    SecretError,
    SignatureError,
    Source,
)
from .cloudevents import cloudevents
from .email import email
from .freshdesk import freshdesk
from .generic import generic
from .github import github
from .hubspot import hubspot
from .intercom import intercom
from .mailgun import mailgun
from .postmark import postmark
from .sendgrid import sendgrid
from .slack import slack
from .telegram import telegram
from .twilio import twilio
from .whatsapp import whatsapp
from .zendesk import zendesk

#: A channel's name, as sources are configured with it, and what makes one for a source.
CHANNELS: Final[Mapping[str, MakeChannel]] = {
    "cloudevents": cloudevents,
    "email": email,
    "freshdesk": freshdesk,
    "generic": generic,
    "github": github,
    "hubspot": hubspot,
    "intercom": intercom,
    "mailgun": mailgun,
    "postmark": postmark,
    "sendgrid": sendgrid,
    "slack": slack,
    "telegram": telegram,
    "twilio": twilio,
    "whatsapp": whatsapp,
    "zendesk": zendesk,
}

__all__ = [
    "CHANNELS",
    "Call",
    "Channel",
    "Codes",
    "Greeting",
    "Member",
    "Parsed",
    "SecretError",
    "SignatureError",
    "Source",
]
