"""A share as a bar of characters."""

from __future__ import annotations

from typing import Final

WIDTH: Final = 10


def bar(load: float, limit: float) -> str:
    """How much of `limit` is taken, on WIDTH places: empty only for nothing, full only for all."""
    if load <= 0:
        return "░" * WIDTH
    if limit <= 0 or load >= limit:
        return "█" * WIDTH
    filled = min(WIDTH - 1, max(1, round(WIDTH * load / limit)))
    return "█" * filled + "░" * (WIDTH - filled)
