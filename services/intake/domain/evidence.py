"""Why a derived value is what it is: kept beside the ticket, shown in its story, never in an event."""

from __future__ import annotations

import msgspec


class Evidence(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """`field` has `value` because of `rule`: the words that showed it, and the score where there is one.

    For a person who asks "why critical?": ("priority", "critical", "phrase", words=["system down"]).
    """

    field: str
    value: str
    rule: str
    words: tuple[str, ...] = ()
    score: float | None = None
