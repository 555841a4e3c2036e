"""A whole Tierline in real processes, its receivers, a reader of its topics, and its command line."""

from __future__ import annotations

import asyncio
import os
import shutil
import sys
import tempfile
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from services.demo.capture import Sinks, sinks
from services.demo.reconcile import Account, reconcile, undelivered
from services.demo.watcher import Seen, watch
from services.fleet import free_ports
from services.installation import PORTS
from services.people import EXAMPLE, import_file
from services.playback.sender import WebhookSender
from services.standalone import Credentials, Standalone
from shared.kafka.aio import AioKafka
from shared.kafka.topics import load as load_topics

from . import databases, lanes
from .backends import Backends
from .lanes import Lane

ROOT: Final = Path(__file__).parents[2]
DEMO: Final = ROOT / "deploy" / "workflow-demo.yaml"

#: The shortest session that Apache Kafka grants; embedded groups take half of one to join.
SESSION_MS: Final = 6000

#: Seconds within which everything that was accepted must have come to its end.
PATIENCE: Final = 60.0


async def until(
    holds: Callable[[], bool | Awaitable[bool]], what: str, *, seconds: float = 30.0
) -> None:
    """Return when `holds` does; AssertionError naming `what` when it does not within `seconds`."""
    deadline = asyncio.get_running_loop().time() + seconds
    while True:
        answer = holds()
        if answer if isinstance(answer, bool) else await answer:
            return
        if asyncio.get_running_loop().time() > deadline:
            raise AssertionError(f"not within {seconds:g} s: {what}")
        await asyncio.sleep(0.05)


@dataclass(frozen=True)
class Said:
    """What a command printed, and its exit status."""

    status: int
    out: str
    err: str


async def run_command(*words: str, environment: Mapping[str, str], seconds: float = 55) -> Said:
    """Run `tierline WORDS` as a process to its end, with nothing of Tierline set but `environment`."""
    command = [sys.executable, "-m", "services.cli", *words]
    process = await asyncio.create_subprocess_exec(
        *command,
        cwd=ROOT,
        env={**untouched(), **environment},
        stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    try:
        async with asyncio.timeout(seconds):
            out, err = await process.communicate()
    except BaseException:
        process.kill()
        raise
    return Said(process.returncode or 0, out.decode(), err.decode())


def untouched() -> dict[str, str]:
    """This process's environment without anything of Tierline; lines as long as they are."""
    own = {name: value for name, value in os.environ.items() if not name.startswith("TIERLINE_")}
    return {**own, "COLUMNS": "240"}


@dataclass
class Running:
    """A running Tierline, what its customers were answered, and what anybody could see of it."""

    installation: Standalone
    receivers: Sinks
    sender: WebhookSender
    kafka: AioKafka
    seen: Seen = field(default_factory=Seen)
    accepted: dict[str, str] = field(default_factory=dict)
    told: list[str] = field(default_factory=list)
    _watching: asyncio.Task[None] | None = None

    @property
    def database_url(self) -> str:
        """The operator's URL."""
        return self.installation.installation.database_url

    def url(self, service: str) -> str:
        """Where a service listens."""
        return self.installation.installation.urls[service]

    @property
    def headers(self) -> dict[str, str]:
        """An API key with every scope."""
        return {"authorization": f"Bearer {self.installation.installation.api_key}"}

    @property
    def environment(self) -> dict[str, str]:
        """What an operator's command has to know of it."""
        return {"TIERLINE_LOCAL__DATA_DIR": str(self.installation.data_dir)}

    async def command(self, *words: str) -> Said:
        """`tierline WORDS`, about this installation."""
        return await run_command(*words, environment=self.environment)

    async def open(self, external_id: str, **facts: Any) -> str:
        """A customer writes; the ticket's id."""
        opening = {
            "customer": {"id": f"customer of {external_id}"},
            "subject": external_id,
            **facts,
        }
        answer = await self.say(external_id, "ticket.open", **opening)
        self.accepted[external_id] = str(answer["ticket_id"])
        return self.accepted[external_id]

    async def say(self, external_id: str, type_: str, **fields: Any) -> Mapping[str, Any]:
        """One command by webhook, and intake's answer. Tried again until there is one."""
        return await self.sender.send([{"external_id": external_id, "type": type_, **fields}])

    async def watch_anew(self) -> None:
        """Read every topic from its beginning, forgetting what was seen of them before."""
        await self.close_eyes()
        self.seen = Seen()
        self._watching = asyncio.create_task(watch(self.kafka, list(load_topics()), self.seen))

    async def close_eyes(self) -> None:
        """Read no further."""
        if self._watching is not None:
            self._watching.cancel()
            await asyncio.gather(self._watching, return_exceptions=True)

    async def settled(self, *, seconds: float = PATIENCE) -> Account:
        """The account, as soon as nothing is missing in it; else how it stands after `seconds`."""
        deadline = asyncio.get_running_loop().time() + seconds
        while True:
            account = await reconcile(
                self.database_url,
                accepted=self.accepted,
                seen=self.seen,
                arrived=self.receivers.inbox.messages,
            )
            owed = await undelivered(self.database_url)
            if (not account.lost and not owed) or asyncio.get_running_loop().time() > deadline:
                return account
            await asyncio.sleep(0.25)


@asynccontextmanager
async def running(backends: Backends) -> AsyncIterator[Running]:
    """Everything started on the lane's servers and ready; afterwards nothing is left of it.

    On the embedded lane it has servers of its own, which a test may stop.
    """
    folder = _folder()
    ports = free_ports([*PORTS, "smtp", "hook"])
    secret = Credentials.of(folder).notifier_secret
    async with AsyncExitStack() as stack:
        stack.callback(shutil.rmtree, folder, ignore_errors=True)
        receivers = await stack.enter_async_context(
            sinks((ports["smtp"], ports["hook"]), secret=secret)
        )
        servers = {} if backends.lane is Lane.EMBEDDED else await _servers(backends, stack)
        told: list[str] = []
        installation = await stack.enter_async_context(
            Standalone(
                folder,
                ports={name: ports[name] for name in PORTS},
                settings={**_settings(receivers), **servers},
                tell=told.append,
            )
        )
        await import_file(
            installation.installation, EXAMPLE, receivers={"hook": receivers.hook_url}
        )
        found = await _watched(stack, installation, receivers, told)
        yield found


def _folder() -> Path:
    """Short, for a socket's path has little room; open, for PostgreSQL may be another user."""
    folder = Path(tempfile.mkdtemp(prefix="tierline-"))
    folder.chmod(0o755)
    return folder


async def _watched(
    stack: AsyncExitStack, installation: Standalone, receivers: Sinks, told: list[str]
) -> Running:
    where = installation.installation
    assert where.webhook_secret is not None
    sender = WebhookSender(where.urls["intake"], where.webhook_secret)
    stack.push_async_callback(sender.close)
    kafka = AioKafka(installation.kafka_settings, client_id="tierline-test")
    found = Running(installation, receivers, sender, kafka, told=told)
    await found.watch_anew()
    stack.push_async_callback(found.close_eyes)
    return found


async def _servers(backends: Backends, stack: AsyncExitStack) -> dict[str, str]:
    """A database and a topic prefix of our own on the run's servers."""
    name = backends.new_database_name()
    server = backends.server_url
    url = await databases.create(server, name)
    stack.push_async_callback(databases.drop, server, name)
    return {
        lanes.DATABASE_URL: url,
        lanes.BOOTSTRAP_SERVERS: backends.kafka.bootstrap_servers,
        "TIERLINE_KAFKA__TOPIC_PREFIX": backends.new_prefix(),
    }


def _settings(receivers: Sinks) -> dict[str, str]:
    return {
        "TIERLINE_WORKFLOW_FILE": str(DEMO),
        "TIERLINE_KAFKA__SESSION_TIMEOUT_MS": str(SESSION_MS),
        "TIERLINE_NOTIFIER__SMTP__HOST": "127.0.0.1",
        "TIERLINE_NOTIFIER__SMTP__PORT": str(receivers.smtp_port),
        "TIERLINE_NOTIFIER__SMTP__SECURITY": "none",
        "TIERLINE_NOTIFIER__SMTP__SENDER": "Tierline <support@desk.example>",
        "TIERLINE_NOTIFIER__SEND_SECONDS": "3",
        "TIERLINE_NOTIFIER__LEASE_SECONDS": "8",
        "TIERLINE_NOTIFIER__EGRESS_ALLOW": f'["127.0.0.1:{receivers.hook_port}"]',
    }
