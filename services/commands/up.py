"""`tierline up`: everything on this machine, in the foreground, until Ctrl-C."""

from __future__ import annotations

import asyncio
import signal
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.table import Table

from services.fleet import FleetError
from services.installation import PORTS
from services.local import AlreadyRunningError, BackendDiedError, LocalSettings, MissingBackendError
from services.standalone import Standalone
from shared.db.migrate_trouble import MigrationGaveUpError

from .where import carry_out, stop


def up(
    workflow: Annotated[
        Path | None, typer.Option(help="The workflow file; default: the packaged one.")
    ] = None,
    data_dir: Annotated[
        Path | None, typer.Option(help="Where data, logs and credentials are kept.")
    ] = None,
    first_port: Annotated[
        int, typer.Option(help="The four services listen on this port and the three after it.")
    ] = PORTS["intake"],
) -> None:
    """Start everything on the embedded servers, in the foreground; Ctrl-C stops it cleanly.

    TIERLINE_DATABASE__URL and TIERLINE_KAFKA__BOOTSTRAP_SERVERS each replace one embedded server.
    """
    settings = {"TIERLINE_WORKFLOW_FILE": str(workflow.resolve())} if workflow else {}
    tierline = Standalone(
        data_dir or LocalSettings().folder,
        ports={name: first_port + n for n, name in enumerate(PORTS)},
        settings=settings,
    )
    try:
        carry_out(_serve(tierline))
    except (
        MissingBackendError,
        AlreadyRunningError,
        BackendDiedError,
        FleetError,
        MigrationGaveUpError,
    ) as error:
        stop(str(error))


async def _serve(tierline: Standalone) -> None:
    stopped = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, stopped.set)
    async with tierline:
        _show(tierline)
        watched = {
            asyncio.create_task(stopped.wait()),
            asyncio.create_task(tierline.pair.watch()),
            asyncio.create_task(tierline.fleet.until_broken()),
        }
        done, rest = await asyncio.wait(watched, return_when=asyncio.FIRST_COMPLETED)
        for task in rest:
            task.cancel()
        await asyncio.gather(*rest, return_exceptions=True)
        print("Stopping: requests in hand are finished, nothing new is taken.")
    for task in done:
        task.result()
    print("Stopped.")


def _show(tierline: Standalone) -> None:
    where = tierline.installation
    table = Table(title="Tierline is up", title_justify="left", box=None, pad_edge=False)
    for column in ("what", "where"):
        table.add_column(column, no_wrap=True)
    for name, url in where.urls.items():
        table.add_row(name, f"{url}  (/readyz, /metrics)")
    table.add_row("webhooks in", f"{where.urls['intake']}/v1/channels/generic/webhook")
    table.add_row("PostgreSQL", where.database_url)
    table.add_row("Kafka", where.bootstrap_servers)
    table.add_row("data, logs, keys", str(tierline.data_dir))
    console = Console(soft_wrap=True)
    console.print(table)
    console.print(
        "\nNext, in another terminal: tierline people import deploy/people.yaml · tierline replay FILE"
        " · tierline tap tickets · tierline ticket ID\nCtrl-C stops."
    )
