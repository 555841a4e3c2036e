"""`tierline replay FILE`: plays historical tickets through intake's public API."""

from __future__ import annotations

import itertools
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

from services.playback import mapping as mappings
from services.playback import table
from services.playback.mapping import Mapped, MappingError, TableMapping
from services.playback.player import play
from services.playback.sender import Tally, WebhookSender

from .where import carry_out, installation, stop


def replay(
    file: Annotated[
        Path, typer.Argument(exists=True, dir_okay=False, help="CSV or JSONL, plain or .gz.")
    ],
    mapping: Annotated[
        Path | None,
        typer.Option(help="How columns become tickets; default: a packaged one that fits."),
    ] = None,
    limit: Annotated[int | None, typer.Option(min=1, help="Only the first rows.")] = None,
    speed: Annotated[
        str, typer.Option(help="'max', or how many seconds of the file pass in one second.")
    ] = "max",
    lanes: Annotated[int, typer.Option(min=1, max=64, help="Tickets on their way at once.")] = 32,
    dry_run: Annotated[
        bool, typer.Option(help="Show the first commands and send nothing.")
    ] = False,
) -> None:
    """Play historical tickets through the generic webhook, each ticket in order, and say what became
    of them. Rows the mapping makes nothing of are passed over.
    """
    try:
        using = mappings.load(mapping) if mapping else mappings.detect(_columns(file))
        mapped = list(using.commands(itertools.islice(table.rows(file), limit)))
    except (MappingError, table.TableError) as error:
        stop(str(error))
    if dry_run:
        _preview(using, mapped)
        return
    where = installation()
    if where.webhook_secret is None:
        stop("No webhook secret: set TIERLINE_WEBHOOK_SECRET to that of the source `generic`.")
    sender = WebhookSender(where.urls["intake"], where.webhook_secret)
    began = time.perf_counter()
    carry_out(_play(mapped, sender, _speed(speed), lanes))
    _summary(sender.tally, using, time.perf_counter() - began)
    if sender.tally.refused:
        raise typer.Exit(1)


def _columns(file: Path) -> Iterator[str]:
    first = next(table.rows(file), None)
    if first is None:
        stop(f"{file} has no rows.")
    return iter(first)


def _speed(text: str) -> float | None:
    if text == "max":
        return None
    try:
        speed = float(text)
    except ValueError:
        speed = 0.0
    if speed <= 0:
        stop(f"--speed takes 'max' or a number above 0, not {text!r}.", 2)
    return speed


def _preview(using: TableMapping, mapped: list[Mapped]) -> None:
    print(f"mapping {using.name}: {len(mapped)} rows become commands; the first of them:")
    for row in mapped[:5]:
        for command in row.commands:
            print(f"  {command}")


async def _play(
    mapped: list[Mapped], sender: WebhookSender, speed: float | None, lanes: int
) -> None:
    columns = (TextColumn("replay"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    with Progress(*columns, console=Console(stderr=True)) as progress:
        bar = progress.add_task("replay", total=len(mapped))
        try:
            await play(
                mapped,
                sender,
                speed=speed,
                lanes=lanes,
                advanced=lambda rows: progress.advance(bar, rows),
            )
        finally:
            await sender.close()


def _summary(tally: Tally, using: TableMapping, seconds: float) -> None:
    rate = tally.calls / seconds if seconds else 0.0
    print(
        f"{len(tally.tickets)} tickets, {tally.commands} commands in {tally.calls} calls "
        f"({tally.tries - tally.calls} tried again), mapping {using.name}\n"
        f"{seconds:.1f} s, {rate:.0f} calls/s, answered p50 {tally.percentile(0.5) * 1000:.0f} ms, "
        f"p99 {tally.percentile(0.99) * 1000:.0f} ms"
    )
    print("  ".join(f"{outcome} {count}" for outcome, count in tally.outcomes.most_common()))
    if tally.outcomes["parked"]:
        print("See `tierline dead-letters list --service intake` for what could not be read.")
    for reason, count in tally.refused.most_common():
        print(f"refused: {count} × {reason}")
