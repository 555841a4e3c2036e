"""`tierline keys`: API keys of callers. Running services take a change up within a second."""

from __future__ import annotations

import os
import re
from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path
from typing import Annotated, Final

import typer
from rich.table import Table

from services.local import LocalSettings
from shared.clock import SystemClock
from shared.http import keystore
from shared.http.auth import SCOPES, new_key
from shared.http.keystore import Store, StoredKey, StoreError

from .where import console, stop

app = typer.Typer(no_args_is_help=True, help="API keys of callers.")

_UNITS: Final = {"m": "minutes", "h": "hours", "d": "days"}

Name = Annotated[str, typer.Argument(help="The caller's name, for logs and audit.")]
StoreFile = Annotated[
    Path | None,
    typer.Option(
        "--store", help="The key store; default: TIERLINE_KEY_STORE, else that of `tierline up`."
    ),
]


@app.command()
def create(
    name: Name,
    scope: Annotated[list[str], typer.Option(help="Repeat it; `tierline keys scopes` lists them.")],
    expires: Annotated[str | None, typer.Option(help="Ends after this time, as 90d.")] = None,
    store: StoreFile = None,
) -> None:
    """Make a key for a caller; it is shown once, and only its SHA-256 is kept."""
    if unknown := set(scope) - SCOPES:
        stop(f"No scope {min(unknown)!r}; there are {', '.join(sorted(SCOPES))}.", 2)
    now = SystemClock().now()
    ends = now + _duration(expires) if expires else None
    key, sha256 = new_key()
    _edit(store, lambda known: keystore.created(known, name, sha256, scope, now, expires=ends))
    _show(key)


@app.command()
def rotate(
    name: Name,
    overlap: Annotated[
        str, typer.Option(help="How long the old key still works, as 30m, 24h, 7d.")
    ] = "24h",
    store: StoreFile = None,
) -> None:
    """Make a new key with the same scopes; the old one works on for a while."""
    now, both = SystemClock().now(), _duration(overlap)
    key, sha256 = new_key()
    _edit(store, lambda known: keystore.rotated(known, name, sha256, now, overlap=both))
    _show(key)


@app.command()
def revoke(name: Name, store: StoreFile = None) -> None:
    """End every key of a caller now."""
    now = SystemClock().now()
    _edit(store, lambda known: keystore.revoked(known, name, now))
    print(f"{name} is let in no longer.")


@app.command("list")
def list_(store: StoreFile = None) -> None:
    """List the callers and their keys, never a key itself. When one was last used is not kept."""
    now = SystemClock().now()
    table = Table("caller", "key (SHA-256)", "state", "created", "ends", "scopes")
    try:
        known = keystore.read(_path(store))
    except StoreError as error:
        stop(str(error))
    for name, keys in sorted(known.items()):
        for key in keys:
            table.add_row(
                name,
                f"{key.sha256[:12]}…",
                _state(key, now),
                _day(key.created),
                _day(key.revoked or key.expires),
                " ".join(key.scopes),
            )
    console().print(table)


@app.command()
def scopes() -> None:
    """List the scopes."""
    print("\n".join(sorted(SCOPES)))


def _edit(store: Path | None, change: Callable[[Store], Store]) -> None:
    try:
        keystore.edit(_path(store), change)
    except StoreError as error:
        stop(str(error))


def _path(named: Path | None) -> Path:
    told = os.environ.get("TIERLINE_KEY_STORE")
    return named or (Path(told) if told else LocalSettings().folder / keystore.FILE)


def _show(key: str) -> None:
    print(f"key (shown once): {key}")


def _duration(text: str) -> timedelta:
    found = re.fullmatch(r"(\d{1,5})([mhd])", text)
    if found is None:
        stop(f"{text!r} is no time: a number and m, h or d.", 2)
    return timedelta(**{_UNITS[found[2]]: int(found[1])})


def _state(key: StoredKey, now: datetime) -> str:
    if key.in_force(now):
        return "in force"
    return "revoked" if key.revoked else "expired"


def _day(instant: datetime | None) -> str:
    return f"{instant:%Y-%m-%d %H:%M}" if instant else ""
