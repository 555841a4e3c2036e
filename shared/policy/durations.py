"""Durations as people write them: `15_minutes`, `2 hours`, `4h`, `20s`, `1 h 30 min`, `immediately`."""

from __future__ import annotations

import re
from datetime import timedelta

_UNITS = {
    "ms": 0.001,
    "s": 1,
    "sec": 1,
    "second": 1,
    "m": 60,
    "min": 60,
    "minute": 60,
    "h": 3600,
    "hr": 3600,
    "hour": 3600,
    "d": 86400,
    "day": 86400,
    "w": 604800,
    "week": 604800,
}
_PART = re.compile(r"(\d{1,9}(?:\.\d{1,9})?)[\s_]*([a-z]+)[\s_,]*")
_IMMEDIATELY = {"immediately", "immediate", "at once"}
_LONGEST_SECONDS = 10 * 366 * 86400


class DurationError(ValueError):
    """Not a duration; the text says what would be one."""


def parse_duration(value: object) -> timedelta:
    """The duration that `value` (a text with units) means, in whole milliseconds; zero for `immediately`.

    Raises DurationError. A number alone is refused: it has a unit in the SLA matrix only.
    """
    if isinstance(value, timedelta):
        return value
    if isinstance(value, bool) or not isinstance(value, str | int | float):
        raise DurationError(f"a duration like 15_minutes or 20s is expected, not {value!r}")
    text = str(value).strip().lower()
    if text in _IMMEDIATELY:
        return timedelta(0)
    if re.fullmatch(r"-?\d+(\.\d+)?", text):
        raise DurationError(f'a number alone has no unit, write "{text}_minutes" or "{text}s"')
    return timedelta(milliseconds=round(_seconds(text) * 1000))


def parse_minutes(value: object) -> timedelta:
    """Like `parse_duration`, but a number alone means minutes: the SLA matrix's way."""
    if isinstance(value, int | float) and not isinstance(value, bool):
        if not 0 <= value <= _LONGEST_SECONDS / 60:
            raise DurationError(f"{value} minutes is no target")
        return timedelta(milliseconds=round(value * 60_000))
    return parse_duration(value)


def format_duration(duration: timedelta) -> str:
    """The shortest way to say it: `15 min`, `4 h`, `1 d 2 h`, `1.5 s`."""
    seconds = duration.total_seconds()
    if seconds <= 0:
        return "0 s"
    parts = []
    for unit, size in (("d", 86400), ("h", 3600), ("min", 60)):
        count, seconds = divmod(seconds, size)
        if count:
            parts.append(f"{count:g} {unit}")
    if seconds:
        parts.append(f"{round(seconds, 3):g} s")
    return " ".join(parts)


def _seconds(text: str) -> float:
    """The seconds of all parts of `text` together."""
    total, position = 0.0, 0
    while position < len(text):
        part = _PART.match(text, position)
        unit = part and (_UNITS.get(part[2]) or _UNITS.get(part[2].removesuffix("s")))
        if not part or not unit:
            raise DurationError(
                f'"{text}" is no duration: write a number and s, minutes, hours, days or weeks'
            )
        total += float(part[1]) * unit
        position = part.end()
    if not text or total > _LONGEST_SECONDS:
        raise DurationError(f'"{text}" is no duration of at most ten years')
    return total
