"""The whole notifier: an event on the topic, a subscription over HTTP, a webhook at a real receiver."""

from __future__ import annotations

import asyncio

import httpx2
import pytest
from pydantic import SecretStr
from standardwebhooks import Webhook

from services.notifier.config import NotifierSection, NotifierSettings
from services.notifier.main import build
from shared.clock import SystemClock
from shared.contracts import SlaBreached, encode, headers
from shared.http.auth import SCOPES, fingerprint
from shared.kafka import topics
from shared.kafka.memory import MemoryBroker
from shared.settings import ApiKey, DatabaseSettings, HttpSettings
from tests.support.builders import a, an_event
from tests.support.sinks import a_webhook_endpoint

pytestmark = pytest.mark.postgres

KEY = "tl_test"


async def test_a_breach_on_the_topic_arrives_at_a_subscriber(database_url: str) -> None:
    broker = MemoryBroker(SystemClock())
    await topics.apply(broker)
    async with (
        a_webhook_endpoint() as sink,
        httpx2.AsyncClient(headers={"x-api-key": KEY}) as caller,
        asyncio.timeout(50),
    ):
        settings = NotifierSettings(
            database=DatabaseSettings(url=SecretStr(database_url)),
            http=HttpSettings(port=0),
            api_keys={"test": ApiKey(sha256=fingerprint(KEY), scopes=SCOPES)},
            notifier=NotifierSection(egress_allow=sink.allowed),
        )
        service = build(settings, clock=SystemClock(), kafka=broker)
        running = asyncio.create_task(service.serve())
        while service.port is None:  # noqa: ASYNC110 -- there is no event for it
            await asyncio.sleep(0.01)
        url = f"http://127.0.0.1:{service.port}/v1/subscriptions"
        made = (await caller.post(url, json={"url": sink.url, "events": ["sla.*"]})).json()
        event = an_event(a(SlaBreached), at=SystemClock().now())
        broker.append(event.topic, event.subject, encode(event), headers=headers(event))
        while not sink.requests:  # noqa: ASYNC110 -- seen from outside, as its receiver does
            await asyncio.sleep(0.02)
        [got] = sink.requests
        service.stop()
        await running

    assert encode(event) == got.body
    assert str(event.id) == Webhook(made["secret"]).verify(got.body, got.headers)["id"]
