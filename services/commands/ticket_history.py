"""A table of past tickets as examples to learn routing from: one row a ticket, or an event log."""

from __future__ import annotations

import csv
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from services.playback import table
from services.router.domain.learning import Example

#: Columns that usually hold where a ticket belonged.
TARGETS: Final = ("assignment_group", "group", "queue", "team")

#: Learned from are at most so many tickets, the last ones of the file.
MOST_TICKETS: Final = 100_000

#: A column with more values than this share of the tickets names them rather than sorts them.
_NAMING: Final = 0.5


class HistoryError(Exception):
    """The table cannot be learned from; the message says what to change."""


@dataclass(frozen=True, slots=True)
class History:
    """The tickets in the order of the file, what is looked at of them, and how many had no target."""

    target: str
    columns: tuple[str, ...]
    examples: Sequence[Example]
    without_target: int


def read_history(
    path: Path, *, target: str | None, ticket: str | None, use: Sequence[str]
) -> History:
    """The tickets of a table. With `ticket` a column that names them, the first row of each says what was
    known and the last one with a `target` where it belonged; `use` are the columns to look at (none: all
    that sort tickets). Raises HistoryError.
    """
    try:
        rows = list(table.rows(path))
    except (table.TableError, csv.Error) as error:
        raise HistoryError(f"Cannot be read: {error}") from error
    if not rows:
        raise HistoryError(f"{path} has no rows: give it at least a header and a ticket.")
    target = target or next((name for name in TARGETS if name in rows[0]), None)
    if target is None:
        raise HistoryError(
            f"Where did tickets belong? Name the column with --target. {_there(rows[0])}"
        )
    for name in (target, *use, *([ticket] if ticket else [])):
        if name not in rows[0]:
            raise HistoryError(f"{path} has no column {name!r}. {_there(rows[0])}")
    tickets = _tickets(rows, target, ticket)
    known = [(first, belonged) for first, belonged in tickets if belonged][-MOST_TICKETS:]
    if not known:
        raise HistoryError(f"No ticket of {path} has a value in {target!r}: nothing to learn from.")
    columns = tuple(use) or _sorting([first for first, _ in known], {target, ticket or target})
    return History(
        target=target,
        columns=columns,
        examples=[Example({c: first[c] for c in columns}, belonged) for first, belonged in known],
        without_target=sum(1 for _, belonged in tickets if not belonged),
    )


def _tickets(
    rows: Sequence[Mapping[str, str]], target: str, ticket: str | None
) -> list[tuple[Mapping[str, str], str]]:
    """Each ticket's first row, and where it belonged in the end."""
    if ticket is None:
        return [(row, row[target].strip()) for row in rows]
    lives: dict[str, tuple[Mapping[str, str], str]] = {}
    for row in rows:
        first, before = lives.get(row[ticket], (row, ""))
        lives[row[ticket]] = first, row[target].strip() or before
    return list(lives.values())


def _sorting(rows: Sequence[Mapping[str, str]], others: set[str]) -> tuple[str, ...]:
    """The columns that put tickets into groups: not always the same, and not nearly always another."""
    found = []
    for name in rows[0]:
        values = Counter(row[name] for row in rows)
        if name not in others and 1 < len(values) <= max(2, _NAMING * len(rows)):
            found.append(name)
    return tuple(found)


def _there(row: Mapping[str, str]) -> str:
    return f"Its columns: {', '.join(row)}."
