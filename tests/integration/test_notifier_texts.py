"""Texts that Twilio took and could not deliver: told over the fallback channel, once, if somebody still needs it."""

from __future__ import annotations

import asyncio
import base64
import hashlib
import hmac
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass
from urllib.parse import urlencode

import httpx2
import pytest
from pydantic import SecretStr
from sqlalchemy.ext.asyncio import AsyncEngine

from services.notifier.domain.delivery import Outcome, Result
from services.notifier.domain.recipient import Recipient
from services.notifier.senders.settings import SmsSettings
from services.notifier.sms_status import TextStatuses, sms_status_routes
from shared.contracts import EscalationAcknowledged, EscalationRaised, TicketOpened
from shared.contracts.notifications import NotificationFailed
from shared.db.engine import fetch
from shared.http.app import create_app
from shared.http.auth import Keyring
from shared.observability.metrics import Catalogue, RuntimeMetrics
from shared.policy import parse_workflow
from shared.settings import HttpSettings
from tests.support.builders import a
from tests.support.notifier_bench import Bench, Obedient
from tests.support.telling import WORKFLOW

pytestmark = pytest.mark.postgres

NEW, OLD = SecretStr("the new token"), SecretStr("the old token")
URL = "https://notifier.test/v1/sms/status"
SID = "SM" + "1" * 32
SOFIA = Recipient(
    recipient_id="sofia",
    name="Sofia",
    channels={"sms": "+4915112345678", "email": "sofia@desk.example"},
)


@dataclass
class Twilio:
    """Who calls back."""

    bench: Bench
    sms: Obedient
    mail: Obedient
    client: httpx2.AsyncClient

    async def says(
        self, status: str, *, sid: str = SID, code: str = "30003", token: SecretStr = NEW
    ) -> int:
        """Tell what became of Sofia's text, and let the notifier deliver; returns the status of the answer."""
        answered = await self.calls(status, sid=sid, code=code, token=token)
        await self.bench.deliver()
        return answered

    async def calls(
        self, status: str, *, sid: str = SID, code: str = "30003", token: SecretStr = NEW
    ) -> int:
        """Tell it."""
        url = f"{URL}/{self.sms.messages[0].notification_id}"
        fields = {"MessageSid": sid, "MessageStatus": status, "ErrorCode": code}
        signed = url + "".join(name + fields[name] for name in sorted(fields))
        digest = hmac.new(token.get_secret_value().encode(), signed.encode(), hashlib.sha1)
        answered = await self.client.post(
            url,
            content=urlencode(fields).encode(),
            headers={"x-twilio-signature": base64.b64encode(digest.digest()).decode()},
        )
        return answered.status_code

    async def details(self) -> list[str]:
        """What is noted of the attempts of the text."""
        async with self.bench.engine.connect() as tx:
            return [
                row[0]
                for row in await fetch(
                    tx,
                    "SELECT detail FROM attempt WHERE notification_id = $1",
                    (self.sms.messages[0].notification_id,),
                )
            ]

    async def failed(self) -> list[tuple[str, str | None]]:
        """What was published as failed: the channel, and the one that stands in."""
        return [
            (said.channel, said.fallback_channel)
            for said in await self.bench.said()
            if isinstance(said, NotificationFailed) and said.recipient_id == "sofia"
        ]


@pytest.fixture
async def twilio(engine_for: Callable[[str], AsyncEngine]) -> AsyncIterator[Twilio]:
    """Sofia has been paged by text, which Twilio took."""
    workflow = WORKFLOW.replace("via: [webhook]", "via: [sms]").replace(
        "fallback: {webhook: email}", "fallback: {sms: email}"
    )
    sms, mail = Obedient("sms"), Obedient("email")
    sms.results = [Result(Outcome.SENT, "http 201", reference=SID)]
    senders = {"sms": sms, "email": mail}
    bench = Bench(engine_for("notifier"), policy=parse_workflow(workflow), senders=senders)
    await bench.know([SOFIA])
    await bench.hear(a(TicketOpened, subject_line="Checkout fails"), a(EscalationRaised))
    await bench.deliver()
    mail.messages.clear()  # the customer's own
    settings = SmsSettings(
        account_sid="AC" + "0" * 32, auth_token=NEW, old_auth_token=OLD, sender="+4930123456"
    )
    statuses = TextStatuses(bench.writer, bench.deliverer.record_terms, look_seconds=0.01)

    async def ready() -> list[str]:
        return []

    catalogue = Catalogue("notifier")
    app = create_app(
        service="notifier",
        catalogue=catalogue,
        metrics=RuntimeMetrics(catalogue),
        settings=HttpSettings(),
        api_keys=Keyring({}, clock=bench.clock),
        readiness=ready,
        routes=[sms_status_routes(statuses, settings, url=URL)],
    )
    transport = httpx2.ASGITransport(app=app)
    async with httpx2.AsyncClient(transport=transport, base_url="https://notifier.test") as client:
        yield Twilio(bench, sms, mail, client)


@pytest.mark.parametrize("status", ["undelivered", "failed"])
async def test_D2_a_text_that_reached_nobody_is_told_by_mail(twilio: Twilio, status: str) -> None:
    answered = await twilio.says(status)

    assert answered == 204
    assert [m.recipient_id for m in twilio.mail.messages] == ["sofia"]
    assert await twilio.failed() == [("sms", "email")]
    assert await twilio.details() == [f"http 201; twilio {status} 30003"]


async def test_D2_a_call_that_comes_again_changes_nothing(twilio: Twilio) -> None:
    answered = [await twilio.says("undelivered") for _ in range(3)]
    together = await asyncio.gather(*(twilio.says("undelivered") for _ in range(3)))

    assert [*answered, *together] == [204] * 6
    assert len(twilio.mail.messages) == 1
    assert await twilio.failed() == [("sms", "email")]
    assert await twilio.details() == ["http 201; twilio undelivered 30003"]


async def test_a_text_that_arrived_is_noted_and_tells_nobody_else(twilio: Twilio) -> None:
    answered = [await twilio.says(status, code="") for status in ("sent", "delivered", "delivered")]

    assert answered == [204] * 3
    assert twilio.mail.messages == []
    assert await twilio.details() == ["http 201; twilio delivered"]


async def test_L8_nobody_is_told_of_what_somebody_has_taken_since(twilio: Twilio) -> None:
    await twilio.bench.hear(a(EscalationAcknowledged))
    await twilio.says("undelivered")

    assert twilio.mail.messages == []
    assert await twilio.failed() == []


async def test_D2_what_becomes_of_an_earlier_attempts_text_decides_nothing(twilio: Twilio) -> None:
    answered = await twilio.says("undelivered", sid="SM" + "2" * 32)

    assert (answered, twilio.mail.messages) == (204, [])


async def test_a_call_that_overtakes_our_own_record_is_asked_for_again(
    twilio: Twilio,
) -> None:
    async with twilio.bench.engine.begin() as tx:
        await tx.exec_driver_sql("UPDATE notification SET status = 'leased' WHERE channel = 'sms'")
    early = await twilio.client.post(
        f"{URL}/{twilio.sms.messages[0].notification_id}", content=b"MessageStatus=failed"
    )
    answered = await twilio.calls("failed")

    assert (early.status_code, answered) == (401, 503)
    assert await twilio.failed() == []


async def test_S48_during_a_rotation_both_tokens_prove_the_call_and_no_other(
    twilio: Twilio,
) -> None:
    other = SecretStr("a guess")

    assert [await twilio.says("sent", token=token) for token in (NEW, OLD, other)] == [
        204,
        204,
        401,
    ]
