"""`tierline people import FILE`: agents and recipients from one YAML file."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from services.people import EXAMPLE, PeopleError, import_file

from .where import carry_out, installation, stop

app = typer.Typer(no_args_is_help=True, help="Agents who work tickets and recipients who are told.")


@app.callback()
def _group() -> None:
    """Agents who work tickets and recipients who are told."""


@app.command("import")
def import_(
    file: Annotated[
        Path, typer.Argument(exists=True, dir_okay=False, help="As deploy/people.yaml.")
    ] = EXAMPLE,
) -> None:
    """Add or change everybody a file names; nobody is removed."""
    try:
        told = carry_out(import_file(installation(), file))
    except PeopleError as error:
        stop(str(error))
    print(f"{told['agents']} agents and {told['recipients']} recipients are known")
