"""`tierline audit`: was every deadline announced, once, in time, and none that was not due?"""

from __future__ import annotations

import asyncio
from datetime import datetime, timedelta
from pathlib import Path
from typing import Annotated

import msgspec
import typer
from prometheus_client import start_http_server
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn

from services.auditor.config import AuditorSettings
from services.auditor.metrics import AuditorMetrics
from services.auditor.reading import TOPICS, accepted, catch_up, unopened
from services.auditor.report import Report
from services.auditor.table import lines
from services.auditor.verdict import audit as judge
from services.auditor.watch import Heartbeat, Watch
from shared.clock import SystemClock
from shared.contracts import Event
from shared.http.egress import Egress
from shared.kafka.aio_reader import AioReader
from shared.observability.metrics import Catalogue
from shared.policy import WorkflowError, WorkflowPolicy, load_workflow
from shared.policy.durations import parse_duration
from shared.settings import read

from .instant import instant
from .where import broker, carry_out, installation, stop

#: A workflow, and from when its calendars count if that was said.
Given = tuple[WorkflowPolicy, datetime | None]


def audit(
    since: Annotated[str, typer.Option(help="How far back to judge: 24h, 90m, 7d.")] = "24h",
    grace: Annotated[
        str, typer.Option(help="What fell due more recently than this may be on its way.")
    ] = "3m",
    workflow: Annotated[
        list[str] | None,
        typer.Option(
            metavar="FILE[@INSTANT]",
            help="The workflow in force, then older ones; default: TIERLINE_WORKFLOW_FILE. With the "
            "instant from which its calendars count, where support.calendars lacks some change.",
        ),
    ] = None,
    database: Annotated[
        bool, typer.Option(help="Also look for accepted deliveries without a ticket (read only).")
    ] = False,
    as_json: Annotated[bool, typer.Option("--json", help="As one JSON document.")] = False,
    watch: Annotated[
        bool, typer.Option(help="Judge again every minute, with metrics and a heartbeat.")
    ] = False,
) -> None:
    """Recompute which deadlines fell due and compare with what was published; exit 1 if anything is
    wrong. Reads topics only, and changes nothing.
    """
    settings = read(AuditorSettings)
    window, patience = _duration(since), _duration(grace)
    given = _given(workflow or [], settings.workflow_file)
    if watch:
        carry_out(_watch(settings, given, window, patience, database=database))
        return
    report = carry_out(_once(given, window, patience, database=database))
    print(msgspec.json.encode(report).decode() if as_json else "\n".join(lines(report)))
    if not report.clean:
        raise typer.Exit(1)


def _duration(text: str) -> timedelta:
    try:
        return parse_duration(text)
    except ValueError as error:
        stop(str(error), 2)


def _given(texts: list[str], configured: Path | None) -> list[Given]:
    """The workflows by which is judged, and from when each counts."""
    named = [_dated(text) for text in texts] if texts else [(configured, None)]
    try:
        return [(load_workflow(file), begins) for file, begins in named]
    except WorkflowError as error:
        stop(str(error), 2)


def _dated(text: str) -> tuple[Path, datetime | None]:
    """`FILE@INSTANT`, or the name of a file, which may hold an `@` itself."""
    name, _, after = text.rpartition("@")
    if not name or not after[:4].isdigit():
        return Path(text), None
    return Path(name), instant(after, "--workflow")


def _reader() -> AioReader:
    return AioReader(broker(), client_id="tierline-audit", topics=TOPICS)


async def _once(
    given: list[Given], window: timedelta, grace: timedelta, *, database: bool
) -> Report:
    until = SystemClock().now()
    since = until - window
    columns = (TextColumn("reading topics"), BarColumn(), MofNCompleteColumn())
    async with _reader() as reader:
        with Progress(*columns, console=Console(stderr=True), transient=True) as progress:
            bar = progress.add_task("read", total=None)
            events = await catch_up(
                reader, lambda done, total: progress.update(bar, completed=done, total=total)
            )
    (current, *earlier), begins = zip(*given, strict=True)
    report = judge(
        events, current, since=since, until=until, grace=grace, earlier=earlier, begins=begins
    )
    if not database:
        return report
    return msgspec.structs.replace(report, unopened=await _unopened(since, until - grace, events))


async def _unopened(since: datetime, until: datetime, events: list[Event]) -> int:
    return unopened(await accepted(installation().database_url, since, until), events)


async def _watch(
    settings: AuditorSettings,
    given: list[Given],
    window: timedelta,
    grace: timedelta,
    *,
    database: bool,
) -> None:
    catalogue, clock = Catalogue("auditor"), SystemClock()
    server, thread = start_http_server(
        settings.http.port, settings.http.host, registry=catalogue.registry
    )
    egress = Egress(settings.auditor.internal_targets)
    url = settings.auditor.heartbeat_url
    print(
        f"auditing every {settings.auditor.every_seconds:g} s; metrics on port {server.server_port}"
    )
    try:
        async with _reader() as reader:
            passes = Watch(
                lambda: catch_up(reader),
                [policy for policy, _ in given],
                AuditorMetrics(catalogue),
                clock=clock,
                begins=[begins for _, begins in given],
                window=window,
                grace=grace,
                heartbeat=Heartbeat(url.get_secret_value(), egress) if url else None,
                unopened=_unopened if database else None,
            )
            while True:
                report = await passes.step()
                print("no verdict" if report is None else list(lines(report))[-1], flush=True)
                await clock.sleep(settings.auditor.every_seconds)
    finally:
        await egress.close()
        await asyncio.to_thread(server.shutdown)
        thread.join()
