"""The whole notifier: facts from the topics, mail and webhooks to real receivers, a link that answers."""

from __future__ import annotations

import asyncio
import json
import re
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path

import httpx2
import pytest
from pydantic import SecretStr
from sqlalchemy.ext.asyncio import AsyncEngine
from standardwebhooks import Webhook

from services.notifier.config import NotifierSection, NotifierSettings
from services.notifier.contacts import Contacts
from services.notifier.domain.delivery import Outcome, Result
from services.notifier.domain.recipient import Recipient
from services.notifier.main import build
from services.notifier.senders.settings import SmtpSettings, WebhookSettings
from services.notifier.store import recipients
from shared.clock import SystemClock
from shared.contracts import (
    NOTIFICATIONS,
    EscalationRaised,
    NotificationAcknowledged,
    TicketAssigned,
    TicketOpened,
    decode,
    encode,
    headers,
)
from shared.http.egress import Egress
from shared.kafka import topics
from shared.kafka.memory import MemoryBroker
from shared.runtime.service import Service
from shared.settings import DatabaseSettings, HttpSettings
from tests.support.builders import ESCALATION, a, an_event
from tests.support.sinks import HookSink, MailSink, a_mail_relay, a_webhook_endpoint, answer
from tests.support.telling import LENA, SOFIA, WORKFLOW

pytestmark = pytest.mark.postgres

SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"


def contact(**known: str | None) -> bytes:
    """Intake's answer about a customer."""
    body = json.dumps({"customer_id": "acme", **known}).encode()
    return b"HTTP/1.1 200 OK\r\ncontent-length: %d\r\n\r\n%s" % (len(body), body)


@asynccontextmanager
async def served(service: Service) -> AsyncIterator[str]:
    """The service runs; its base URL."""
    running = asyncio.create_task(service.serve())
    while service.port is None:  # noqa: ASYNC110 -- there is no event for it
        await asyncio.sleep(0.01)
    try:
        yield f"http://127.0.0.1:{service.port}"
    finally:
        service.stop()
        async with asyncio.timeout(25):
            await running


async def until(what: Callable[[], bool]) -> None:
    """Wait until it is so; gives up after a while."""
    async with asyncio.timeout(20):
        while not what():  # noqa: ASYNC110 -- seen from outside, as its receivers do
            await asyncio.sleep(0.02)


def a_notifier(
    url: str,
    broker: MemoryBroker,
    workflow: Path,
    *,
    mail: MailSink,
    hook: HookSink,
    intake: HookSink,
) -> Service:
    settings = NotifierSettings(
        database=DatabaseSettings(url=SecretStr(url)),
        http=HttpSettings(port=0),
        workflow_file=workflow,
        notifier=NotifierSection(
            smtp=SmtpSettings(
                host="127.0.0.1",
                port=mail.port,
                security="none",
                sender="Acme <support@acme.example>",
            ),
            webhook=WebhookSettings(secret=SecretStr(SECRET)),
            intake_url=intake.url.removesuffix("/hook"),
            intake_key=SecretStr("the-key"),
            public_url="http://notifier.test",
            egress_allow=hook.allowed,
        ),
    )
    return build(settings, clock=SystemClock(), kafka=broker)


async def test_an_escalation_reaches_everybody_and_a_confirmation_comes_back(
    database_url: str, engine_for: Callable[[str], AsyncEngine], tmp_path: Path
) -> None:
    workflow = tmp_path / "workflow.yaml"
    workflow.write_text(WORKFLOW)
    broker = MemoryBroker(SystemClock())
    await topics.apply(broker)
    async with (
        a_mail_relay() as mail,
        a_webhook_endpoint() as hook,
        a_webhook_endpoint(*[contact(email="jo@acme.example")] * 4) as intake,
    ):
        mara = Recipient(
            recipient_id="mara",
            name="Mara",
            team="specialists",
            roles=frozenset({"manager"}),
            channels={"webhook": hook.url},
        )
        async with engine_for("notifier").begin() as tx:
            await recipients.put(tx, [SOFIA, LENA, mara])
        now = SystemClock().now()
        for event in (
            an_event(a(TicketOpened), at=now),
            an_event(a(TicketAssigned, agent_id="sofia", team="specialists"), at=now),
            an_event(a(EscalationRaised, audience=[]), at=now),
        ):
            broker.append(event.topic, event.subject, encode(event), headers=headers(event))
        service = a_notifier(database_url, broker, workflow, mail=mail, hook=hook, intake=intake)
        async with served(service) as base, httpx2.AsyncClient() as browser:
            await until(lambda: len(mail.mails) >= 2 and len(hook.requests) >= 1)
            page = hook.requests[0]
            told = Webhook(SECRET).verify(page.body, page.headers)
            link = base + re.sub("^http://notifier.test", "", told["data"]["acknowledge_link"])
            looked = await browser.get(link)
            confirmed = await browser.post(link)

            def acknowledged() -> list[NotificationAcknowledged]:
                said = [decode(r.value).payload for r in broker.records(NOTIFICATIONS)]
                return [p for p in said if isinstance(p, NotificationAcknowledged)]

            await until(lambda: bool(acknowledged()))
            metrics = (await browser.get(f"{base}/metrics")).text
            ready = await browser.get(f"{base}/readyz")

    assert [["jo@acme.example"], ["jo@acme.example"]] == [to for _, to in mail.envelopes]
    assert "Bearer the-key" == intake.requests[0].headers["authorization"]
    assert "/v1/customers/acme/contact" == intake.requests[0].path
    assert ("mara", "handoff") == (told["data"]["recipient_id"], told["data"]["template"])
    assert (200, 200, 200) == (looked.status_code, confirmed.status_code, ready.status_code)
    assert ("mara", ESCALATION) == (
        acknowledged()[0].recipient_id,
        acknowledged()[0].escalation_id,
    )
    assert 'tierline_notifications_total{channel="webhook",outcome="sent"' in metrics


@pytest.mark.parametrize(
    ("said", "expected"),
    [
        (contact(email="jo@acme.example"), "jo@acme.example"),
        (contact(email=None), Outcome.DEAD),
        (contact(), Outcome.DEAD),
        (answer(404), Outcome.DEAD),
        (answer(401), Outcome.RETRY),
        (answer(503), Outcome.RETRY),
        (answer(200), Outcome.RETRY),
    ],
)
async def test_without_an_address_nothing_is_sent_and_the_outcome_says_so(
    said: bytes, expected: object
) -> None:
    async with a_webhook_endpoint(said) as intake:
        contacts = Contacts(
            Egress(intake.allowed), url=intake.url.removesuffix("/hook"), key="the-key"
        )
        found = await contacts.of("acme")

    assert expected == (found.outcome if isinstance(found, Result) else found.email)


async def test_a_customer_id_cannot_change_what_intake_is_asked() -> None:
    async with a_webhook_endpoint(contact(email="jo@acme.example")) as intake:
        contacts = Contacts(
            Egress(intake.allowed), url=intake.url.removesuffix("/hook"), key="the-key"
        )
        await contacts.of("../../v1/tickets?x=#é")

    assert "/v1/customers/..%2F..%2Fv1%2Ftickets%3Fx%3D%23%C3%A9/contact" == intake.requests[0].path
