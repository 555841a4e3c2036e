"""A notifier with feeds on a real server: a bench, whose messages are laid into feeds, and its routes."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import httpx2
from sqlalchemy.ext.asyncio import AsyncEngine

from services.notifier.answering import Answering
from services.notifier.answers_api import answer_routes
from services.notifier.domain.recipient import Recipient
from services.notifier.feed.api import feed_routes
from services.notifier.feed.hub import Hub
from services.notifier.feed.page import page_routes
from services.notifier.feed.shelf import Feeds
from services.notifier.senders.feed import FeedSender
from shared.contracts import EscalationRaised, TicketAssigned, TicketOpened
from shared.http.app import create_app
from shared.http.auth import Keyring, new_key
from shared.observability.metrics import Catalogue, RuntimeMetrics
from shared.policy import parse_workflow
from shared.runtime.http_server import HttpServer
from shared.settings import ApiKey, HttpSettings
from tests.support.builders import a
from tests.support.notifier_bench import Bench
from tests.support.telling import WORKFLOW

KEY, DIGEST = new_key()
#: A key that opens nothing.
BLIND_KEY, _BLIND_DIGEST = new_key()
SCOPES = frozenset({"recipients:write", "feed:read", "notifications:answer"})
_KEYS = {
    "tests": ApiKey(sha256=DIGEST, scopes=SCOPES),
    "blind": ApiKey(sha256=_BLIND_DIGEST, scopes=frozenset()),
}

MARA = Recipient(
    recipient_id="mara",
    name="Mara",
    team="specialists",
    roles=frozenset({"manager"}),
    channels={"feed": ""},
)
SOFIA = Recipient(
    recipient_id="sofia",
    name="Sofia",
    team="specialists",
    roles=frozenset({"team_lead"}),
    channels={"feed": ""},
)

HOSTILE = "<script>alert('x')</script>\n\ndata: {}\n\nevent: welcome"


async def a_bench(engine: AsyncEngine) -> Bench:
    """A notifier that knows Mara and Sofia, whose messages are laid into their feeds, and a ticket."""
    policy = parse_workflow(
        WORKFLOW.replace("via: [email]", "via: [feed]").replace("[webhook]", "[feed]")
    )
    made = Bench(engine, policy=policy, senders={"feed": FeedSender(Feeds(engine))})
    await made.know([MARA, SOFIA])
    await made.hear(a(TicketOpened, subject_line=HOSTILE))
    await made.hear(a(TicketAssigned, agent_id="sofia", team="specialists"))
    return made


async def a_page(bench: Bench) -> None:
    """An escalation pages Mara and Sofia."""
    await bench.hear(a(EscalationRaised))
    await bench.deliver()


class Feed:
    """A server with feeds, and the worker that looks for what is new."""

    def __init__(
        self, bench: Bench, *, room: int = 10, heartbeat_seconds: float = 15.0, port: int = 0
    ) -> None:
        self.bench = bench
        self.port = port
        self.stopping = False
        self.hub = Hub(bench.engine, bench.composer, room=room, is_stopping=lambda: self.stopping)
        answering = Answering(
            bench.engine,
            bench.writer,
            bench.clock,
            bench.metrics,
            reasons=bench.policy.escalation.manual_reasons.keys(),
        )
        catalogue = Catalogue("notifier")
        self.app = create_app(
            service="notifier",
            catalogue=catalogue,
            metrics=RuntimeMetrics(catalogue),
            settings=HttpSettings(),
            api_keys=Keyring(_KEYS, clock=bench.clock),
            readiness=_ready,
            routes=[
                feed_routes(
                    bench.engine,
                    bench.writer,
                    self.hub,
                    answering,
                    heartbeat_seconds=heartbeat_seconds,
                ),
                answer_routes(bench.engine, answering),
                page_routes(),
            ],
        )

    @asynccontextmanager
    async def served(self) -> AsyncIterator[httpx2.AsyncClient]:
        """A client of the server."""
        server = HttpServer(self.app, HttpSettings(port=self.port))
        running = asyncio.create_task(server.run())
        headers = {"authorization": f"Bearer {KEY}"}
        async with httpx2.AsyncClient(base_url=server.url, headers=headers, timeout=10) as client:
            yield client
            self.stopping = True
            await self.hub.step()
        server.stop()
        await asyncio.wait_for(running, 10)


async def _ready() -> list[str]:
    return []
