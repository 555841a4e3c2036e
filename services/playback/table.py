"""Rows of a CSV or JSONL file, plain or gzip, one at a time."""

from __future__ import annotations

import csv
import gzip
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any, TextIO


class TableError(Exception):
    """A file cannot be read as a table; the message names the line."""


def rows(path: Path) -> Iterator[dict[str, str]]:
    """The rows of `path`, every value as text. Raises TableError."""
    try:
        with _opened(path) as lines:
            named = path.name.removesuffix(".gz")
            yield from _from_jsonl(path, lines) if named.endswith("l") else _from_csv(path, lines)
    except (OSError, UnicodeDecodeError, EOFError) as error:
        raise TableError(f"{path}: {error}") from error


def _opened(path: Path) -> TextIO:
    if path.name.endswith(".gz"):
        return gzip.open(path, "rt", encoding="utf-8-sig", newline="")
    return path.open(encoding="utf-8-sig", newline="")


def _from_csv(path: Path, lines: TextIO) -> Iterator[dict[str, str]]:
    reader = csv.DictReader(lines)
    for row in reader:
        if None in row or None in row.values():
            raise TableError(f"{path}:{reader.line_num}: not as many values as there are columns")
        yield row


def _from_jsonl(path: Path, lines: TextIO) -> Iterator[dict[str, str]]:
    for number, line in enumerate(lines, 1):
        if not line.strip():
            continue
        try:
            row: Any = json.loads(line)
        except ValueError as error:
            raise TableError(f"{path}:{number}: {error}") from error
        if not isinstance(row, dict):
            raise TableError(f"{path}:{number}: not an object")
        yield {name: "" if value is None else str(value) for name, value in row.items()}
