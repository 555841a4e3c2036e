"""A table of customers, as CSV: its header row names the columns, a faulty line is told by its number."""

from __future__ import annotations

import csv
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final, TextIO

from pydantic import ValidationError

from services.intake.domain.commands import CustomerFacts
from services.intake.domain.directory import CONTACT, VALUES
from shared.policy.levels import CustomerPolicy

from .bodies import Id
from .entries import EntryBody, unknown_tier
from .spelling import meant

#: The column that says whom a line is about.
KEY: Final = "id"
COLUMNS: Final = (KEY, *VALUES, *CONTACT)

#: Limits of one table.
MOST_ROWS: Final = 100_000
MOST_FAULTS: Final = 100


class RowBody(EntryBody):
    """One line of the table."""

    id: Id


@dataclass(frozen=True, slots=True)
class Fault:
    """What is wrong in a line; `column` is empty where it is the line as a whole."""

    line: int
    column: str
    message: str

    @property
    def place(self) -> str:
        """Where to look."""
        return f"line {self.line}, {self.column}" if self.column else f"line {self.line}"


class TableError(Exception):
    """The table cannot be used; all its faults, up to MOST_FAULTS."""

    def __init__(self, faults: Sequence[Fault]) -> None:
        super().__init__(faults[0].message)
        self.faults = tuple(faults)


class Table:
    """Reads a table line by line. `columns` are those its header names, after the first line was read."""

    def __init__(self, text: TextIO, customers: CustomerPolicy) -> None:
        text.seek(0)
        self._rows = csv.reader(text, delimiter=_delimiter(text), strict=True)
        self._customers = customers
        self.columns: tuple[str, ...] = ()

    def check(self) -> int:
        """Read everything; returns how many customers it describes. Raises TableError with every fault."""
        faults: list[Fault] = []
        seen: dict[str, int] = {}
        for line, found in self._read():
            if isinstance(found, CustomerFacts):
                first = seen.setdefault(found.customer_id, line)
                if first != line:
                    faults.append(Fault(line, KEY, f"stands on line {first} already"))
            else:
                faults += found
            if len(seen) > MOST_ROWS:
                faults.append(Fault(line, "", f"at most {MOST_ROWS} customers fit in one table"))
                break
            if len(faults) >= MOST_FAULTS:
                break
        if faults:
            raise TableError(faults[:MOST_FAULTS])
        return len(seen)

    def entries(self) -> Iterator[CustomerFacts]:
        """The customers, of a table that has been checked."""
        for _, found in self._read():
            if isinstance(found, CustomerFacts):
                yield found

    def _read(self) -> Iterator[tuple[int, CustomerFacts | list[Fault]]]:
        line = 1
        try:
            header = next(self._rows, [])
            self.columns, faults = _columns(header)
            if faults:
                yield line, faults
                return
            line = self._rows.line_num + 1
            for row in self._rows:
                if any(cell.strip() for cell in row):
                    yield line, self._entry(row, line)
                line = self._rows.line_num + 1
        except UnicodeDecodeError:
            yield line, [Fault(line, "", "is not UTF-8, here or a little further on")]
        except csv.Error as error:
            yield line, [Fault(line, "", f"cannot be read: {error}")]

    def _entry(self, row: Sequence[str], line: int) -> CustomerFacts | list[Fault]:
        if len(row) != len(self.columns):
            message = f"has {len(row)} cells, the header has {len(self.columns)}"
            return [Fault(line, "", message)]
        cells = {name: cell.strip() for name, cell in zip(self.columns, row, strict=True)}
        try:
            body = RowBody.model_validate_strings(
                {name: cell for name, cell in cells.items() if cell or name == KEY}
            )
        except ValidationError as error:
            return [
                Fault(line, ".".join(str(part) for part in fault["loc"]), fault["msg"])
                for fault in error.errors()
            ]
        if unknown := unknown_tier(body.tier, self._customers):
            return [Fault(line, "tier", unknown)]
        return body.facts(body.id)


def _delimiter(text: TextIO) -> str:
    """A semicolon where the header has more of them than commas, as spreadsheets write it."""
    try:
        header = text.readline()
    except UnicodeDecodeError:
        header = ""
    text.seek(0)
    return ";" if header.count(";") > header.count(",") else ","


def _columns(header: Sequence[str]) -> tuple[tuple[str, ...], list[Fault]]:
    names = tuple(name.strip().lower() for name in header)
    faults = [
        Fault(1, name, f"no such column{meant(name, COLUMNS)}")
        for name in names
        if name not in COLUMNS
    ]
    twice = sorted({name for name in names if names.count(name) > 1})
    faults += [Fault(1, name, "stands in the header twice") for name in twice]
    if KEY not in names:
        faults.append(Fault(1, KEY, "is missing: it says whom a line is about"))
    return names, faults
