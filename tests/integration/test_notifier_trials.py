"""Test messages: one to one recipient, at once, about no ticket; over HTTP and the command line."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Iterator
from pathlib import Path
from typing import Any, TypeAlias

import httpx2
import pytest
from pydantic import SecretStr
from sqlalchemy.ext.asyncio import AsyncEngine
from typer.testing import CliRunner

from services.cli import build as build_cli
from services.installation import Installation
from services.notifier.config import NotifierSection, NotifierSettings
from services.notifier.domain.bucket import Rate
from services.notifier.domain.delivery import Outcome, Result
from services.notifier.domain.recipient import Recipient
from services.notifier.domain.target import Limits
from services.notifier.domain.trial import NO_TICKET
from services.notifier.main import build
from services.notifier.senders.settings import LogSettings
from services.notifier.store import targets
from services.notifier.trials import Trials, trial_routes
from shared.clock import SystemClock
from shared.db.engine import fetch
from shared.http.app import create_app
from shared.http.auth import SCOPES, Keyring, fingerprint, new_key
from shared.kafka.memory import MemoryBroker
from shared.observability.metrics import Catalogue, RuntimeMetrics
from shared.settings import ApiKey, DatabaseSettings, HttpSettings
from tests.support.notifier_bench import Bench
from tests.support.served import served
from tests.support.telling import SOFIA

#: Commands are processes, and take their time to start on a busy machine.
pytestmark = [pytest.mark.postgres, pytest.mark.timeout(240)]

KEY, DIGEST = new_key()
READER, READER_DIGEST = new_key()

FEEDER = Recipient(recipient_id="fey", name="Fey", channels={"feed": ""})
GRETA = Recipient(
    recipient_id="greta", name="Greta", language="de", channels={"email": "greta@desk.example"}
)

Line: TypeAlias = Callable[..., tuple[int, str]]


@pytest.fixture
async def bench(engine_for: Callable[[str], AsyncEngine]) -> Bench:
    made = Bench(engine_for("notifier"))
    await made.know([SOFIA, FEEDER, GRETA])
    return made


@pytest.fixture
async def client(bench: Bench) -> AsyncIterator[httpx2.AsyncClient]:
    """A notifier whose mail relay takes one message a second."""

    async def ready() -> list[str]:
        return []

    catalogue = Catalogue("notifier")
    keys = {
        "tests": ApiKey(sha256=DIGEST, scopes=frozenset({"recipients:write"})),
        "reader": ApiKey(sha256=READER_DIGEST, scopes=frozenset({"recipients:read"})),
    }
    trials = Trials(
        bench.writer,
        bench.senders,
        limits=Limits(rates={"email": Rate(1.0)}),
        send_seconds=1.0,
    )
    app = create_app(
        service="notifier",
        catalogue=catalogue,
        metrics=RuntimeMetrics(catalogue),
        settings=HttpSettings(),
        api_keys=Keyring(keys, clock=bench.clock),
        readiness=ready,
        routes=[trial_routes(trials)],
    )
    transport = httpx2.ASGITransport(app=app)
    async with httpx2.AsyncClient(transport=transport, base_url="https://notifier.test") as client:
        yield client


async def tried(
    client: httpx2.AsyncClient, who: str, *, key: str = KEY, **body: Any
) -> tuple[int, Any]:
    """The answer to a test of `who`."""
    answer = await client.post(
        f"/v1/recipients/{who}/test", json=body, headers={"authorization": f"Bearer {key}"}
    )
    return answer.status_code, answer.json()


async def test_one_message_leaves_and_nothing_is_written_down_but_who_asked(
    bench: Bench, client: httpx2.AsyncClient
) -> None:
    bench.mail.results = [Result(Outcome.SENT, "smtp 250", reference="queued-7")]
    status, told = await tried(client, "sofia")

    [message] = bench.mail.messages
    expected = ("sofia", "email", "sent", "smtp 250", "queued-7", str(message.notification_id))
    names = ("recipient_id", "channel", "outcome", "detail", "reference", "notification_id")
    assert (200, expected) == (status, tuple(told[name] for name in names))
    assert (NO_TICKET, "Test message from Tierline") == (message.ticket_id, message.subject)
    async with bench.engine.connect() as tx:
        deeds = await fetch(tx, "SELECT principal, action, object FROM audit")
    assert [("tests", "test_recipient", "sofia over email")] == [tuple(deed) for deed in deeds]
    assert ([], []) == (await bench.rows(), await bench.said())


async def test_the_channel_can_be_named(bench: Bench, client: httpx2.AsyncClient) -> None:
    _, told = await tried(client, "sofia", channel="webhook")

    assert ("webhook", 1, 0) == (
        told["channel"],
        len(bench.hooks.messages),
        len(bench.mail.messages),
    )


async def test_it_is_in_the_readers_language(bench: Bench, client: httpx2.AsyncClient) -> None:
    await tried(client, "greta")

    assert ["Testnachricht von Tierline"] == [m.subject for m in bench.mail.messages]


@pytest.mark.parametrize(
    ("result", "outcome", "detail"),
    [
        (Result(Outcome.RETRY, "smtp 451"), "retry", "smtp 451"),
        (Result(Outcome.DEAD, "smtp 550"), "dead", "smtp 550"),
        (RuntimeError("boom"), "unknown", "unforeseen: RuntimeError"),
    ],
)
async def test_what_came_of_it_is_said_and_nothing_is_tried_again(
    bench: Bench,
    client: httpx2.AsyncClient,
    result: Result | Exception,
    outcome: str,
    detail: str,
) -> None:
    bench.mail.results = [result]
    status, told = await tried(client, "sofia")
    await bench.advance(minutes=10)
    await bench.deliver()

    assert (200, outcome, detail) == (status, told["outcome"], told["detail"])
    assert 1 == len(bench.mail.messages)


async def test_the_rate_of_a_target_is_kept(bench: Bench, client: httpx2.AsyncClient) -> None:
    _, first = await tried(client, "sofia")
    _, second = await tried(client, "greta")
    await bench.advance(seconds=1)
    _, third = await tried(client, "greta")

    assert ["sent", "retry", "sent"] == [told["outcome"] for told in (first, second, third)]
    assert 2 == len(bench.mail.messages)


async def test_a_failure_counts_against_its_target(
    bench: Bench, client: httpx2.AsyncClient
) -> None:
    bench.mail.results = [Result(Outcome.RETRY, "smtp 421")]
    await tried(client, "sofia")

    async with bench.engine.connect() as tx:
        [known] = await targets.everything(tx, bench.clock.now())
    assert ("email", 1) == (known.target.name, known.target.breaker.failures)


@pytest.mark.parametrize(
    ("who", "channel", "said"),
    [
        ("sofia", "sms", "cannot be tested over sms: there is email, webhook"),
        ("fey", None, "cannot be tested over any channel: none of theirs is switched on"),
        ("sofia", "emial", 'no channel "emial", did you mean "email"?'),
    ],
)
async def test_a_channel_that_leads_nowhere_is_refused(
    client: httpx2.AsyncClient, who: str, channel: str | None, said: str
) -> None:
    status, told = await tried(client, who, channel=channel)

    assert 422 == status
    assert said in str(told["errors"])


async def test_nobody_is_tested_who_is_not_known(client: httpx2.AsyncClient) -> None:
    status, told = await tried(client, "sofi")

    assert 404 == status
    assert 'did you mean "sofia"?' in told["detail"]


async def test_it_takes_who_may_write(bench: Bench, client: httpx2.AsyncClient) -> None:
    status, _ = await tried(client, "sofia", key=READER)

    assert (403, []) == (status, bench.mail.messages)


@pytest.fixture
def tierline(database_url: str, tmp_path: Path) -> Iterator[Line]:
    """A command line, and a notifier that writes to its log only."""
    settings = NotifierSettings(
        database=DatabaseSettings(url=SecretStr(database_url)),
        api_keys={"test": ApiKey(sha256=fingerprint("tl_test"), scopes=SCOPES)},
        notifier=NotifierSection(log=LogSettings()),
    )

    def line(*words: str, answer: str | None = None) -> tuple[int, str]:
        environment = {
            "TIERLINE_LOCAL__DATA_DIR": str(tmp_path),
            "TIERLINE_DATABASE__URL": None,
            "TIERLINE_KAFKA__BOOTSTRAP_SERVERS": None,
        }
        result = CliRunner().invoke(build_cli(words[0]), list(words), env=environment, input=answer)
        return result.exit_code, result.output

    clock = SystemClock()
    with served(lambda: build(settings, clock=clock, kafka=MemoryBroker(clock))) as url:
        Installation(database_url, "", {"notifier": url}, api_key="tl_test").write(tmp_path)
        body = {"name": "Ana", "channels": {"log": True, "email": "ana@desk.example"}}
        headers = {"authorization": "Bearer tl_test"}
        assert httpx2.put(f"{url}/v1/recipients/ana", json=body, headers=headers).is_success
        yield line


def test_the_command_asks_sends_and_says_what_came_of_it(tierline: Line) -> None:
    asked = tierline("notify", "test", "ana", answer="n\n")
    sent = tierline("notify", "test", "ana", "--yes")
    wrong = tierline("notify", "test", "ana", "--channel", "email", "--yes")

    assert 1 == asked[0]
    assert "Send a test message to ana?" in asked[1]
    assert "nothing was sent" in asked[1]
    assert (0, "ana over log: sent, logged\n") == sent
    assert 1 == wrong[0]
    assert "cannot be tested over email: there is log" in wrong[1]
