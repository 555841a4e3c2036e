"""`tierline credentials`: what a new installation proves itself with, as files."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from services.credentials import make
from shared.clock import SystemClock

from .where import stop


def credentials(
    folder: Annotated[Path, typer.Argument(file_okay=False, help="Where the files shall be.")],
    database: Annotated[
        str, typer.Option(metavar="HOST:PORT/NAME", help="As the services reach it.")
    ] = "postgres:5432/tierline",
) -> None:
    """Make passwords, keys and secrets that are missing in a folder; what is there is kept.

    One file each, for variables that end in _FILE (docs/deployment.md).
    """
    try:
        made = make(folder, database, SystemClock())
    except OSError as error:
        stop(f"{error.filename or folder}: {error.strerror}")
    print(f"made {', '.join(made)}" if made else "everything is there already")
