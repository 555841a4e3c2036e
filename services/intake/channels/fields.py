"""Looking up fields of JSON that may be missing, null or of another type.

A field is answered as the type asked for, or as nothing. What a channel cannot do without it demands.
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any, Final

import msgspec

from .reading import ReadingError

#: Longer ones are no ids.
MOST_ID_CHARACTERS: Final = 200

#: Integers that fit 64 bits; the rest is no id and no time.
_INTEGERS: Final = range(-(2**63), 2**63)


def inside(value: Any, *path: str | int) -> Any:
    """What lies at `path`, names of objects and places of arrays; None where the path ends early."""
    for step in path:
        if isinstance(value, dict) and isinstance(step, str):
            value = value.get(step)
        elif isinstance(value, list) and isinstance(step, int) and -len(value) <= step < len(value):
            value = value[step]
        else:
            return None
    return value


def several(value: Any, *path: str | int) -> list[Any]:
    """The array at `path`, empty where there is none."""
    found = inside(value, *path)
    return found if isinstance(found, list) else []


def text(value: Any, *path: str | int) -> str:
    """The string at `path`, empty where there is none."""
    found = inside(value, *path)
    return found if isinstance(found, str) else ""


def line(value: Any, *path: str | int, most: int = 1000) -> str:
    """The string at `path` in one line of at most `most` characters."""
    return " ".join(text(value, *path).split())[:most]


def word(value: Any, *path: str | int) -> str:
    """The name of something at `path`, in lower case with `_` between its parts; numbers as written.

    Providers write `ON-HOLD`, `On hold` and `on_hold` for the same thing.
    """
    found = inside(value, *path)
    if isinstance(found, int) and not isinstance(found, bool):
        return identifier(found) or ""
    return "_".join(text(found).lower().replace("-", " ").replace("_", " ").split())


def identifier(value: Any, *path: str | int) -> str | None:
    """The id at `path`, a string or a whole number; None where there is none."""
    found = inside(value, *path)
    if isinstance(found, int) and not isinstance(found, bool) and found in _INTEGERS:
        return str(found)
    if isinstance(found, str) and 0 < len(found.strip()) <= MOST_ID_CHARACTERS:
        return found.strip()
    return None


def demanded(value: Any, *path: str | int) -> str:
    """The id at `path`. Raises ReadingError where there is none."""
    found = identifier(value, *path)
    if found is None:
        raise ReadingError(f"no id in {'.'.join(map(str, path))}")
    return found


def number(value: Any, *path: str | int) -> int | None:
    """The whole number at `path`, also one written as a string."""
    found = identifier(value, *path)
    digits = (found or "").removeprefix("-")
    return int(found) if found and digits.isascii() and digits.isdecimal() else None


def moment(value: Any, *path: str | int) -> datetime | None:
    """The instant at `path`, written as ISO 8601 with a zone; finer than microseconds is cut off."""
    try:
        read = datetime.fromisoformat(text(value, *path).strip())
        return read.astimezone(UTC) if read.tzinfo else None
    except (ValueError, OverflowError):
        return None


def epoch(value: Any, *path: str | int, per_second: int = 1) -> datetime | None:
    """The instant at `path`, counted since 1970 in seconds or parts of one."""
    found = number(value, *path)
    if found is None or not 0 < found < per_second * 10**11:
        return None
    return datetime.fromtimestamp(found / per_second, UTC)


def canonical(value: Any) -> bytes:
    """JSON with its names in order, so that equal values have equal bytes."""
    return msgspec.json.encode(value, order="sorted")
