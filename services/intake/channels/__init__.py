"""The channels: one file a kind of source, and the only registry of them."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Final

from .base import Channel, Parsed, SecretError, SignatureError
from .generic import Generic

#: A channel's name, as sources are configured with it, and what makes one from a source's secrets.
CHANNELS: Final[Mapping[str, Callable[[Sequence[str]], Channel]]] = {"generic": Generic}

__all__ = ["CHANNELS", "Channel", "Parsed", "SecretError", "SignatureError"]
