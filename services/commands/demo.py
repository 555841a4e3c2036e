"""`tierline demo`: a seeded support day on this machine, and an account of it."""

from __future__ import annotations

import asyncio
import json
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from services.demo.board import final
from services.demo.play import Options, RestlessError, Told, play, stage
from services.fleet import FleetError
from services.local import BackendDiedError, MissingBackendError

from .where import carry_out, stop

#: Findings are shown up to this many of a kind.
_SHOWN = 10


def demo(
    seed: Annotated[int, typer.Option(help="Another seed is another day.")] = 7,
    tickets: Annotated[int, typer.Option(min=1, help="How many customers write.")] = 150,
    seconds: Annotated[float, typer.Option(min=1, help="How long they go on writing.")] = 30.0,
    keep: Annotated[
        bool, typer.Option("--keep", help="Leave everything running until Ctrl-C.")
    ] = False,
) -> None:
    """Play a support day through four services, a broker and a database, in about a minute.

    The last line of stdout is JSON. Exit code 1 when anything accepted was lost or done twice.
    """
    try:
        with _folder() as folder:
            told = carry_out(_demo(Options(folder, seed, tickets, seconds), keep=keep))
    except (MissingBackendError, BackendDiedError, FleetError, RestlessError) as error:
        stop(str(error))
    if told.account.lost or told.account.duplicated:
        raise typer.Exit(1)


@contextmanager
def _folder() -> Iterator[Path]:
    """A folder for one demo. Short, for a socket's path has little room."""
    folder = Path(tempfile.mkdtemp(prefix="tierline-"))
    folder.chmod(0o755)  # PostgreSQL, started as another user by root, must be able to pass
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


async def _demo(options: Options, *, keep: bool) -> Told:
    console = _console()
    console.print("Starting PostgreSQL, a broker and four services …")
    async with stage(options, tell=console.print) as (tierline, receivers):
        urls = "  ".join(f"{name} {url}" for name, url in tierline.installation.urls.items())
        console.print(f"Ready: {urls}", soft_wrap=True)
        told = await play(tierline, receivers, options, console=console)
        console.print(final(told.figures, "The day is over"))
        _findings(console, told)
        if keep:
            console.print(
                f"Left running ({urls}); Ctrl-C stops it. Look into it with:", soft_wrap=True
            )
            console.print(
                f"  TIERLINE_LOCAL__DATA_DIR={options.data_dir} tierline tap", soft_wrap=True
            )
            _print_json(told)
            await asyncio.Event().wait()
    _print_json(told)
    return told


def _console() -> Console:
    """The terminal; where there is none, stderr and a fixed width, so that stdout is the JSON alone."""
    return Console() if Console().is_terminal else Console(stderr=True, width=110)


def _findings(console: Console, told: Told) -> None:
    for kind, sentences in (("lost", told.account.lost), ("doubled", told.account.duplicated)):
        for sentence in sentences[:_SHOWN]:
            console.print(f"[red]{kind}:[/red] {sentence}")
        if len(sentences) > _SHOWN:
            console.print(f"… and {len(sentences) - _SHOWN} more {kind}")
    if not (told.account.lost or told.account.duplicated):
        console.print("Nothing accepted was lost, nothing was done twice.")


def _print_json(told: Told) -> None:
    names = ("accepted", "assigned", "waiting", "breached", "escalated", "notified")
    line = {name: told.figures[name] for name in names}
    line |= {"lost": len(told.account.lost), "duplicated": len(told.account.duplicated)}
    print(json.dumps(line), flush=True)
