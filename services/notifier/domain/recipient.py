"""Someone who can be told: their roles, their addresses, and when they do not want to be told."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from zoneinfo import ZoneInfo

import msgspec


class Quiet(msgspec.Struct, frozen=True, kw_only=True):
    """Quiet hours, every day, in minutes after local midnight; `until` before `since` goes over midnight."""

    since: int
    until: int


class Away(msgspec.Struct, frozen=True, kw_only=True):
    """Out of office in `[since, until)`, UTC; `delegate` is told instead, if there is one."""

    since: datetime
    until: datetime
    delegate: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Recipient:
    """Someone who can be told. `channels`: channel → address, empty where the channel needs none, in the
    order of preference; `prefer`: urgency → channels that are tried first. `language` is an ISO 639 code;
    `no_digests`: they have stopped bundles and digests by mail.
    """

    recipient_id: str
    name: str = ""
    roles: frozenset[str] = frozenset()
    team: str | None = None
    channels: Mapping[str, str] = field(default_factory=dict)
    prefer: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    language: str | None = None
    zone: ZoneInfo | None = None
    quiet: Quiet | None = None
    away: Away | None = None
    muted_until: datetime | None = None
    no_digests: bool = False

    def is_muted_at(self, at: datetime) -> bool:
        """They asked not to be told before a later instant."""
        return self.muted_until is not None and at < self.muted_until
