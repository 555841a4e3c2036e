"""How the rows of a table become commands for the generic webhook: a small YAML file.

`ticket` names a row's ticket; rows of one ticket, in file order, are its life. The first opens it by
`open`; for every later one, each column of `on_change` whose value differs from the row before adds
the commands listed under the new value (or under `"*"`). A text may hold `{column}` or
`{column|lookup}`; a field whose column is empty is left out.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

from ruamel.yaml import YAML
from ruamel.yaml.error import YAMLError

FOLDER: Final = Path(__file__).parents[2] / "deploy" / "replay"

Row = Mapping[str, str]
Command = dict[str, Any]

_SLOT: Final = re.compile(r"\{(\w+)(?:\|(\w+))?\}")
_KEYS: Final = frozenset({"detect", "ticket", "at", "lookups", "open", "on_change"})


class MappingError(Exception):
    """A mapping cannot be used; the message names the file and what is wrong."""


@dataclass(frozen=True, slots=True)
class Mapped:
    """Commands of one row, for one ticket, and when they happened (None: unknown)."""

    ticket: str
    at: datetime | None
    commands: list[Command]


@dataclass(frozen=True, slots=True)
class TableMapping:
    """One mapping file."""

    name: str
    detect: frozenset[str]
    ticket: str
    open: Mapping[str, Any]
    at: str | None = None
    lookups: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    on_change: Mapping[str, Mapping[str, list[Command]]] = field(default_factory=dict)

    def commands(self, rows: Iterable[Row]) -> Iterator[Mapped]:
        """The commands of every row that has any, in the order of the rows."""
        before: dict[str, Row] = {}
        for row in rows:
            ticket = str(self._filled(self.ticket, row))
            if ticket in before:
                made = self._changes(before[ticket], row)
            else:
                made = [{"type": "ticket.open", **self._filled(self.open, row)}]
            before[ticket] = row
            if made:
                addressed = [{"external_id": ticket, **command} for command in made]
                yield Mapped(ticket, self._instant(row), addressed)

    def _changes(self, before: Row, row: Row) -> list[Command]:
        made: list[Command] = []
        for column, by_value in self.on_change.items():
            if row.get(column) == before.get(column):
                continue
            wanted = by_value.get(row.get(column, ""), by_value.get("*", []))
            for command in (self._filled(template, row) for template in wanted):
                if command not in made:
                    made.append(command)
        return made

    def _instant(self, row: Row) -> datetime | None:
        text = self._filled(self.at, row) if self.at else None
        if not text:
            return None
        found = datetime.fromisoformat(str(text))
        return found if found.tzinfo else found.replace(tzinfo=UTC)

    def _filled(self, template: Any, row: Row) -> Any:
        if isinstance(template, Mapping):
            filled = {name: self._filled(value, row) for name, value in template.items()}
            return {name: value for name, value in filled.items() if value not in ("", {}, None)}
        if isinstance(template, str):
            return _SLOT.sub(lambda slot: self._value(slot[1], slot[2], row), template).strip()
        return template

    def _value(self, column: str, lookup: str | None, row: Row) -> str:
        value = row.get(column) or ""
        if lookup == "lower":
            return value.lower()
        return self.lookups[lookup].get(value, "") if lookup else value


def load(path: Path) -> TableMapping:
    """Read a mapping file. Raises MappingError."""
    try:
        document = YAML(typ="safe").load(path)
    except OSError as error:
        raise MappingError(f"{path}: {error.strerror}") from error
    except YAMLError as error:
        raise MappingError(f"{path}: {error}") from error
    if not isinstance(document, dict) or not {"ticket", "open"} <= document.keys():
        raise MappingError(f"{path}: a mapping needs at least `ticket` and `open`")
    if unknown := document.keys() - _KEYS:
        raise MappingError(
            f"{path}: unknown key {min(unknown)!r}; there are {', '.join(sorted(_KEYS))}"
        )
    lookups = {slot for slot in _lookups_used(document) if slot != "lower"}
    if missing := lookups - document.get("lookups", {}).keys():
        raise MappingError(f"{path}: no lookup {min(missing)!r}")
    return TableMapping(
        name=path.stem, **{**document, "detect": frozenset(document.get("detect", ()))}
    )


def detect(columns: Iterable[str]) -> TableMapping:
    """The packaged mapping for a table with these columns. Raises MappingError when none fits."""
    have = set(columns)
    packaged = [load(path) for path in sorted(FOLDER.glob("*.yaml"))]
    for mapping in packaged:
        if mapping.detect and mapping.detect <= have:
            return mapping
    raise MappingError(
        f"No packaged mapping fits the columns {', '.join(sorted(have))}. Write one and name it with "
        f"--mapping; deploy/replay has {len(packaged)} to start from."
    )


def _lookups_used(value: Any) -> Iterator[str]:
    if isinstance(value, Mapping):
        for part in value.values():
            yield from _lookups_used(part)
    elif isinstance(value, list):
        for part in value:
            yield from _lookups_used(part)
    elif isinstance(value, str):
        yield from (slot[2] for slot in _SLOT.finditer(value) if slot[2])
