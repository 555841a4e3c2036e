"""`tierline keys`: API keys of callers, and the scopes there are."""

from __future__ import annotations

import json
from typing import Annotated

import typer

from shared.http.auth import SCOPES, new_key

from .where import stop

app = typer.Typer(no_args_is_help=True, help="API keys of callers.")


@app.command()
def new(
    name: Annotated[str, typer.Argument(help="The caller's name, for logs and audit.")],
    scope: Annotated[list[str], typer.Option(help=f"One or more of {', '.join(sorted(SCOPES))}.")],
) -> None:
    """Make an API key; prints it once, and the setting that lets it in."""
    if unknown := set(scope) - SCOPES:
        stop(f"No scope {min(unknown)!r}; there are {', '.join(sorted(SCOPES))}.", 2)
    key, digest = new_key()
    setting = json.dumps({name: {"sha256": digest, "scopes": sorted(scope)}})
    print(f"key (shown once): {key}\nTIERLINE_API_KEYS='{setting}'")


@app.command()
def scopes() -> None:
    """List the scopes."""
    print("\n".join(sorted(SCOPES)))
