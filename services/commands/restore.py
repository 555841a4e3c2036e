"""`tierline restore`: a backup into an empty system."""

from __future__ import annotations

import shutil
import time
from pathlib import Path
from typing import Annotated

import typer

from services.backups import manifest, restoring
from services.backups.manifest import BackupError
from services.backups.place import Place, opened
from services.backups.restoring import Restored
from services.installation import OWN_WORKFLOW
from services.local import AlreadyRunningError, BackendDiedError, MissingBackendError
from shared.db.migrate_trouble import MigrationGaveUpError

from .where import carry_out, stop


def restore(
    backup: Annotated[
        Path, typer.Argument(help="What `tierline backup` wrote: a folder or a .tar.")
    ],
    no_broker: Annotated[
        bool,
        typer.Option(
            "--no-broker", help="Leave the broker alone; the relays rebuild the topics later."
        ),
    ] = False,
) -> None:
    """Restore a backup into an empty database and an empty broker, and rebuild the topics.

    Refuses anything that is not empty, damaged or too new, before it changes something. With no
    TIERLINE_DATABASE__URL it starts the embedded PostgreSQL for this.
    """
    began = time.monotonic()
    try:
        with restoring.unpacked(backup) as folder:
            restored = carry_out(_restore(folder, with_broker=not no_broker))
    except (
        BackupError,
        MissingBackendError,
        AlreadyRunningError,
        BackendDiedError,
        MigrationGaveUpError,
    ) as error:
        stop(str(error))
    _summary(restored, time.monotonic() - began)


async def _restore(folder: Path, *, with_broker: bool) -> Restored:
    async with opened(print) as place:
        restored = await restoring.restore(folder, place, with_broker=with_broker, tell=print)
        _put_workflow(folder, restored.manifest.workflow, place)
    return restored


def _put_workflow(folder: Path, name: str, place: Place) -> None:
    """A data folder gets its workflow back; elsewhere it is said where the file is and whether it fits."""
    kept = folder / manifest.WORKFLOW_FOLDER
    if (kept / name).read_bytes() == place.workflow.read_bytes():
        print("The workflow set here is the one of the backup")
    elif place.folder is not None and not (place.folder / OWN_WORKFLOW).exists():
        shutil.copytree(kept, place.folder, dirs_exist_ok=True)
        if name != OWN_WORKFLOW:
            (place.folder / name).replace(place.folder / OWN_WORKFLOW)
        print(f"The workflow of the backup is now {place.folder / OWN_WORKFLOW}")
    else:
        print(
            f"NOTE: the workflow set here, {place.workflow}, is not the one of the backup, "
            f"workflow/{name} in it: name that one in TIERLINE_WORKFLOW_FILE unless you mean another."
        )


def _summary(restored: Restored, seconds: float) -> None:
    backup = restored.manifest
    print(
        f"Restored: {backup.tickets} tickets, {sum(restored.tables.values())} rows, as of "
        f"{backup.made_at:%Y-%m-%d %H:%M:%S} UTC; every table has as many rows as it had. {seconds:.1f} s."
    )
    if restored.records is None:
        print("The topics are rebuilt by the relays when the services start.")
    else:
        print(f"The topics have {sum(restored.records.values())} events again.")
    print(
        "What was waiting to be sent then is sent when the notifier starts, even what an older life has "
        "sent since. Next: `tierline doctor`, then start the services."
    )
