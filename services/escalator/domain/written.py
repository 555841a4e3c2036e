"""What people write into a hand-off document: the prose, and the facts about it that may leave here.

The prose is kept in the escalator's own table and read over HTTP; a case and its events know only which
fields were written, by whom, when, and the label of a sentiment (semantics X9, ruling 4).
"""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime
from typing import Final

import msgspec

from shared.contracts.vocabulary import SentimentLabel

#: What a person must have written before a ticket is raised by hand to a level that requires it (semantics
#: X4, N2.54): its hand-off, and its history so far in a person's words.
_REQUIRED: Final = {"handoff": ("tried", "next_steps"), "history": ("summary",)}


class Content(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What somebody wrote; a field that is empty is filled from the log."""

    summary: str | None = None
    tried: tuple[str, ...] = ()
    sentiment: SentimentLabel | None = None
    expectation: str | None = None
    next_steps: tuple[str, ...] = ()

    @property
    def fields(self) -> tuple[str, ...]:
        """The names of the fields that say something."""
        return tuple(name for name in self.__struct_fields__ if getattr(self, name))

    def over(self, other: Content) -> Content:
        """This, and of `other` what this leaves out."""
        return msgspec.structs.replace(other, **{name: getattr(self, name) for name in self.fields})


class Written(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """That somebody wrote: the version it became, which fields it has, and the sentiment's label."""

    version: int
    by: str
    at: datetime
    fields: tuple[str, ...] = ()
    sentiment: SentimentLabel | None = None


def next_version(content: Content, before: Written | None, *, by: str, at: datetime) -> Written:
    """`content` as the version after `before`."""
    return Written(
        version=(before.version if before else 0) + 1,
        by=by,
        at=at,
        fields=content.fields,
        sentiment=content.sentiment,
    )


def missing(fields: Collection[str], requires: Collection[str] = ("handoff",)) -> list[str]:
    """What a change by hand to a level that requires this still needs (semantics X4)."""
    needed = [name for what, names in _REQUIRED.items() if what in requires for name in names]
    return [name for name in needed if name not in fields]
