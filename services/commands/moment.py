"""An instant that lies ahead, as it is given on the command line: written out, or as a span from now."""

from __future__ import annotations

from datetime import UTC, datetime

import typer

from shared.clock import SystemClock
from shared.policy.durations import parse_duration

FORM = (
    "an instant like 2026-06-05T09:00+02:00 (UTC without a zone), a day, or a span from now like 3d"
)


def moment(text: str, option: str) -> str:
    """The instant as the services read it. Raises BadParameter for what is none."""
    try:
        at = datetime.fromisoformat(text)
    except ValueError:
        try:
            at = SystemClock().now() + parse_duration(text)
        except (ValueError, OverflowError):
            raise typer.BadParameter(f"{text!r} is not {FORM}", param_hint=option) from None
    return (at if at.tzinfo else at.replace(tzinfo=UTC)).astimezone(UTC).isoformat()


def shown(instant: str) -> str:
    """An instant of an answer as people read it."""
    return f"{instant[:10]} {instant[11:16]} UTC"
