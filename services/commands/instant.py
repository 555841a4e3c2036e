"""An instant as it is given on the command line."""

from __future__ import annotations

from datetime import UTC, datetime

import typer


def instant(text: str | None) -> datetime | None:
    """The instant that `--at` names, UTC without a zone. Raises BadParameter for what is none."""
    if text is None:
        return None
    try:
        at = datetime.fromisoformat(text)
    except ValueError:
        message = f"{text!r} is no instant like 2026-06-01T03:00:00Z"
        raise typer.BadParameter(message, param_hint="--at") from None
    return at if at.tzinfo else at.replace(tzinfo=UTC)
