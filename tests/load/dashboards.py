"""`make evidence-dashboards`: every query of every panel, asked of a real Prometheus over a loaded system.

    python -m tests.load.dashboards --tickets 150

The demo's support day is played through four services on the embedded servers, with the auditor beside them, while
Prometheus scrapes all five every second. Then each panel's queries are asked as Grafana would ask them. A query
that finds no series fails the command, unless SILENT says why it must be so. Two to three minutes.
"""

from __future__ import annotations

import argparse
import asyncio
import os
import platform
import sys
import tempfile
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

import httpx2
from rich.console import Console

from services.demo.play import WORKFLOW, Options, play, stage
from services.fleet import free_ports
from services.installation import Installation
from tests.support.boards import Asked, asked, boards
from tests.support.prometheus import Prometheus, program, prometheus

DOCUMENT: Final = Path(__file__).parents[2] / "docs" / "evidence" / "dashboards.md"

#: Rates over half a minute rest on thirty samples here.
WINDOW: Final = "30s"

#: How long what is counted in tables may take to be read, scraped and judged by the auditor.
SETTLING_SECONDS: Final = 15.0

#: Series that a healthy support day does not have, and why. A query without any of these must find something.
SILENT: Final = {
    "tierline_assignment_requests_refused_total": "no assignment from a channel or a page was refused",
    "tierline_clock_skew_total": "every delivery's own time was believed",
    "tierline_http_turned_away_total": "nobody was turned away",
    "tierline_notification_targets_open": "no target failed so often",
    "tierline_sequence_late_total": "no event came out of order",
    "tierline_survey_ratings_total": "nobody answered a survey",
}


@dataclass(frozen=True, slots=True)
class Found:
    """A panel's query, how many series it has, and its value if it is one figure."""

    query: Asked
    series: int
    value: float | None = None

    @property
    def reason(self) -> str | None:
        """Why there is none, where that is known."""
        return next((why for name, why in SILENT.items() if name in self.query.expr), None)

    @property
    def is_wrong(self) -> bool:
        """Nothing to see, and nobody knows why."""
        return not self.series and self.reason is None


@asynccontextmanager
async def auditor(data_dir: Path, port: int) -> AsyncIterator[None]:
    """`tierline audit --watch` beside the demo."""
    told = {
        "TIERLINE_LOCAL__DATA_DIR": str(data_dir),
        "TIERLINE_HTTP__PORT": str(port),
        "TIERLINE_AUDITOR__EVERY_SECONDS": "5",
    }
    command = [
        "-m",
        "services.cli",
        "audit",
        "--watch",
        "--grace",
        "5s",
        "--workflow",
        str(WORKFLOW),
    ]
    with (data_dir / "auditor.log").open("wb") as log:
        process = await asyncio.create_subprocess_exec(
            sys.executable, *command, env={**os.environ, **told}, stdout=log, stderr=log
        )
        try:
            yield
        finally:
            if process.returncode is None:
                process.kill()
            await process.wait()


async def knock_unsigned(where: Installation) -> None:
    """One webhook that nobody signed, as every open port gets them."""
    async with httpx2.AsyncClient(trust_env=False) as stranger:
        answer = await stranger.post(f"{where.urls['intake']}/v1/channels/generic/webhook", json={})
    assert answer.status_code in {400, 401}, answer.text


async def look(server: Prometheus, *, seconds: float) -> list[Found]:
    """Ask every query, about the last `seconds`."""
    found = []
    for query in asked():
        expr = query.resolved(period=f"{seconds:.0f}s", window=WINDOW)
        if query.at_once:
            values = await server.values(expr)
            found.append(Found(query, len(values), values[0] if len(values) == 1 else None))
        else:
            found.append(Found(query, await server.series_over(expr, seconds=seconds)))
    return found


async def run(options: Options, console: Console) -> tuple[list[Found], str]:
    """Play the day, ask, and say of what: the findings, and Prometheus' version."""
    port = free_ports(["auditor"])["auditor"]
    began = time.monotonic()
    async with stage(options, tell=console.print) as (tierline, receivers):
        where = tierline.installation
        targets = {name: url.removeprefix("http://") for name, url in where.urls.items()}
        targets["auditor"] = f"127.0.0.1:{port}"
        async with (
            auditor(options.data_dir, port),
            prometheus(options.data_dir / "prometheus", targets) as server,
        ):
            await server.until_up(len(targets))
            await knock_unsigned(where)
            await play(tierline, receivers, options, console=console)
            await asyncio.sleep(SETTLING_SECONDS)
            return await look(server, seconds=time.monotonic() - began), await server.version()


def document(found: list[Found], version: str, tickets: int) -> str:
    """What was found, as Markdown."""
    on = f"{platform.machine()}, {os.cpu_count()} cores, Python {platform.python_version()}"
    queries, panels = len(found), len({(one.query.board, one.query.panel) for one in found})
    measured = f"{datetime.now(UTC):%Y-%m-%d} ({on}, Prometheus {version})"
    told = [
        "# Dashboards on a loaded system\n",
        f"Written by `make evidence-dashboards` on {measured}: the demo's support day with {tickets} tickets, the auditor",
        f"beside it, {queries} queries of {panels} panels asked as Grafana asks them. *Series* is how many a query found at",
        "the end of the day or, of a picture over time, at some time of it; *value* is that of a single figure (counters",
        "are extrapolated to the edges of the period, so 150 tickets may read 151). A query that finds nothing fails the",
        "command unless the reason is stated.\n",
    ]
    for board, sheet in boards().items():
        told += [
            f"## {sheet['title']}\n",
            "| panel | query | series | value |",
            "|---|---|--:|--:|",
        ]
        for one in found:
            if one.query.board == board:
                told.append(_row(one))
        told.append("")
    return "\n".join(told)


def _row(one: Found) -> str:
    expr = one.query.expr.replace("|", "\\|")
    series = str(one.series) if one.series else f"0: {one.reason or 'nobody knows why'}"
    value = "" if one.value is None else f"{one.value:.3g}"
    return f"| {one.query.panel} | `{expr}` | {series} | {value} |"


def main() -> None:
    """Write the document; exit 1 when a query finds nothing for no reason."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--tickets", type=int, default=150)
    parser.add_argument("--seconds", type=float, default=30.0, help="how long customers write")
    parser.add_argument("--seed", type=int, default=7)
    asked_for = parser.parse_args()
    if program() is None:
        parser.exit(2, "No Prometheus: put it on PATH or name it in TIERLINE_PROMETHEUS.\n")
    console = Console(stderr=True, width=110)
    with tempfile.TemporaryDirectory(prefix="tierline-", ignore_cleanup_errors=True) as name:
        folder = Path(name)
        folder.chmod(0o755)  # PostgreSQL, started as another user by root, must be able to pass
        options = Options(folder, asked_for.seed, asked_for.tickets, asked_for.seconds)
        found, version = asyncio.run(run(options, console))
    DOCUMENT.parent.mkdir(exist_ok=True)
    DOCUMENT.write_text(document(found, version, asked_for.tickets), encoding="utf-8")
    wrong = [one for one in found if one.is_wrong]
    for one in wrong:
        print(f"{one.query.board}: {one.query.panel}: no series for {one.query.expr}")
    print(
        f"{len(found)} queries asked, {len(wrong)} without a series and without a reason; {DOCUMENT}"
    )
    sys.exit(1 if wrong else 0)


if __name__ == "__main__":
    main()
