"""Whether a system is empty: a backup is restored into nothing else, and why not is said."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from sqlalchemy.ext.asyncio import AsyncConnection

from shared.db.engine import fetch
from shared.kafka import topics as catalogue
from shared.kafka.aio_inspection import AioInspection
from shared.kafka.client import BrokerError
from shared.settings import KafkaSettings

from . import census
from .manifest import BackupError

#: Services that are connected to this database.
_SERVING: Final = """
SELECT DISTINCT application_name FROM pg_stat_activity
WHERE datname = current_database() AND application_name = ANY ($1::text[]) ORDER BY 1
"""

SERVICES: Final = ("intake", "router", "escalator", "notifier")


async def require_database(tx: AsyncConnection, *, server: int, backup: int) -> None:
    """Raise BackupError unless this database, on a PostgreSQL of `server`, can take the backup."""
    if server < backup:
        raise BackupError(
            f"The backup is of PostgreSQL {backup}, this server is {server}: an older one cannot take it."
            f" Restore into PostgreSQL {backup} or newer."
        )
    names = [f"tierline/{service}" for service in SERVICES]
    if serving := [name for (name,) in await fetch(tx, _SERVING, (names,))]:
        raise BackupError(
            f"Services are connected to this database: {', '.join(serving)}. Stop them."
        )
    if filled := census.filled(await census.rows(tx)):
        name, count = max(filled.items(), key=lambda found: found[1])
        raise BackupError(
            f"This database is not empty: {len(filled)} tables of Tierline hold rows, {name} has {count}. "
            "A backup is restored into an empty database only; make another one (CREATE DATABASE) and "
            "name it in TIERLINE_DATABASE__URL, or for the embedded servers name an empty folder in "
            "TIERLINE_LOCAL__DATA_DIR."
        )


async def require_broker(kafka: KafkaSettings) -> None:
    """Raise BackupError unless the broker is there and has nothing of ours: no record, no place reached.

    Records that are newer than the database would stand beside events with the same numbers and other
    content; a place reached in topics that were lost would make a consumer pass over what is rebuilt.
    """
    broker = AioInspection(kafka, client_id="tierline-restore")
    try:
        topics = catalogue.load()
        sizes = await broker.sizes(topics)
        reached = await broker.positions([f"tierline.{name}" for name in SERVICES], topics)
    except BrokerError as error:
        raise BackupError(
            f"The broker at {kafka.bootstrap_servers} could not be asked whether it is empty: {error}. "
            "Start it, or say --no-broker and rebuild the topics later (docs/backup.md)."
        ) from None
    if told := _told(sizes, reached):
        raise BackupError(
            f"The broker is not empty: {told}. What it has may be newer than this backup, and would "
            "contradict what the restored services say from now on. Either name a new topic prefix in "
            "TIERLINE_KAFKA__TOPIC_PREFIX for every service, or delete Tierline's topics and consumer "
            "groups (docs/backup.md says how)."
        )


def _told(sizes: Mapping[str, int], reached: Mapping[str, int]) -> str:
    records = [f"{topic} has {count} records" for topic, count in sizes.items() if count]
    groups = [
        f"group {group} has committed places in {n} partitions" for group, n in reached.items()
    ]
    return ", ".join([*records, *groups])
