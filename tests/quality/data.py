"""The texts that quality is measured on: beside the checkout, none of them ours to keep."""

from __future__ import annotations

import csv
import gzip
import hashlib
from collections.abc import Iterator
from pathlib import Path
from typing import Final

DATA: Final = Path(__file__).resolve().parents[3] / "shared" / "data"
LABELS: Final = Path(__file__).parent / "labels"


def rows(name: str) -> Iterator[dict[str, str]]:
    """The rows of one set."""
    with gzip.open(DATA / name / "dev.csv.gz", "rt", encoding="utf-8", newline="") as lines:
        yield from csv.DictReader(lines)


def is_held_back(group: str) -> bool:
    """Whether a group of like texts is in the 30 % that nothing is learned from."""
    return int(hashlib.sha256(f"7{group}".encode()).hexdigest(), 16) % 100 >= 70


def tickets() -> dict[str, str]:
    """The texts of the IT tickets, by id."""
    return {row["id"]: f"{row['title']}\n{row['body']}" for row in rows("it_tickets_endava")}


def questions() -> dict[str, str]:
    """The texts of the questions about Ubuntu, by id and side of the pair."""
    return {
        f"{row['id']}{side}": row[f"text_{side}"]
        for row in rows("dup_askubuntu")
        for side in ("a", "b")
    }
