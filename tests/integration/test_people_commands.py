"""`tierline agents`, `assign`, `assignment`, `queues`: against a router on a socket."""

from __future__ import annotations

import asyncio
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from pydantic import SecretStr
from typer.testing import CliRunner

from services.cli import build as build_cli
from services.installation import Installation
from services.people import EXAMPLE
from services.router.config import RouterSettings
from services.router.main import build
from shared.clock import SystemClock
from shared.http.auth import SCOPES, fingerprint
from shared.kafka.memory import MemoryBroker
from shared.settings import ApiKey, DatabaseSettings
from tests.support.builders import TICKET
from tests.support.desks import a_ticket
from tests.support.router_bench import RouterOverHttp
from tests.support.served import served

pytestmark = pytest.mark.postgres

KEY = "tl_test"


class Line:
    """A command line that knows where the router is."""

    def __init__(self, database_url: str, url: str, folder: Path) -> None:
        self.database_url, self.url, self.folder = database_url, url, folder
        self.at(url)

    def at(self, url: str) -> None:
        """The router is there."""
        Installation(self.database_url, "", {"router": url}, api_key=KEY).write(self.folder)

    def __call__(self, *words: str) -> tuple[int, str]:
        """The exit status of a command and what it printed."""
        environment = {
            "TIERLINE_LOCAL__DATA_DIR": str(self.folder),
            "TIERLINE_DATABASE__URL": None,
            "TIERLINE_KAFKA__BOOTSTRAP_SERVERS": None,
        }
        result = CliRunner().invoke(build_cli(words[0]), list(words), env=environment)
        return result.exit_code, result.output

    def hear_of_a_ticket(self) -> None:
        """The router hears of an ordinary ticket."""

        async def heard() -> None:
            router = RouterOverHttp(self.database_url)
            await router.bench.hear(a_ticket())
            await router.close()

        asyncio.run(heard())


@pytest.fixture
def tierline(database_url: str, tmp_path: Path) -> Iterator[Line]:
    settings = RouterSettings(
        database=DatabaseSettings(url=SecretStr(database_url)),
        api_keys={"test": ApiKey(sha256=fingerprint(KEY), scopes=SCOPES)},
    )
    clock = SystemClock()
    with served(lambda: build(settings, clock=clock, kafka=MemoryBroker(clock))) as url:
        yield Line(database_url, url, tmp_path)


@pytest.mark.parametrize("form", ["csv", "yaml"])
def test_what_is_exported_changes_nothing_when_it_is_imported(
    tierline: Line, tmp_path: Path, form: str
) -> None:
    status, said = tierline("agents", "import", str(EXAMPLE))
    file = tmp_path / f"roster.{form}"
    file.write_text(tierline("agents", "export", "--format", form)[1], encoding="utf-8")

    again = tierline("agents", "import", str(file))

    count = len(said.splitlines()) - 1
    assert (0, f"{count} agents changed, 0 are as they were") == (status, said.splitlines()[-1])
    assert (0, f"0 agents changed, {count} are as they were\n") == again


def test_a_check_says_what_would_change(tierline: Line, tmp_path: Path) -> None:
    tierline("agents", "import", str(EXAMPLE))
    file = tmp_path / "roster.csv"
    file.write_text("agent_id,capacity,skills\nsofia,4,billing:2\n", encoding="utf-8")

    checked = tierline("agents", "import", str(file), "--check")

    said = (
        "sofia: skills billing 5, senior 3 → billing 2; capacity 10 → 4\n"
        "1 agents would change; nothing was changed, 0 are as they were\n"
    )
    assert (0, said) == checked


def test_a_faulty_table_is_told_by_line_and_column(tierline: Line, tmp_path: Path) -> None:
    file = tmp_path / "roster.csv"
    file.write_text("agent_id,name,team,level,capacity\nana,Ana,a,tier_1,many\n", encoding="utf-8")

    status, said = tierline("agents", "import", str(file))

    assert status == 1
    assert "line 2, capacity" in said


def test_agents_are_shown_with_their_load(tierline: Line) -> None:
    empty = tierline("agents")
    tierline("agents", "import", str(EXAMPLE))
    tierline("agents", "presence", "farid", "away")
    everybody = tierline("agents")[1]
    [farid] = [line for line in everybody.splitlines() if line.startswith("farid")]

    assert (0, "Nobody is in the roster") == (empty[0], empty[1].partition(".")[0])
    assert "farid Farid frontline tier_1 away ░░░░░░░░░░ 0/8" == " ".join(farid.split())
    assert "skills    billing 5, senior 3" in tierline("agents", "show", "sofia")[1]


def test_an_agent_nobody_knows_is_said_to_be_unknown(tierline: Line) -> None:
    status, said = tierline("agents", "presence", "zoe", "away")

    assert (1, "404: Unknown agent: No agent 'zoe'.") == (status, said.splitlines()[0])


def test_a_ticket_goes_from_hand_to_hand(tierline: Line) -> None:
    tierline("agents", "import", str(EXAMPLE))
    tierline.hear_of_a_ticket()
    ticket = str(TICKET)

    said = [
        tierline("assign", ticket, "farid"),
        tierline("assignment", "accept", ticket, "farid"),
        tierline("assignment", "accept", ticket, "fatou"),
        tierline("assignment", "release", ticket),
        tierline("assignment", "claim", ticket, "fatou"),
        tierline("assignment", "decline", ticket, "fatou"),
        tierline("assign", ticket, "zoe"),
    ]

    assert said == [
        (0, f"farid has {ticket}\n"),
        (0, f"farid works on {ticket}\n"),
        (1, "409: Not their ticket: fatou does not have the ticket.\n"),
        (0, f"{ticket}: waits in general\n"),
        (0, f"fatou has {ticket}\n"),
        (0, f"{ticket}: waits in general\n"),
        (
            1,
            "404: Unknown agent: No agent 'zoe'.\n  body.agent_id: the roster has no such agent\n",
        ),
    ]


def test_a_ticket_tells_who_could_have_it(tierline: Line) -> None:
    tierline("agents", "import", str(EXAMPLE))
    tierline("agents", "presence", "fiona", "busy")
    tierline.hear_of_a_ticket()

    status, said = tierline("assignment", "show", str(TICKET), "--explain")

    lines = [line.split() for line in said.splitlines()]
    assert (0, f"{TICKET}: waits in general: next in line") == (status, said.splitlines()[0])
    assert ["1", "farid", "frontline", "1.00", "0/8"] in lines
    assert ["–", "fiona", "frontline", "busy"] in lines


def test_queues_are_shown_and_one_of_them_with_its_tickets(tierline: Line) -> None:
    before = tierline("queues")
    tierline.hear_of_a_ticket()

    assert (0, "nobody waits") == (before[0], before[1].splitlines()[-1])
    assert "1 nobody on shift" in tierline("queues")[1]
    assert str(TICKET) in tierline("queues", "general")[1]
    assert 1 == tierline("queues", "nowhere")[0]
    assert 2 == tierline("queues", "--watch", "--every", "soon")[0]


def test_a_router_that_is_away_is_a_sentence(tierline: Line) -> None:
    tierline.at("http://127.0.0.1:9")

    status, said = tierline("queues")

    assert (1, True) == (status, said.startswith("The router is away"))


def test_a_live_view_waits_for_the_router_and_ends_when_told_to(
    tierline: Line, tmp_path: Path
) -> None:
    tierline.at("http://127.0.0.1:9")
    words = ("-m", "services.cli", "queues", "--watch", "--every", "100ms")
    environment = {**os.environ, "TIERLINE_LOCAL__DATA_DIR": str(tmp_path)}
    pipe = subprocess.PIPE
    with subprocess.Popen(
        [sys.executable, *words], env=environment, stdout=pipe, stderr=pipe
    ) as it:
        assert it.stdout is not None
        seen = [it.stdout.readline().decode() for _ in range(4)]
        it.send_signal(signal.SIGINT)
        _, complaints = it.communicate(timeout=20)

    assert "nothing is known yet" in seen[0]
    assert [True, True] == ["Trying again every 0.1 s" in line for line in (seen[1], seen[3])]
    assert (130, b"") == (it.returncode, complaints)
