"""An instant as it is given on the command line: written out, or as how long ago it was."""

from __future__ import annotations

from datetime import UTC, datetime

import typer

from shared.clock import SystemClock
from shared.policy.durations import parse_duration


def instant(text: str | None, option: str = "--at") -> datetime | None:
    """The instant that `option` names, UTC without a zone. Raises BadParameter for what is none."""
    if text is None:
        return None
    try:
        at = datetime.fromisoformat(text)
    except ValueError:
        message = f"{text!r} is no instant like 2026-06-01T03:00:00Z"
        raise typer.BadParameter(message, param_hint=option) from None
    return at if at.tzinfo else at.replace(tzinfo=UTC)


def past(text: str | None, option: str) -> datetime | None:
    """The instant that `option` names, or that lies so long back: `2h`. Raises BadParameter for what is none."""
    if text is None:
        return None
    try:
        at = datetime.fromisoformat(text)
    except ValueError:
        try:
            return SystemClock().now() - parse_duration(text)
        except (ValueError, OverflowError):
            message = f"{text!r} is neither an instant like 2026-06-01T03:00:00Z nor a time like 2h"
            raise typer.BadParameter(message, param_hint=option) from None
    return at if at.tzinfo else at.replace(tzinfo=UTC)
