"""The roster as a CSV table: one agent a line, `incident:4;billing:3` for skills.

A spreadsheet takes a cell that begins with `=`, `+`, `-` or `@` for a formula and runs it. Such cells are
written with an apostrophe before them, and read without it.
"""

from __future__ import annotations

import csv
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from io import StringIO
from typing import Any, Final

from pydantic import ValidationError

from .agent_models import ROSTER_LIMIT, RosterMember

#: Whom a line is about.
KEY: Final = "agent_id"

#: What is written. A presence may be read, too, but is no description of anybody.
WRITTEN: Final = (
    KEY,
    *(name for name in RosterMember.model_fields if name not in {KEY, "presence"}),
)
COLUMNS: Final = (*WRITTEN, "presence")

#: Faults that are told at once.
MOST_FAULTS: Final = 100

#: What begins a formula somewhere, full-width forms included.
_FORMULA: Final = ("=", "+", "-", "@", "\t", "\r", "＝", "＋", "－", "＠")

_PAIRS: Final = frozenset({"skills", "channel_caps"})


@dataclass(frozen=True, slots=True)
class Fault:
    """What is wrong at a place, such as `line 3, capacity`."""

    place: str
    message: str


class TableError(Exception):
    """The table cannot be used; its faults, up to MOST_FAULTS."""

    def __init__(self, faults: Sequence[Fault]) -> None:
        super().__init__(faults[0].message)
        self.faults = tuple(faults)


def write(members: Iterable[RosterMember]) -> str:
    """The table of `members`, with a header, without presences."""
    text = StringIO()
    rows = csv.writer(text, lineterminator="\n")
    rows.writerow(WRITTEN)
    for member in members:
        rows.writerow([_guarded(_cell(getattr(member, name))) for name in WRITTEN])
    return text.getvalue()


def read(text: str, known: Mapping[str, RosterMember]) -> list[RosterMember]:
    """The agents a table describes. Raises TableError.

    A column it lacks stays as it is for the agents in `known`, by id; an empty cell means nothing.
    """
    faults: list[Fault] = []
    members: list[RosterMember] = []
    seen: dict[str, int] = {}
    for line, found in _lines(text.removeprefix("\ufeff"), known):
        if isinstance(found, RosterMember):
            first = seen.setdefault(found.agent_id, line)
            if first != line:
                faults.append(Fault(_place(line, KEY), f"stands on line {first} already"))
            members.append(found)
        else:
            faults += found
    if len(members) > ROSTER_LIMIT:
        faults.append(Fault("table", f"at most {ROSTER_LIMIT} agents fit in one table"))
    if faults:
        raise TableError(faults[:MOST_FAULTS])
    return members


def _lines(
    text: str, known: Mapping[str, RosterMember]
) -> Iterator[tuple[int, RosterMember | list[Fault]]]:
    rows = csv.reader(StringIO(text, newline=""), delimiter=_delimiter(text), strict=True)
    line = 1
    try:
        columns = [name.strip().lower() for name in next(rows, [])]
        if faults := _header(columns):
            yield line, faults
            return
        line = rows.line_num + 1
        for row in rows:
            if any(cell.strip() for cell in row):
                yield line, _member(row, columns, line, known)
            line = rows.line_num + 1
    except csv.Error as error:
        yield line, [Fault(_place(line), f"cannot be read: {error}")]


def _header(columns: Sequence[str]) -> list[Fault]:
    listed = ", ".join(COLUMNS)
    faults = [
        Fault(_place(1, name), f"no such column; there are {listed}")
        for name in columns
        if name not in COLUMNS
    ]
    twice = sorted({name for name in columns if columns.count(name) > 1})
    faults += [Fault(_place(1, name), "stands in the header twice") for name in twice]
    if KEY not in columns:
        faults.append(Fault(_place(1, KEY), "is missing: it says whom a line is about"))
    return faults


def _member(
    row: Sequence[str], columns: Sequence[str], line: int, known: Mapping[str, RosterMember]
) -> RosterMember | list[Fault]:
    if len(row) != len(columns):
        message = f"has {len(row)} cells, the header has {len(columns)}"
        return [Fault(_place(line), message)]
    cells = {name: _unguarded(cell.strip()) for name, cell in zip(columns, row, strict=True)}
    before = known.get(cells[KEY])
    values = before.model_dump() if before else {}
    for name, cell in cells.items():
        values.pop(name, None)
        if cell:
            values[name] = _value(name, cell)
    try:
        return RosterMember.model_validate(values)
    except ValidationError as error:
        return [
            Fault(_place(line, ".".join(str(part) for part in fault["loc"])), fault["msg"])
            for fault in error.errors()
        ]


def _value(name: str, cell: str) -> Any:
    """The cell as the model takes it; what cannot be split is left for the model to refuse."""
    parts = [part.strip() for part in cell.split(";") if part.strip()]
    if name == "channels":
        return parts
    if name not in _PAIRS:
        return cell
    pairs = [part.rpartition(":") for part in parts]
    return {key.strip() or number: number.strip() for key, _, number in pairs}


def _cell(value: object) -> str:
    match value:
        case None:
            return ""
        case bool():
            return str(value).lower()
        case dict():
            return ";".join(f"{key}:{number}" for key, number in sorted(value.items()))
        case tuple():
            return ";".join(value)
        case _:
            return str(value)


def _guarded(cell: str) -> str:
    """The cell so that no spreadsheet runs it."""
    return f"'{cell}" if _runs(cell) else cell


def _unguarded(cell: str) -> str:
    return cell[1:] if cell.startswith("'") and _runs(cell) else cell


def _runs(cell: str) -> bool:
    """Whether it begins a formula, behind any number of apostrophes, so that each can be taken off."""
    return cell.lstrip("'").startswith(_FORMULA)


def _delimiter(text: str) -> str:
    """A semicolon where the header has more of them than commas, as spreadsheets write it."""
    header = text.partition("\n")[0]
    return ";" if header.count(";") > header.count(",") else ","


def _place(line: int, column: str = "") -> str:
    return f"line {line}, {column}" if column else f"line {line}"
