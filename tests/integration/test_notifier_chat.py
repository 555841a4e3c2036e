"""Pages answered from Slack and by text: as the person they are for, once, and by nobody else."""

from __future__ import annotations

import asyncio
import base64
import hashlib
import hmac
import json
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, replace
from datetime import date, timedelta
from urllib.parse import urlencode

import httpx2
import pytest
from pydantic import SecretStr
from sqlalchemy.ext.asyncio import AsyncEngine

from services.notifier.answering import Answering
from services.notifier.chat_api import chat_routes
from services.notifier.config import NotifierSection
from services.notifier.domain.recipient import Recipient
from services.notifier.domain.short_id import short_id
from services.notifier.senders.settings import SlackSettings, SmsSettings
from services.notifier.senders.slack import token_of
from services.notifier.signatures import form_of
from services.notifier.store.texts import TextDays
from shared.contracts import (
    EscalationRaised,
    NotificationAcknowledged,
    NotificationAnswered,
    TicketOpened,
)
from shared.contracts.vocabulary import Answer
from shared.http.app import App, create_app
from shared.http.auth import Keyring
from shared.http.egress import Egress
from shared.observability.metrics import Catalogue, RuntimeMetrics
from shared.policy import parse_workflow
from shared.settings import HttpSettings
from tests.support.builders import a
from tests.support.notifier_bench import Bench, Obedient
from tests.support.sinks import HookSink, a_webhook_endpoint
from tests.support.telling import WORKFLOW

pytestmark = pytest.mark.postgres

SECRET = "the secret of the app"
NUMBER = "+4915112345678"
PUBLIC = "https://notifier.test"
REASON = "outside_authority"

#: Mara is written to herself; the managers' room is everybody's who is in it; Sofia gets texts.
MARA = Recipient(
    recipient_id="mara",
    name="Mara",
    team="specialists",
    roles=frozenset({"manager"}),
    channels={"slack": "U0MARA"},
)
ROOM = Recipient(
    recipient_id="room",
    team="specialists",
    roles=frozenset({"manager"}),
    channels={"slack": "C0MANAGERS"},
)
SOFIA = Recipient(recipient_id="sofia", name="Sofia", channels={"sms": NUMBER})


@dataclass
class Phone:
    """What Slack and Twilio would post for somebody, rightly signed."""

    bench: Bench
    slack: Obedient
    sms: Obedient
    client: httpx2.AsyncClient
    sink: HookSink

    async def click(self, recipient_id: str, answer: str, *, user: str = "U0MARA") -> str:
        """Click a button of that recipient's message; returns what the clicker is told."""
        [message] = [m for m in self.slack.messages if m.recipient_id == recipient_id]
        return await self.click_token(token_of(message), answer, user=user)

    async def click_token(self, token: str | None, answer: str, *, user: str = "U0MARA") -> str:
        """Click a button that carries `token`."""
        payload = {
            "type": "block_actions",
            "user": {"id": user},
            "actions": [{"action_id": answer, "value": token}],
            "response_url": self.sink.url,
        }
        posted = await self.post_slack(urlencode({"payload": json.dumps(payload)}).encode())
        assert (200, b"") == (posted.status_code, posted.content)
        return str(json.loads(self.sink.requests[-1].body)["text"])

    async def post_slack(self, raw: bytes, *, secret: str = SECRET) -> httpx2.Response:
        """Post a form as Slack does."""
        at = str(int(self.bench.clock.now().timestamp()))
        signed = b"v0:%s:%s" % (at.encode(), raw)
        digest = hmac.new(secret.encode(), signed, hashlib.sha256).hexdigest()
        return await self.client.post(
            "/v1/slack/interactions",
            content=raw,
            headers={"x-slack-request-timestamp": at, "x-slack-signature": f"v0={digest}"},
        )

    async def text(self, words: str, *, number: str = NUMBER, secret: str = SECRET) -> str:
        """Send a text from `number`; returns what comes back."""
        raw = urlencode({"From": number, "Body": words}).encode()
        signed = f"{PUBLIC}/v1/sms/replies" + "".join(
            name + value for name, value in sorted(form_of(raw).items())
        )
        digest = hmac.new(secret.encode(), signed.encode(), hashlib.sha1).digest()
        answered = await self.client.post(
            "/v1/sms/replies",
            content=raw,
            headers={"x-twilio-signature": base64.b64encode(digest).decode()},
        )
        return answered.text if answered.status_code == 200 else str(answered.status_code)

    def code(self) -> str:
        """The short id in Sofia's text."""
        return short_id(self.sms.messages[0].notification_id)

    async def answers(self) -> list[tuple[str, str, str]]:
        """Who answered what and how, as it was published."""
        return [
            (p.recipient_id, "acknowledge", p.via)
            if isinstance(p, NotificationAcknowledged)
            else (p.recipient_id, p.answer.value, p.via)
            for p in await self.bench.said()
            if isinstance(p, NotificationAcknowledged | NotificationAnswered)
        ]


@pytest.fixture
async def phone(engine_for: Callable[[str], AsyncEngine]) -> AsyncIterator[Phone]:
    """Mara, the room and Sofia have been paged about one escalation."""
    workflow = WORKFLOW.replace("via: [webhook]", "via: [slack, sms]")
    slack, sms = Obedient("slack"), Obedient("sms")
    senders = {"slack": slack, "sms": sms}
    bench = Bench(engine_for("notifier"), policy=parse_workflow(workflow), senders=senders)
    await bench.know([MARA, ROOM, SOFIA])
    await bench.hear(a(TicketOpened, subject_line="Checkout fails"))
    await bench.hear(a(EscalationRaised))
    await bench.deliver()
    async with a_webhook_endpoint() as sink:
        transport = httpx2.ASGITransport(app=_app(bench, sink))
        async with httpx2.AsyncClient(transport=transport, base_url=PUBLIC) as client:
            yield Phone(bench, slack, sms, client, sink)


def _app(bench: Bench, sink: HookSink) -> App:
    async def ready() -> list[str]:
        return []

    section = NotifierSection(
        public_url=PUBLIC,
        slack=SlackSettings(signing_secret=SecretStr(SECRET)),
        sms=SmsSettings(
            account_sid="AC" + "0" * 32,
            auth_token=SecretStr(SECRET),
            sender="+4930123456",
            texts_per_day=8,
        ),
    )
    answering = Answering(
        bench.engine,
        bench.writer,
        bench.clock,
        bench.metrics,
        reasons={REASON: "next_level"}.keys(),
    )
    catalogue = Catalogue("notifier")
    return create_app(
        service="notifier",
        catalogue=catalogue,
        metrics=RuntimeMetrics(catalogue),
        settings=HttpSettings(),
        api_keys=Keyring({}, clock=bench.clock),
        readiness=ready,
        routes=chat_routes(
            section,
            engine=bench.engine,
            answering=answering,
            egress=Egress(sink.allowed),
            clock=bench.clock,
        ),
    )


@pytest.mark.parametrize("answer", list(Answer))
async def test_D7_a_click_answers_as_the_person_the_page_is_for(
    phone: Phone, answer: Answer
) -> None:
    told = await phone.click("mara", answer.value)

    assert [("mara", answer.value, "slack")] == await phone.answers()
    assert told.startswith("#")


async def test_S48_a_second_click_changes_nothing(phone: Phone) -> None:
    await phone.click("mara", "acknowledge")
    told = await phone.click("mara", "acknowledge")

    assert "You have answered so before; nothing was changed now." == told
    assert 1 == len(await phone.answers())


async def test_S48_a_page_to_a_person_is_theirs_alone(phone: Phone) -> None:
    told = await phone.click("mara", "acknowledge", user="U0SOMEBODY")

    assert "That page is for somebody else." == told
    assert [] == await phone.answers()


async def test_a_page_to_a_room_is_for_everybody_in_it(phone: Phone) -> None:
    await phone.click("room", "acknowledge", user="U0SOMEBODY")

    assert [("room", "acknowledge", "slack")] == await phone.answers()


@pytest.mark.parametrize("answer", list(Answer))
async def test_a_page_to_a_room_is_answered_by_whoever_clicks(phone: Phone, answer: Answer) -> None:
    await phone.click("room", answer.value, user="U0MARA")

    assert [("mara", answer.value, "slack")] == await phone.answers()


async def test_nobody_takes_a_rooms_page_without_being_known(phone: Phone) -> None:
    told = await phone.click("room", "take", user="U0SOMEBODY")

    assert told.startswith("Nobody in the directory has your Slack account")
    assert [] == await phone.answers()


async def test_an_account_of_two_people_says_of_neither_who_clicked(phone: Phone) -> None:
    await phone.bench.know([replace(MARA, recipient_id="mara-on-call")])

    await phone.click("room", "acknowledge", user="U0MARA")
    await phone.click("mara", "take", user="U0MARA")

    assert [("room", "acknowledge", "slack"), ("mara", "take", "slack")] == await phone.answers()


async def test_S48_a_token_nobody_gave_out_answers_nothing(phone: Phone) -> None:
    assert "There is no such page for you." == await phone.click_token("made up", "acknowledge")
    assert [] == await phone.answers()


async def test_S48_a_click_slack_did_not_sign_is_refused(phone: Phone) -> None:
    refused = await phone.post_slack(b"payload=%7B%7D", secret="another")

    assert 401 == refused.status_code


@pytest.mark.parametrize(
    "raw",
    [
        b"",
        b"payload=",
        b"payload=[]",
        b"payload=%7B%22type%22%3A%22view_submission%22%7D",
        b"payload=%7B%22type%22%3A%22block_actions%22%2C%22actions%22%3A%5B%5D%7D",
        b"\xff\xfe",
    ],
)
async def test_what_is_no_click_on_a_button_of_ours_means_nothing(phone: Phone, raw: bytes) -> None:
    posted = await phone.post_slack(raw)

    assert (200, []) == (posted.status_code, await phone.answers())


@pytest.mark.parametrize(
    ("words", "answer"),
    [
        ("ack {}", "acknowledge"),
        ("Take {}", "take"),
        ("snooze {} 45", "snooze"),
        ("up {}", "escalate"),
        ("ack", "acknowledge"),
    ],
)
async def test_D7_a_text_answers_as_the_person_whose_number_it_is(
    phone: Phone, words: str, answer: str
) -> None:
    told = await phone.text(words.format(phone.code()))

    assert [("sofia", answer, "sms")] == await phone.answers()
    assert "<Response><Message>#" in told


async def test_a_snooze_by_text_lasts_as_long_as_it_says(phone: Phone) -> None:
    await phone.text(f"snooze {phone.code()} 45")

    [said] = [p for p in await phone.bench.said() if isinstance(p, NotificationAnswered)]
    assert phone.bench.clock.now() + timedelta(minutes=45) == said.until


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        ("who is this?", "four letters of the page"),
        ("ack ZZZZ", "There is no such page for you."),
        ("snooze {} 9999", "Say for how long"),
        ("up {} because", f"Say for which reason: {REASON}."),
    ],
)
async def test_a_text_that_is_no_answer_is_told_so(phone: Phone, words: str, expected: str) -> None:
    told = await phone.text(words.format(phone.code()))

    assert expected in told
    assert [] == await phone.answers()


async def test_S48_strangers_and_words_for_the_carrier_are_told_nothing(phone: Phone) -> None:
    stranger = await phone.text(f"ack {phone.code()}", number="+4917000000000")
    carrier = await phone.text("STOP")

    assert ["<Response></Response>"] * 2 == [stranger, carrier]
    assert [] == await phone.answers()


async def test_S48_a_text_twilio_did_not_sign_is_refused(phone: Phone) -> None:
    assert "401" == await phone.text("ack", secret="another")


async def test_a_page_too_old_cannot_be_answered_by_its_short_id(phone: Phone) -> None:
    code = phone.code()
    await phone.bench.advance(hours=73)

    assert "There is no such page for you." in await phone.text(f"ack {code}")


async def test_D5_two_machines_that_text_each_other_fall_silent(phone: Phone) -> None:
    told = [await phone.text("I am not at my desk") for _ in range(10)]

    assert 8 == sum("<Message>" in text for text in told)


async def test_the_texts_of_a_day_are_counted_over_all_processes(phone: Phone) -> None:
    days = [TextDays(phone.bench.engine) for _ in range(3)]
    monday = date(2026, 6, 1)

    taken = await asyncio.gather(*(days[n % 3].take(monday, 5) for n in range(12)))
    await days[0].give_back(monday)
    again = [await days[1].take(monday, 5) for _ in range(2)]

    assert 5 == taken.count(True)
    assert [True, False] == again
    assert await days[2].take(date(2026, 6, 2), 5)
    assert not await days[2].take(date(2026, 6, 3), 0)
