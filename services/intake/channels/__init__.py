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
from .generic import generic

#: A channel's name, as sources are configured with it, and what makes one for a source.
CHANNELS: Final[Mapping[str, MakeChannel]] = {"generic": generic}

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
