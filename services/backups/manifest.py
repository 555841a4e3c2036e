"""What a backup says about itself: written last when it is made, checked first when it is restored."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from datetime import datetime
from pathlib import Path
from typing import Final

import msgspec

FILE: Final = "manifest.json"

#: Parts of a backup, by their names in its folder.
DUMP: Final = "tierline.dump"
TOPICS: Final = "topics.yaml"
WORKFLOW_FOLDER: Final = "workflow"

FORMAT: Final = 1

_CHUNK: Final = 1024 * 1024


class BackupError(RuntimeError):
    """A backup cannot be made or restored; the message says why and what to do. Nothing was changed."""


class Part(msgspec.Struct, frozen=True):
    """One file of the backup."""

    bytes: int
    sha256: str


class Said(msgspec.Struct, frozen=True):
    """What the outbox had of one topic: `last` is its high-water mark, the number of the last event."""

    events: int
    unpublished: int
    last: int


class Manifest(msgspec.Struct, frozen=True, kw_only=True):
    """A backup in words: everything in it is as of one instant, that of the dump's snapshot."""

    format: int = FORMAT
    made_at: datetime
    tierline: str
    postgres: int
    postgres_version: str
    revisions: dict[str, str]
    tables: dict[str, int]
    outbox: dict[str, dict[str, Said]]
    workflow: str
    parts: dict[str, Part]

    @property
    def tickets(self) -> int:
        """How many tickets are in it."""
        return self.tables.get("intake.ticket", 0)


def part_of(path: Path) -> Part:
    """Size and digest of a file."""
    digest, size = hashlib.sha256(), 0
    with path.open("rb") as file:
        while chunk := file.read(_CHUNK):
            digest.update(chunk)
            size += len(chunk)
    return Part(size, digest.hexdigest())


def parts_of(folder: Path) -> dict[str, Part]:
    """Every file below `folder` but the manifest, by its path there."""
    files = sorted(path for path in folder.rglob("*") if path.is_file() and path.name != FILE)
    return {path.relative_to(folder).as_posix(): part_of(path) for path in files}


def write(folder: Path, manifest: Manifest) -> None:
    """Put the manifest beside the parts it names."""
    text = msgspec.json.format(msgspec.json.encode(manifest), indent=2)
    (folder / FILE).write_bytes(text + b"\n")


def read(folder: Path) -> Manifest:
    """The manifest of a backup, all of whose parts are there and unchanged. Raises BackupError."""
    path = folder / FILE
    if not path.is_file():
        raise BackupError(f"{folder} is no backup of Tierline: it has no {FILE}.")
    try:
        manifest = msgspec.json.decode(path.read_bytes(), type=Manifest)
    except msgspec.DecodeError as error:
        raise BackupError(f"{path} cannot be read: {error}.") from None
    if manifest.format != FORMAT:
        raise BackupError(
            f"This backup has format {manifest.format}; this Tierline reads {FORMAT}. Restore it with "
            f"Tierline {manifest.tierline}."
        )
    _require_parts(folder, manifest.parts)
    return manifest


def _require_parts(folder: Path, named: Mapping[str, Part]) -> None:
    found = parts_of(folder)
    for name in sorted(named):
        if name not in found:
            raise BackupError(f"The backup is incomplete: {name} is missing.")
        if found[name] != named[name]:
            raise BackupError(
                f"The backup is damaged: {name} has {found[name].bytes} bytes with SHA-256 "
                f"{found[name].sha256[:12]}…, and had {named[name].bytes} with {named[name].sha256[:12]}…. "
                "Take another copy of it."
            )
