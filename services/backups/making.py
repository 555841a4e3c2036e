"""Making a backup: one snapshot that the dump and the manifest's counts share."""

from __future__ import annotations

import shutil
import tarfile
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from sqlalchemy.ext.asyncio import AsyncConnection

from services.operator import operator
from shared.clock import Clock
from shared.db import migrate
from shared.db.engine import fetch
from shared.kafka.topics import PACKAGED as TOPICS_FILE
from shared.policy.named_files import named_files
from shared.policy.source import read_text
from shared.runtime.starting import program_version

from . import binaries, census, manifest
from .manifest import BackupError, Manifest
from .place import Place, Tell

ARCHIVE: Final = ".tar"

#: Everything read in this transaction, and by the dump, is as of its first statement.
_SNAPSHOT: Final = (
    "SET TRANSACTION ISOLATION LEVEL REPEATABLE READ READ ONLY",
    "SET LOCAL idle_in_transaction_session_timeout = 0",
)
_EXPORT: Final = """
SELECT pg_export_snapshot(), current_setting('server_version_num')::int, current_setting('server_version')
"""


async def make(place: Place, target: Path, *, clock: Clock, tell: Tell) -> Manifest:
    """Write a backup of `place` to `target`, a folder, or one file when its name ends with `.tar`.

    Services may go on meanwhile. `target` must not exist; what is unfinished is removed. Raises
    BackupError, or WorkflowError for a workflow file that is none.
    """
    with _whole(target) as folder:
        _copy_files(place.workflow, folder)
        made = await _fill(place, folder, clock=clock, tell=tell)
        manifest.write(folder, made)
    return made


@contextmanager
def _whole(target: Path) -> Iterator[Path]:
    """A folder beside `target` that becomes it once everything is in it; nothing is left of it else."""
    if target.exists():
        raise BackupError(f"{target} exists already: name another place.")
    target.parent.mkdir(parents=True, exist_ok=True)
    folder = Path(tempfile.mkdtemp(dir=target.parent, prefix=f".{target.name}-"))
    try:
        yield folder
        if target.suffix == ARCHIVE:
            _pack(folder, target)
        else:
            folder.rename(target)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _copy_files(workflow: Path, folder: Path) -> None:
    """The workflow with the files it names, and the topics' catalogue."""
    text = read_text(workflow)
    beside = named_files(text, workflow.parent)
    for name, content in {workflow.name: text, **beside}.items():
        file = folder / manifest.WORKFLOW_FOLDER / name
        if not file.resolve().is_relative_to((folder / manifest.WORKFLOW_FOLDER).resolve()):
            raise BackupError(f"{workflow} names a file outside its folder: {name}. Move it there.")
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(content, encoding="utf-8")
    shutil.copyfile(TOPICS_FILE, folder / manifest.TOPICS)


async def _fill(place: Place, folder: Path, *, clock: Clock, tell: Tell) -> Manifest:
    async with operator(place.url) as tx:
        for statement in _SNAPSHOT:
            await tx.exec_driver_sql(statement)
        [(snapshot, number, version)] = await fetch(tx, _EXPORT)
        revisions = await _revisions(tx)
        tell("Counting rows")
        counted = await census.rows(tx)
        said = await census.said(tx)
        await _dump(place.url, folder / manifest.DUMP, snapshot, server=number // 10_000, tell=tell)
    return Manifest(
        made_at=clock.now(),
        tierline=program_version(),
        postgres=number // 10_000,
        postgres_version=version,
        revisions=revisions,
        tables=counted,
        outbox=said,
        workflow=place.workflow.name,
        parts=manifest.parts_of(folder),
    )


async def _revisions(tx: AsyncConnection) -> dict[str, str]:
    """What every schema is at. Raises BackupError when one is missing: half a system is no backup."""
    heads = await migrate.heads_on(tx)
    missing = sorted(service for service, head in heads.items() if head is None)
    if missing:
        raise BackupError(
            f"This database has no Tierline in it, or half of one: no schema {', '.join(missing)}. "
            "Does TIERLINE_DATABASE__URL name the right one?"
        )
    return {service: head for service, head in heads.items() if head is not None}


async def _dump(url: str, file: Path, snapshot: str, *, server: int, tell: Tell) -> None:
    binary = await binaries.find("pg_dump", server=server, why=f"A backup of PostgreSQL {server}")
    tell(f"Dumping with {binary.path}")
    schemas = [f"--schema={service}" for service in migrate.services_with_migrations()]
    await binaries.run(
        binary,
        "--format=custom",
        f"--snapshot={snapshot}",
        "--lock-wait-timeout=30s",
        "--no-owner",
        f"--file={file}",
        *schemas,
        url=url,
        tick=_grown(file, tell),
    )


def _grown(file: Path, tell: Tell) -> Callable[[], None]:
    """Tell the size of a file whenever it has doubled."""
    told = [8 * 1024 * 1024]

    def look() -> None:
        size = file.stat().st_size if file.exists() else 0
        if size >= told[0]:
            told[0] = 2 * size
            tell(f"Dumping: {size / 1024 / 1024:.0f} MiB so far")

    return look


def _pack(folder: Path, target: Path) -> None:
    """One file of everything, under its name only once it is whole, for its owner's eyes."""
    unfinished = folder.with_suffix(".unfinished")
    try:
        unfinished.touch(mode=0o600)
        with tarfile.open(unfinished, "w") as archive:
            for path in sorted(folder.iterdir()):
                archive.add(path, path.name)
        unfinished.rename(target)
    finally:
        unfinished.unlink(missing_ok=True)
