"""A whole Tierline on this machine: embedded servers where none are named, and the four services.

`tierline up`, the demo and the system tests all start it here.
"""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Mapping
from contextlib import AsyncExitStack
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Final, Self

from shared.db import migrate
from shared.http import keystore
from shared.http.auth import SCOPES, fingerprint, new_key
from shared.kafka import topics
from shared.kafka.aio import AioKafka
from shared.settings import KafkaSettings, ServiceSettings, read

from .credentials import new_webhook_secret
from .fleet import Fleet
from .installation import OWN_WORKFLOW, PORTS, Installation
from .local import Endpoints, LocalPair
from .local.pair import BROKER_TRAITS

_DATABASE: Final = "TIERLINE_DATABASE__URL"
_BROKER: Final = "TIERLINE_KAFKA__BOOTSTRAP_SERVERS"
_KEY_STORE: Final = "TIERLINE_KEY_STORE"
_PREFIX: Final = "TIERLINE_KAFKA__TOPIC_PREFIX"
_WORKFLOW: Final = "TIERLINE_WORKFLOW_FILE"


@dataclass(frozen=True, slots=True)
class Credentials:
    """What callers of this installation prove themselves with; made once and kept in its folder."""

    api_key: str
    webhook_secret: str
    notifier_secret: str

    @classmethod
    def of(cls, data_dir: Path) -> Credentials:
        """Those of `data_dir`, made now if it has none. Only its owner may read them."""
        path = data_dir / "credentials.json"
        if not path.exists():
            made = cls(new_key()[0], new_webhook_secret(), new_webhook_secret())
            path.touch(mode=0o600)
            path.write_text(json.dumps(asdict(made), indent=2))
        return cls(**json.loads(path.read_text()))


def _with_own_workflow(data_dir: Path, settings: Mapping[str, str]) -> dict[str, str]:
    """`settings`, and the workflow that was applied here before unless another one is named."""
    own = data_dir / OWN_WORKFLOW
    if _WORKFLOW in {**os.environ, **settings} or not own.exists():
        return dict(settings)
    return {**settings, _WORKFLOW: str(own.resolve())}


class Standalone:
    """`async with Standalone(...) as tierline`: everything runs and is ready; after it, nothing does.

    `settings` are variables as in the environment, and win over it, here and in every service.
    """

    def __init__(
        self,
        data_dir: Path,
        *,
        ports: Mapping[str, int] = PORTS,
        settings: Mapping[str, str] | None = None,
        tell: Callable[[str], None] = print,
    ) -> None:
        data_dir.mkdir(parents=True, exist_ok=True)
        self.data_dir = data_dir
        self._settings = _with_own_workflow(data_dir, settings or {})
        self._known = {**os.environ, **self._settings}
        self.pair = LocalPair(
            data_dir, postgres=_DATABASE not in self._known, broker=_BROKER not in self._known
        )
        self._credentials = Credentials.of(data_dir)
        self._ports = ports
        self._tell = tell
        self._stack = AsyncExitStack()

    async def __aenter__(self) -> Self:
        """Start the servers, migrate, create the topics, start the services, wait until ready."""
        try:
            await self._stack.enter_async_context(self.pair)
            where = self.pair.endpoints
            self.installation = self._installation(where)
            await migrate.upgrade(self.installation.database_url)
            await topics.apply(AioKafka(self.kafka_settings, client_id="tierline-up"))
            self.fleet = Fleet(
                self._environment(where), log_dir=self.data_dir, ports=self._ports, tell=self._tell
            )
            await self._stack.enter_async_context(self.fleet)
            await self.fleet.ready()
            self.installation.write(self.data_dir)
            self._stack.callback(Installation.forget, self.data_dir)
        except BaseException:
            await self._stack.aclose()
            raise
        return self

    async def __aexit__(self, *_: object) -> None:
        """Drain the services, then stop the servers."""
        await self._stack.aclose()

    def _installation(self, where: Endpoints) -> Installation:
        traits = BROKER_TRAITS if where.bootstrap_servers else {}
        return Installation(
            database_url=where.database_url or self._known[_DATABASE],
            bootstrap_servers=where.bootstrap_servers or self._known[_BROKER],
            urls={name: f"http://127.0.0.1:{port}" for name, port in self._ports.items()},
            api_key=self._credentials.api_key,
            webhook_secret=self._credentials.webhook_secret,
            kafka={**traits, "topic_prefix": self._known.get(_PREFIX, "")},
            workflow_file=self._known.get(_WORKFLOW),
        )

    @property
    def kafka_settings(self) -> KafkaSettings:
        """The broker as our own commands speak to it."""
        where = self.installation
        changes = {"bootstrap_servers": where.bootstrap_servers, **where.kafka}
        return read(ServiceSettings).kafka.model_copy(update=changes)

    def _environment(self, where: Endpoints) -> dict[str, str]:
        """What every service of this installation is told."""
        known = self._credentials
        key = {"sha256": fingerprint(known.api_key), "scopes": sorted(SCOPES)}
        return {
            **where.environment,
            "TIERLINE_API_KEYS": json.dumps({"local": key}),
            _KEY_STORE: self._known.get(_KEY_STORE, str(self.data_dir.resolve() / keystore.FILE)),
            "TIERLINE_INTAKE__SOURCES": json.dumps(
                {"generic": {"channel": "generic", "secrets": [known.webhook_secret]}}
            ),
            "TIERLINE_NOTIFIER__WEBHOOK__SECRET": known.notifier_secret,
            "TIERLINE_NOTIFIER__INTAKE_URL": f"http://127.0.0.1:{self._ports['intake']}",
            "TIERLINE_NOTIFIER__INTAKE_KEY": known.api_key,
            "TIERLINE_NOTIFIER__PUBLIC_URL": f"http://127.0.0.1:{self._ports['notifier']}",
            **self._settings,
        }
