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
from .generic import generic
from .mailgun import mailgun
from .postmark import postmark
from .sendgrid import sendgrid

#: A channel's name, as sources are configured with it, and what makes one for a source.
CHANNELS: Final[Mapping[str, MakeChannel]] = {
    "email": email,
    "generic": generic,
    "mailgun": mailgun,
    "postmark": postmark,
    "sendgrid": sendgrid,
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
