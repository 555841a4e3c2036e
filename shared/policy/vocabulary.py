"""The words conditions may use, and what is said about one that uses others."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Complaint:
    """What is wrong with a condition; `offset` is the character it concerns, None for all of it."""

    message: str
    suggestion: str | None = None
    offset: int | None = None


@dataclass(frozen=True, slots=True)
class Vocabulary:
    """The words a fact may be compared with (canonical by spelling; a fact left out is open), and the
    conditions and calendars that have a name (calendars by their spelling in lower case).
    """

    words: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    conditions: Mapping[str, str] = field(default_factory=dict)
    calendars: Mapping[str, str] = field(default_factory=dict)
