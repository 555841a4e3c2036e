"""Over which channels somebody is told: their own choice first, then that of the rule (semantics D3)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from .notification import Urgency
from .recipient import Recipient


def channels_for(
    person: Recipient,
    via: Sequence[str],
    *,
    urgency: Urgency,
    on: Sequence[str],
    fallback: Mapping[str, str],
) -> list[str]:
    """The first channel they prefer for that urgency and can be reached over; else those of `via`, or what
    stands in for them; else the best one they have. `on`: the channels with a sender, the best first.
    """
    has = [name for name in on if name in person.channels]
    preferred = [name for name in person.prefer.get(urgency, ()) if name in has]
    if preferred:
        return preferred[:1]
    found: dict[str, None] = {}
    for wanted in via:
        channel = instead_of(wanted, has, fallback)
        if channel is not None:
            found[channel] = None
    return list(found) or has[:1]


def instead_of(wanted: str, has: Sequence[str], fallback: Mapping[str, str]) -> str | None:
    """`wanted` where it is among `has`, else the first of its fallbacks that is."""
    tried: set[str] = set()
    channel: str | None = wanted
    while channel is not None and channel not in has and channel not in tried:
        tried.add(channel)
        channel = fallback.get(channel)
    return channel if channel in has else None


def next_channel(
    person: Recipient,
    failed: str,
    *,
    urgency: Urgency,
    on: Sequence[str],
    fallback: Mapping[str, str],
) -> str | None:
    """Where a message goes on that `failed` could not deliver: to the next channel they prefer, after the
    last of those to the workflow's fallback.
    """
    has = [name for name in on if name in person.channels]
    preferred = [name for name in person.prefer.get(urgency, ()) if name in has]
    if failed in preferred[:-1]:
        return preferred[preferred.index(failed) + 1]
    left = [name for name in has if name != failed and name not in preferred]
    return instead_of(fallback[failed], left, fallback) if failed in fallback else None
