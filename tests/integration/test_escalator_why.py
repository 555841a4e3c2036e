"""`GET /v1/tickets/{id}/clocks` and `tierline ticket ID --why`: against an escalator on a socket."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator
from pathlib import Path
from uuid import UUID

import pytest
from pydantic import SecretStr
from sqlalchemy.ext.asyncio import AsyncEngine
from typer.testing import CliRunner

from services.cli import build as build_cli
from services.escalator.config import EscalatorSettings
from services.escalator.main import build
from services.installation import Installation
from shared.clock import FakeClock
from shared.contracts import Change, TicketPaused, TicketReclassified
from shared.contracts.vocabulary import PauseReason
from shared.http.auth import SCOPES, fingerprint
from shared.kafka.memory import MemoryBroker
from shared.settings import ApiKey, DatabaseSettings
from tests.support.builders import AGENT, MONDAY_10, TICKET
from tests.support.cases import at, message, opened
from tests.support.escalator_bench import EscalatorBench, EscalatorOverHttp
from tests.support.served import served

pytestmark = pytest.mark.postgres

KEY = "tl_test"


async def a_ticket(bench: EscalatorBench) -> None:
    """Waits for the customer before anybody asked; answered; then critical."""
    paused = TicketPaused(ticket_id=TICKET, reason=PauseReason.WAITING_ON_CUSTOMER, by=AGENT)
    changes = {"priority": Change(from_="low", to="critical")}
    priced = TicketReclassified(ticket_id=TICKET, changes=changes, reason="x", by=AGENT)
    await bench.hear(opened("low", "professional"))
    await bench.hear(paused, at=at("10:10"))
    await bench.hear(message(1, AGENT), at=at("10:30"))
    await bench.hear(priced, at=at("11:00"))


async def test_Z2_the_answer_has_every_segment_pause_and_price(database_url: str) -> None:
    over_http = EscalatorOverHttp(database_url)
    await a_ticket(over_http.bench)
    await over_http.bench.clock.move_to(at("12:00"))

    told = (await over_http.call("GET", f"/v1/tickets/{TICKET}/clocks")).json()
    await over_http.close()

    resolution = next(clock for clock in told["clocks"] if clock["metric"] == "resolution")
    [segment] = resolution["segments"]
    assert ("paused", ["waiting_on_customer"], 1800.0, 1800.0) == (
        segment["ended_by"],
        segment["because"],
        segment["open_seconds"],
        segment["total_seconds"],
    )
    assert ["asked"] == [pause["ended_by"] for pause in resolution["refused_pauses"]]
    assert [None] == [pause["end"] for pause in resolution["pauses"]]
    assert [(172_800.0, 28_800.0)] == [
        (one["old_target_seconds"], one["new_target_seconds"]) for one in resolution["repricings"]
    ]
    assert (6.2, 6.2) == (resolution["risk_percent"], told["risk_percent"])
    assert resolution["formula"].startswith("stands: 480 min − 30 min used = 450 min left")


async def test_Z2_a_refused_pause_is_counted_once(
    engine_for: Callable[[str], AsyncEngine],
) -> None:
    bench = EscalatorBench(engine_for("escalator"))

    await a_ticket(bench)

    assert 1 == bench.metrics.pauses_refused.one._value.get()


class Line:
    """A command line that knows where the escalator is."""

    def __init__(self, database_url: str, url: str, folder: Path) -> None:
        self.folder = folder
        Installation(database_url, "", {"escalator": url}, api_key=KEY).write(folder)

    def __call__(self, *words: str) -> tuple[int, str]:
        """The exit status of a command and what it printed."""
        environment = {
            "TIERLINE_LOCAL__DATA_DIR": str(self.folder),
            "TIERLINE_DATABASE__URL": None,
            "TIERLINE_KAFKA__BOOTSTRAP_SERVERS": None,
        }
        result = CliRunner().invoke(build_cli(words[0]), list(words), env=environment)
        return result.exit_code, result.output


@pytest.fixture
def tierline(database_url: str, tmp_path: Path) -> Iterator[Line]:
    async def heard() -> None:
        over_http = EscalatorOverHttp(database_url)
        await a_ticket(over_http.bench)
        await over_http.close()

    asyncio.run(heard())
    clock = FakeClock(MONDAY_10.replace(hour=12))
    settings = EscalatorSettings(
        database=DatabaseSettings(url=SecretStr(database_url)),
        api_keys={"test": ApiKey(sha256=fingerprint(KEY), scopes=SCOPES)},
    )
    with served(lambda: build(settings, clock=clock, kafka=MemoryBroker(clock))) as url:
        yield Line(database_url, url, tmp_path)


def test_the_command_tells_it_in_words(tierline: Line) -> None:
    status, said = tierline("ticket", str(TICKET), "--why")

    assert 0 == status
    assert f"Ticket {TICKET}: critical, professional, pending" in said
    assert "refused   2026-06-01 10:10:00 – 10:30:00  a pause: waits for the customer" in said
    assert "deadline  stands: 480 min − 30 min used = 450 min left when it goes on" in said


def test_a_ticket_nobody_knows_is_a_sentence_and_an_exit_status(tierline: Line) -> None:
    status, said = tierline("ticket", str(UUID(int=9)), "--why")

    assert 1 == status
    assert "404: Unknown ticket" in said
