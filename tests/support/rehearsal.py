"""Two systems for a rehearsal: one that has lived, and an empty one on other servers, to be restored into."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import AsyncIterator, Iterator, Mapping
from contextlib import AsyncExitStack, asynccontextmanager, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from services.demo.capture import Sinks
from services.fleet import free_ports
from services.installation import PORTS
from services.local import LocalPair
from services.standalone import Standalone
from shared.settings import KafkaSettings

from . import databases, lanes
from .backends import Backends
from .lanes import Lane
from .running import DEMO, SESSION_MS, Said, run_command

#: Seconds a command may take on a busy machine.
PATIENCE: Final = 150.0

#: What the messages to receivers are signed with, in both lives.
SECRET: Final = "whsec_" + "cmVoZWFyc2Vk" * 4


@dataclass(frozen=True)
class Ground:
    """An empty database and an empty broker, and the folder of the installation that will use them."""

    folder: Path
    servers: Mapping[str, str]

    @property
    def kafka(self) -> KafkaSettings:
        """How this ground's broker is spoken to."""
        return KafkaSettings(
            bootstrap_servers=self.servers[lanes.BOOTSTRAP_SERVERS],
            topic_prefix=self.servers.get("TIERLINE_KAFKA__TOPIC_PREFIX", ""),
            idempotence=self.servers.get("TIERLINE_KAFKA__IDEMPOTENCE") != "false",
        )

    def tierline(self, receivers: Sinks, **settings: str) -> Standalone:
        """An installation on this ground; `settings` are added to those of every rehearsal."""
        ports = free_ports(list(PORTS))
        common = {
            "TIERLINE_WORKFLOW_FILE": str(DEMO),
            "TIERLINE_KAFKA__SESSION_TIMEOUT_MS": str(SESSION_MS),
            "TIERLINE_NOTIFIER__SMTP__HOST": "127.0.0.1",
            "TIERLINE_NOTIFIER__SMTP__PORT": str(receivers.smtp_port),
            "TIERLINE_NOTIFIER__SMTP__SECURITY": "none",
            "TIERLINE_NOTIFIER__SMTP__SENDER": "Tierline <support@desk.example>",
            "TIERLINE_NOTIFIER__SEND_SECONDS": "3",
            "TIERLINE_NOTIFIER__LEASE_SECONDS": "8",
            "TIERLINE_NOTIFIER__WEBHOOK__SECRET": SECRET,
            "TIERLINE_NOTIFIER__EGRESS_ALLOW": f'["127.0.0.1:{receivers.hook_port}"]',
        }
        return Standalone(
            self.folder,
            ports=ports,
            settings={**common, **self.servers, **settings},
            tell=lambda _: None,
        )

    async def command(self, *words: str) -> Said:
        """`tierline WORDS` on these servers, with the demo's workflow."""
        environment = {**self.servers, "TIERLINE_WORKFLOW_FILE": str(DEMO)}
        return await run_command(*words, environment=environment, seconds=PATIENCE)


@asynccontextmanager
async def ground(backends: Backends, folder: Path) -> AsyncIterator[Ground]:
    """Nothing yet, on servers of the lane: on the embedded one an own pair, elsewhere an own database and
    topic prefix.
    """
    async with AsyncExitStack() as stack:
        stack.callback(shutil.rmtree, folder, ignore_errors=True)
        if backends.lane is Lane.EMBEDDED:
            pair = await stack.enter_async_context(LocalPair(folder))
            yield Ground(folder, pair.endpoints.environment)
            return
        name = backends.new_database_name()
        url = await databases.create(backends.server_url, name)
        stack.push_async_callback(databases.drop, backends.server_url, name)
        yield Ground(
            folder,
            {
                lanes.DATABASE_URL: url,
                lanes.BOOTSTRAP_SERVERS: backends.kafka.bootstrap_servers,
                "TIERLINE_KAFKA__TOPIC_PREFIX": backends.new_prefix(),
            },
        )


@contextmanager
def root() -> Iterator[Path]:
    """A folder whose path is short, for sockets, and open, for PostgreSQL may be another user."""
    with tempfile.TemporaryDirectory(prefix="tierline-") as name:
        folder = Path(name)
        folder.chmod(0o755)
        yield folder
