"""A plan's fields in the words of whoever reads them: their zone, their language, how long it is from now."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Final

from .instants import spoken
from .phrases import named, phrases, within
from .receipt import Reader
from .wording import lasting

#: Fields that are codes of the workflow.
_CODES: Final = ("category", "metric", "priority", "resolution")


def said_to(fields: Mapping[str, object], reader: Reader, *, now: datetime) -> dict[str, object]:
    """`fields` as the reader says them. What is left of a deadline is counted from `now`; what was planned
    without machine-readable instants stays as it was written.
    """
    said = dict(fields)
    for name in ("deadline", "acknowledge_by"):
        if (instant := _instant_of(fields, name)) is not None:
            said[name] = spoken(instant, reader.zone, reader.language, now=now)
    if (deadline := _instant_of(fields, "deadline")) is not None:
        said["remaining"] = lasting(max(deadline - now, timedelta()))
    if _instant_of(fields, "acknowledge_by") is not None:
        words = phrases(reader.language).urgency
        said["urgency_note"] = words.format(at=said["acknowledge_by"])
    if (back := _instant_of(fields, "away_until")) is not None:
        until = spoken(back, reader.zone, reader.language, now=now)
        words = phrases(reader.language).behalf
        said["on_behalf"] = words.format(name=fields["instead_of"], at=until)
    seconds = fields.get("respond_within_seconds")
    if isinstance(seconds, int):
        said["respond_within"] = within(seconds, reader.language)
    said |= {name: named(fields[name], reader.language) for name in _CODES if fields.get(name)}
    return said


def _instant_of(fields: Mapping[str, object], name: str) -> datetime | None:
    written = fields.get(f"{name}_at")
    return datetime.fromisoformat(written) if isinstance(written, str) else None
