"""`tierline doctor`: everything a Tierline stands on, looked at from here, with what to do."""

from __future__ import annotations

import asyncio
import logging
import os
import sys
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Annotated, Final
from urllib.parse import unquote, urlsplit

import msgspec
import typer
from pydantic import BaseModel, SecretStr
from rich.markup import escape
from rich.table import Table

from services.auditor.config import AuditorSettings
from services.doctor import broker, configuration, database, machine, network
from services.doctor.finding import Finding, Verdict, fail, without
from services.doctor.running import Check, examine
from services.installation import Installation, NotRunningError, find
from services.local import LocalSettings
from services.notifier.config import NotifierSettings
from shared.clock import SystemClock
from shared.settings import ConfigurationError, read

from .where import console, kafka_settings

#: Checks that ask nobody.
_COMPUTING: Final[tuple[str, ...]] = (
    "python",
    "tzdata",
    "extras",
    "disk",
    "settings",
    "workflow",
    "installation",
)

_COLOURS: Final = {Verdict.OK: "green", Verdict.WARN: "yellow", Verdict.FAIL: "red"}


def doctor(
    as_json: Annotated[bool, typer.Option("--json", help="As one JSON document.")] = False,
    seconds: Annotated[
        float, typer.Option(min=0.1, help="How long a check may take; all run at once.")
    ] = 20.0,
) -> None:
    """Look at Python, settings, database, broker, services, mail and more; exit 1 if anything fails.

    Changes nothing, sends nothing. Run it where the services run, with their environment.
    """
    logging.disable(logging.CRITICAL)  # what clients log is told in the table, in our words
    findings = asyncio.run(_examine(seconds))
    bad = any(finding.verdict is Verdict.FAIL for finding in findings)
    if as_json:
        print(msgspec.json.encode({"ok": not bad, "findings": findings}).decode())
    else:
        _show(findings)
    sys.stdout.flush()
    os._exit(int(bad))  # a look-up of a name that never ends must not hold us


async def _examine(seconds: float) -> list[Finding]:
    """What computes first, what waits then: computing would keep answers from being heard in time."""
    secrets, checks = _secrets(), _checks(seconds)
    computing = {name: checks.pop(name) for name in _COMPUTING if name in checks}
    found = await examine(computing, seconds=seconds)
    found += await examine(checks, seconds=seconds)
    return [without(secrets, finding) for finding in found]


def _checks(seconds: float) -> dict[str, Check]:
    clock = SystemClock()
    checks: dict[str, Check] = {
        "python": _plain(machine.python),
        "tzdata": _plain(lambda: machine.time_zones(clock.now().year)),
        "extras": _plain(lambda: machine.extras(os.environ)),
        "settings": lambda: asyncio.to_thread(configuration.settings),
    }
    folder = LocalSettings().folder
    if (folder / "postgres").exists():
        checks["disk"] = _plain(lambda: machine.disk(folder))
    try:
        where = find(folder, environment=os.environ)
    except NotRunningError as error:
        return checks | {"installation": _plain(_missing(str(error)))}
    return checks | _of_system(where, seconds, clock) | _of_notifier()


def _of_system(where: Installation, seconds: float, clock: SystemClock) -> dict[str, Check]:
    named = os.environ.get("TIERLINE_WORKFLOW_FILE") or where.workflow_file
    path = Path(named) if named else None
    checks: dict[str, Check] = {
        "workflow": _plain(lambda: configuration.workflow(path, clock)),
        "postgresql": lambda: database.database(where.database_url, clock),
    }
    try:
        kafka, auditing = kafka_settings(where), read(AuditorSettings)
    except ConfigurationError:  # told by the check of the settings
        return checks

    async def history() -> list[Finding]:
        return [await broker.history(where.database_url, kafka)]

    async def audited() -> list[Finding]:
        every = auditing.auditor.every_seconds
        url = f"http://{auditing.http.host}:{auditing.http.port}"
        return await network.auditor(url, clock, every=every, seconds=seconds / 2)

    def reached(name: str, url: str) -> Check:
        return lambda: network.service(name, url, seconds / 2)

    services = {f"service {name}": reached(name, url) for name, url in where.urls.items()}
    checks |= {"broker": lambda: broker.broker(kafka), "history": history}
    return checks | services | {"auditor": audited}


def _of_notifier() -> dict[str, Check]:
    try:
        section = read(NotifierSettings).notifier
    except ConfigurationError:
        return {}
    return {
        "mail": lambda: network.mail(section.smtp),
        "outgoing": lambda: network.egress(section),
    }


def _missing(said: str) -> Callable[[], Finding]:
    todo = "Run this where a Tierline is, with its environment."
    return lambda: fail("installation", said, todo)


def _plain(look: Callable[[], Finding]) -> Check:
    """A check of something that is answered by looking, in a thread."""

    async def check() -> list[Finding]:
        return [await asyncio.to_thread(look)]

    return check


def _secrets() -> set[str]:
    """Every secret of the environment and of a running Tierline, in case an error message has it."""
    found: set[str] = set()
    for kind in (NotifierSettings, AuditorSettings):
        try:
            found |= set(_hidden(read(kind)))
        except ConfigurationError:
            continue
    try:
        where = find(LocalSettings().folder, environment=os.environ)
    except NotRunningError:
        return found
    password = urlsplit(where.database_url).password or ""
    known = {where.api_key or "", where.webhook_secret or "", password, unquote(password)}
    return {secret for secret in found | known if secret}


def _hidden(settings: BaseModel) -> Iterable[str]:
    for _, value in settings:
        if isinstance(value, SecretStr):
            secret = value.get_secret_value()
            yield urlsplit(secret).password or "" if "://" in secret else secret
        elif isinstance(value, BaseModel):
            yield from _hidden(value)


def _show(findings: list[Finding]) -> None:
    table = Table(box=None, pad_edge=False)
    table.add_column("")
    for column in ("what", "how it is", "what to do"):
        table.add_column(column, overflow="fold")
    for finding in findings:
        verdict = f"[{_COLOURS[finding.verdict]}]{finding.verdict}[/]"
        table.add_row(verdict, escape(finding.about), escape(finding.said), escape(finding.todo))
    console().print(table)
    counts = {v: sum(finding.verdict is v for finding in findings) for v in Verdict}
    print(
        f"\n{counts[Verdict.OK]} ok, {counts[Verdict.WARN]} to look at, {counts[Verdict.FAIL]} wrong"
    )
