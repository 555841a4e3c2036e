"""The demo from curtain to curtain: start everything, play the day, let it drain, draw up the account."""

from __future__ import annotations

import asyncio
import os
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from rich.console import Console

from services import articles
from services.fleet import free_ports
from services.installation import PORTS
from services.people import EXAMPLE, import_file
from services.playback.sender import WebhookSender
from services.standalone import Credentials, Standalone
from shared.kafka.aio import AioKafka
from shared.kafka.topics import load as load_topics

from .actors import Day
from .board import show
from .capture import Sinks, sinks
from .company import accompanied
from .managers import managers_confirm
from .reconcile import Account, reconcile, undelivered
from .script import support_day
from .servers import own_place
from .watcher import Seen, watch

WORKFLOW: Final = Path(__file__).parents[2] / "deploy" / "workflow-demo.yaml"

#: How long the day may take to come to rest after the last ticket, in seconds.
_PATIENCE: Final = 120.0

#: Nothing new on any topic for so long means that the day has come to rest.
_QUIET_SECONDS: Final = 3.0


class RestlessError(Exception):
    """Something still goes on long after the last ticket."""


@dataclass(frozen=True, slots=True)
class Options:
    """What the demo is asked for."""

    data_dir: Path
    seed: int
    tickets: int
    seconds: float


@dataclass(frozen=True, slots=True)
class Told:
    """What the demo says at the end."""

    figures: Mapping[str, int]
    account: Account


@asynccontextmanager
async def stage(
    options: Options, *, tell: Callable[[str], None]
) -> AsyncIterator[tuple[Standalone, Sinks]]:
    """Servers, services, people and receivers, ready."""
    ports = free_ports([*PORTS, "smtp", "hook"])
    options.data_dir.mkdir(parents=True, exist_ok=True)
    secret = Credentials.of(options.data_dir).notifier_secret
    async with (
        own_place(os.environ) as place,
        sinks((ports["smtp"], ports["hook"]), secret=secret) as receivers,
    ):
        tierline = Standalone(
            options.data_dir,
            ports={name: ports[name] for name in PORTS},
            settings={**_settings(receivers), **place},
            tell=tell,
        )
        async with tierline:
            await import_file(
                tierline.installation, EXAMPLE, receivers={"hook": receivers.hook_url}
            )
            known = articles.read_folder(articles.EXAMPLES)
            await articles.tell(tierline.installation, known)
            yield tierline, receivers


def _settings(receivers: Sinks) -> dict[str, str]:
    return {
        "TIERLINE_WORKFLOW_FILE": str(WORKFLOW),
        "TIERLINE_NOTIFIER__SMTP__HOST": "127.0.0.1",
        "TIERLINE_NOTIFIER__SMTP__PORT": str(receivers.smtp_port),
        "TIERLINE_NOTIFIER__SMTP__SECURITY": "none",
        "TIERLINE_NOTIFIER__SMTP__SENDER": "Tierline Demo <support@desk.example>",
        "TIERLINE_NOTIFIER__PER_TARGET": "16",
        "TIERLINE_NOTIFIER__RATES": '{"email": 1000, "webhook": 1000}',
        "TIERLINE_NOTIFIER__EGRESS_ALLOW": f'["127.0.0.1:{receivers.hook_port}"]',
    }


async def play(
    tierline: Standalone, receivers: Sinks, options: Options, *, console: Console
) -> Told:
    """Play the day to its end and compare what was sent with what there is."""
    where = tierline.installation
    assert where.webhook_secret is not None
    seen = Seen()
    sender = WebhookSender(where.urls["intake"], where.webhook_secret)
    scenes = support_day(seed=options.seed, tickets=options.tickets, seconds=options.seconds)
    day = Day(scenes, sender, seen)
    kafka = AioKafka(tierline.kafka_settings, client_id="tierline-demo")

    def figures() -> Mapping[str, int]:
        return {"accepted": len(day.accepted), **seen.board()}

    company = [
        asyncio.create_task(watch(kafka, list(load_topics()), seen)),
        asyncio.create_task(show(figures, title="A support day", console=console)),
        asyncio.create_task(day.agents_answer()),
        asyncio.create_task(managers_confirm(receivers.inbox, seed=options.seed)),
    ]
    try:
        await accompanied(day.customers_write(), company)
        await accompanied(_rest(day, seen, where.database_url), company)
        account = await reconcile(
            where.database_url, accepted=day.accepted, seen=seen, arrived=receivers.inbox.messages
        )
        if seen.undecodable:
            account.lost.append(f"{seen.undecodable} records on the topics are no events")
    finally:
        for task in company:
            task.cancel()
        await asyncio.gather(*company, return_exceptions=True)
        await sender.close()
    return Told({**figures(), "waiting": account.waiting}, account)


async def _rest(day: Day, seen: Seen, database_url: str) -> None:
    """Until all answers are given, everybody is told, and the topics have been quiet for a while."""
    try:
        async with asyncio.timeout(_PATIENCE):
            await day.finish()
            while True:
                count = len(seen.events)
                await asyncio.sleep(_QUIET_SECONDS)
                if len(seen.events) == count and not await undelivered(database_url):
                    return
    except TimeoutError as error:
        raise RestlessError(f"The day did not come to rest within {_PATIENCE:g} s.") from error
