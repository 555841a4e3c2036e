"""Restoring a backup into an empty system: check, restore, compare, then rebuild the topics."""

from __future__ import annotations

import tarfile
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Final

import msgspec
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from services.operator import look_into, operator
from shared.db import audit, migrate, outbox
from shared.db.engine import create_migration_engine, fetch
from shared.kafka import topics as catalogue

from . import binaries, census, emptiness, manifest, republishing
from .manifest import BackupError, Manifest
from .place import Place, Tell

_VERSION: Final = "SELECT current_setting('server_version_num')::int / 10000"

_DROP: Final = "DROP SCHEMA {schema} CASCADE"


class Restored(msgspec.Struct, frozen=True):
    """What there is now: rows by table, and events sent by topic (None: the broker was left alone)."""

    manifest: Manifest
    tables: dict[str, int]
    records: dict[str, int] | None


@contextmanager
def unpacked(backup: Path) -> Iterator[Path]:
    """The folder of a backup, also of one that is a `.tar` file. Raises BackupError."""
    if not backup.exists():
        raise BackupError(f"There is no {backup}.")
    if backup.is_dir():
        yield backup
        return
    with tempfile.TemporaryDirectory(dir=backup.parent, prefix=f".{backup.name}-") as folder:
        try:
            with tarfile.open(backup) as archive:
                archive.extractall(folder, filter="data")
        except tarfile.TarError as error:
            raise BackupError(f"{backup} is no backup of Tierline: {error}.") from None
        yield Path(folder)


async def restore(folder: Path, place: Place, *, with_broker: bool, tell: Tell) -> Restored:
    """Restore the backup in `folder` into `place`, which must be empty. Raises BackupError."""
    tell("Checking the backup")
    backup = manifest.read(folder)
    _require_known(backup)
    _require_same_partitions(folder)
    kafka = place.kafka if with_broker else None
    if kafka is not None:
        await emptiness.require_broker(kafka)
    engine = create_migration_engine(place.url)
    try:
        counted = await _into_database(engine, folder, backup, place.url, tell)
    finally:
        await engine.dispose()
    tell("Bringing the schemas to their newest form")
    await migrate.upgrade(place.url)
    await _ask_for_rebuild(place.url)
    if kafka is None:
        return Restored(backup, counted, None)
    records = await republishing.republish(place.url, kafka, tell=tell)
    return Restored(backup, counted, records)


def _require_known(backup: Manifest) -> None:
    for service, revision in backup.revisions.items():
        if revision not in migrate.revisions(service):
            raise BackupError(
                f"The backup was made by Tierline {backup.tierline}, whose {service} is at revision "
                f"{revision}; this Tierline does not know it. Restore with that version or a newer one."
            )


def _require_same_partitions(folder: Path) -> None:
    """A ticket's events stay in its partition: the escalator's cases remember theirs."""
    then, now = catalogue.load(folder / manifest.TOPICS), catalogue.load()
    for name, topic in then.items():
        if name in now and now[name].partitions != topic.partitions:
            raise BackupError(
                f"{name} had {topic.partitions} partitions and has {now[name].partitions} in this "
                "version; cases remember their partition. Restore with the version of the backup."
            )


async def _into_database(
    engine: AsyncEngine, folder: Path, backup: Manifest, url: str, tell: Tell
) -> dict[str, int]:
    async with engine.connect() as connection, migrate.turn(connection):
        [(server,)] = await fetch(connection, _VERSION)
        await emptiness.require_database(connection, server=server, backup=backup.postgres)
        binary = await binaries.find("pg_restore", server=server, why="Restoring")
        await _clear(connection)
        tell(f"Restoring {backup.tickets} tickets with {binary.path}")
        await _pg_restore(binary, folder / manifest.DUMP, url)
        tell("Comparing rows with the manifest")
        counted = await census.rows(connection)
        _require_equal(backup.tables, counted)
        for service in migrate.services_with_migrations():
            await migrate.make_schema(connection, service)
            await _require_whole_audit(connection, service)
    return counted


async def _clear(connection: AsyncConnection) -> None:
    """Roles are there, schemas are not: the dump brings its own. What is dropped holds no rows."""
    for service in migrate.services_with_migrations():
        await migrate.make_role(connection, service)
    for schema in await census.schemas(connection):
        await connection.exec_driver_sql(_DROP.format(schema=schema))
    await connection.commit()


async def _pg_restore(binary: binaries.Binary, dump: Path, url: str) -> None:
    """All or nothing. Default privileges are left out: in force while tables are made, they would give
    a service the right to change its audit log.
    """
    with tempfile.TemporaryDirectory() as folder:
        wanted = Path(folder) / "wanted"
        listed = await binaries.said_by(binary, "--list", str(dump))
        lines = [line for line in listed.splitlines() if " DEFAULT ACL " not in line]
        wanted.write_text("\n".join(lines) + "\n")
        await binaries.run(
            binary,
            "--single-transaction",
            "--no-owner",
            "--exit-on-error",
            f"--use-list={wanted}",
            str(dump),
            url=url,
        )


def _require_equal(then: Mapping[str, int], now: Mapping[str, int]) -> None:
    different = [
        f"{name} had {then.get(name, 0)} rows and has {now.get(name, 0)}"
        for name in sorted({*then, *now})
        if then.get(name) != now.get(name)
    ]
    if different:
        raise BackupError(
            f"The restored database is not what was backed up: {'; '.join(different[:5])}. Do not use it."
        )


async def _require_whole_audit(connection: AsyncConnection, service: str) -> None:
    await look_into(connection, service)
    broken = await audit.first_broken(connection)
    await connection.commit()
    if broken is not None:
        raise BackupError(
            f"The audit log of {service} does not follow from itself at row {broken}. Do not use it."
        )


async def _ask_for_rebuild(url: str) -> None:
    """Whatever the broker has: the relays begin with everything that was kept."""
    async with operator(url) as tx:
        for service in migrate.services_with_migrations():
            await look_into(tx, service)
            await outbox.add_days(tx)
            await outbox.request_rebuild(tx)
