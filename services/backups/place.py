"""The system that is backed up or restored: its database, its broker, its workflow.

What the environment names comes first, then what `tierline up` runs here; else the embedded PostgreSQL of
the data folder is started for as long as the command takes.
"""

from __future__ import annotations

import os
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from services.installation import FILE, OWN_WORKFLOW, find
from services.local import LocalPair, LocalSettings
from shared.policy.loader import PACKAGED
from shared.settings import KafkaSettings, ServiceSettings, read

_DATABASE: Final = ("TIERLINE_DATABASE__URL", "TIERLINE_DATABASE__URL_FILE")

Tell = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class Place:
    """`kafka` is None where the broker is the embedded one, which forgets everything when it ends.

    `folder` is the data folder of a system that nobody runs now; None for one that is named or runs.
    """

    url: str
    kafka: KafkaSettings | None
    workflow: Path
    folder: Path | None = None


@asynccontextmanager
async def opened(tell: Tell) -> AsyncIterator[Place]:
    """The system this command is about. Raises MissingBackendError, AlreadyRunningError."""
    settings = read(ServiceSettings)
    folder = LocalSettings().folder
    if any(os.environ.get(name) for name in _DATABASE):
        url = settings.database.url.get_secret_value()
        yield Place(url, settings.kafka, settings.workflow_file or PACKAGED)
    elif (folder / FILE).exists():
        where = find(folder, environment=os.environ)
        kafka = settings.kafka.model_copy(
            update={"bootstrap_servers": where.bootstrap_servers, **where.kafka}
        )
        file = Path(where.workflow_file) if where.workflow_file else PACKAGED
        yield Place(where.database_url, kafka, file)
    else:
        own = folder / OWN_WORKFLOW
        tell(f"Starting the PostgreSQL of {folder} for this")
        async with LocalPair(folder, broker=False) as pair:
            embedded = pair.endpoints.database_url
            assert embedded is not None
            named = settings.workflow_file or (own if own.exists() else PACKAGED)
            yield Place(embedded, None, named, folder)
