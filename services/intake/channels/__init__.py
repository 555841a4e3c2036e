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
from .email import email
from .freshdesk import freshdesk
from .generic import generic
from .github import github
from .hubspot import hubspot
from .intercom import intercom
from .mailgun import mailgun
from .postmark import postmark
from .sendgrid import sendgrid
from .zendesk import zendesk

#: A channel's name, as sources are configured with it, and what makes one for a source.
CHANNELS: Final[Mapping[str, MakeChannel]] = {
    "email": email,
    "freshdesk": freshdesk,
    "generic": generic,
    "github": github,
    "hubspot": hubspot,
    "intercom": intercom,
    "mailgun": mailgun,
    "postmark": postmark,
    "sendgrid": sendgrid,
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
