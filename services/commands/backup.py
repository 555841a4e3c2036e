"""`tierline backup`: everything that must not be lost, in one folder or one file."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Annotated

import typer

from services.backups import making
from services.backups.manifest import BackupError, Manifest
from services.backups.place import opened
from services.local import AlreadyRunningError, BackendDiedError, MissingBackendError
from shared.clock import SystemClock
from shared.policy import WorkflowError

from .where import carry_out, stop


def backup(
    target: Annotated[
        Path, typer.Argument(help="A folder that does not exist yet, or a file ending with .tar.")
    ],
) -> None:
    """Dump every schema as of one instant, with the workflow, the topics' catalogue and a manifest.

    Services may go on meanwhile. Secrets and settings are not in it; what customers wrote is: keep it
    as safe as the database.
    """
    began = time.monotonic()
    try:
        made = carry_out(_make(target))
    except (
        BackupError,
        WorkflowError,
        MissingBackendError,
        AlreadyRunningError,
        BackendDiedError,
    ) as error:
        stop(str(error))
    size = sum(part.bytes for part in made.parts.values())
    print(
        f"{target}: {made.tickets} tickets, {sum(made.tables.values())} rows in {len(made.tables)} tables, "
        f"{size / 1024 / 1024:.1f} MiB, {time.monotonic() - began:.1f} s. Try it: `tierline restore` "
        "into an empty system."
    )


async def _make(target: Path) -> Manifest:
    async with opened(print) as place:
        return await making.make(place, target, clock=SystemClock(), tell=print)
