"""The hand-off document on PostgreSQL: read, written and asked for over HTTP and from the command line."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Iterator, Mapping
from pathlib import Path
from typing import Any
from uuid import UUID

import httpx2
import msgspec
import pytest
from pydantic import SecretStr
from typer.testing import CliRunner

from services.cli import build as build_cli
from services.escalator.config import EscalatorSettings
from services.escalator.main import build
from services.installation import Installation
from shared.clock import SystemClock
from shared.contracts import EscalationRaised, EscalationResolved, TicketClosed
from shared.contracts.vocabulary import CloseReason
from shared.http.auth import SCOPES, fingerprint
from shared.kafka.memory import MemoryBroker
from shared.settings import ApiKey, DatabaseSettings
from tests.support.builders import AGENT, SYSTEM, TICKET
from tests.support.cases import at, message, opened
from tests.support.escalator_bench import EscalatorBench, EscalatorOverHttp
from tests.support.served import served

pytestmark = pytest.mark.postgres

PATH = f"/v1/tickets/{TICKET}/handoff"
RAISE = f"/v1/tickets/{TICKET}/escalations"
KEY = "tl_test"

PROSE = {
    "summary": "Dana (dana@acme.example, +49 30 1234567) cannot sign in.",
    "tried": ["Reset the session keys: no change."],
    "sentiment": "angry",
    "expectation": "Wants to work again today.",
    "next_steps": ["Read the server's log.", "Call Dana."],
}


@pytest.fixture
async def over_http(database_url: str) -> AsyncIterator[EscalatorOverHttp]:
    running = EscalatorOverHttp(database_url)
    await running.bench.hear(opened("high", "professional"))
    yield running
    await running.close()


@pytest.fixture
def bench(over_http: EscalatorOverHttp) -> EscalatorBench:
    return over_http.bench


async def put(
    over_http: EscalatorOverHttp, body: Mapping[str, Any], seen: str | None = '"0"'
) -> httpx2.Response:
    more = {"if-match": seen} if seen else {}
    return await over_http.call("PUT", PATH, body, more=more)


def fields_of(answer: httpx2.Response) -> list[str]:
    """The fields a problem names."""
    assert "application/problem+json" == answer.headers["content-type"]
    return [fault["field"] for fault in answer.json()["errors"]]


async def test_X9_the_document_is_there_before_anybody_wrote_or_escalated(
    over_http: EscalatorOverHttp, bench: EscalatorBench
) -> None:
    await bench.hear(message(1, AGENT), at=at("10:30"))
    answer = await over_http.call("GET", PATH)

    told = answer.json()
    assert (200, '"0"') == (answer.status_code, answer.headers["etag"])
    assert (True, [], 0, []) == tuple(
        told[name] for name in ("generated", "written", "version", "versions")
    )
    assert ("acme", "high", None) == (told["customer_id"], told["priority"], told["escalating_to"])
    assert ["An agent replied, last at 2026-06-01 10:30 UTC."] == told["tried"]
    assert [str(UUID(int=1))] == told["attachments"]


@pytest.mark.parametrize(
    ("path", "more"),
    [(f"{PATH}?format=markdown", {}), (PATH, {"accept": "text/markdown"})],
)
async def test_the_document_is_read_as_markdown(
    over_http: EscalatorOverHttp, path: str, more: dict[str, str]
) -> None:
    await put(over_http, PROSE)
    answer = await over_http.call("GET", path, more=more)

    assert "text/markdown; charset=utf-8" == answer.headers["content-type"]
    assert '"1"' == answer.headers["etag"]
    assert f"# Hand-off of ticket {TICKET}" in answer.text
    assert "1. Read the server's log.\n2. Call Dana." in answer.text


async def test_X9_what_is_written_is_kept_whole_version_by_version(
    over_http: EscalatorOverHttp, bench: EscalatorBench
) -> None:
    first = await put(over_http, PROSE)
    second = await put(over_http, {"tried": ["Something else."]}, '"1"')

    assert (200, '"1"', 200, '"2"') == (
        first.status_code,
        first.headers["etag"],
        second.status_code,
        second.headers["etag"],
    )
    assert PROSE == {name: first.json()[name] for name in PROSE}
    assert (["tried"], ["Something else."]) == (second.json()["written"], second.json()["tried"])
    assert [(2, "maria"), (1, "maria")] == [
        (one["version"], one["by"]) for one in second.json()["versions"]
    ]
    rows = await bench.rows("SELECT version, written_by, content FROM handoff ORDER BY version")
    assert PROSE == json.loads(rows[0][2])
    assert [("maria", "write_handoff")] * 2 == await bench.rows(
        "SELECT principal, action FROM audit"
    )


async def test_what_somebody_else_wrote_meanwhile_is_not_lost(
    over_http: EscalatorOverHttp, bench: EscalatorBench
) -> None:
    await put(over_http, PROSE)

    late = await put(over_http, {"summary": "Nothing."}, '"0"')
    blind = await put(over_http, {"summary": "Nothing."}, None)

    assert (412, ["header.if-match"]) == (late.status_code, fields_of(late))
    assert "version 1 now, written by maria" in late.json()["detail"]
    assert (428, ["header.if-match"]) == (blind.status_code, fields_of(blind))
    assert [(1,)] == await bench.rows("SELECT version FROM handoff")


async def test_two_who_write_at_once_do_not_both_win(
    over_http: EscalatorOverHttp, bench: EscalatorBench
) -> None:
    answers = await asyncio.gather(*(put(over_http, PROSE) for _ in range(3)))

    assert [200, 412, 412] == sorted(answer.status_code for answer in answers)
    assert [(1,)] == await bench.rows("SELECT version FROM handoff")


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"summary": "x" * 501}, "body.summary"),
        ({"expectation": "x" * 501}, "body.expectation"),
        ({"tried": ["fine", "x" * 501]}, "body.tried.1"),
        ({"next_steps": [" "]}, "body.next_steps.0"),
        ({"next_steps": ["again"] * 21}, "body.next_steps"),
        ({"summary": "a\x00b"}, "body.summary"),
        ({"sentiment": "livid"}, "body.sentiment"),
        ({"mood": "bad"}, "body.mood"),
    ],
)
async def test_X9_what_does_not_fit_is_answered_with_its_field(
    over_http: EscalatorOverHttp, bench: EscalatorBench, body: dict[str, Any], field: str
) -> None:
    answer = await put(over_http, body)

    assert (422, [field]) == (answer.status_code, fields_of(answer))
    assert [] == await bench.rows("SELECT version FROM handoff")


async def test_X9_a_field_of_500_characters_fits(over_http: EscalatorOverHttp) -> None:
    assert 200 == (await put(over_http, {"summary": "x" * 500})).status_code


@pytest.mark.parametrize(
    ("handoff", "missing"),
    [
        (None, ["body.handoff.tried", "body.handoff.next_steps"]),
        ({"tried": [], "next_steps": []}, ["body.handoff.tried", "body.handoff.next_steps"]),
        ({"tried": ["This."]}, ["body.handoff.next_steps"]),
        ({"next_steps": ["That."], "summary": "So."}, ["body.handoff.tried"]),
    ],
)
async def test_X4_by_hand_no_level_changes_without_a_hand_off(
    over_http: EscalatorOverHttp,
    bench: EscalatorBench,
    handoff: dict[str, Any] | None,
    missing: list[str],
) -> None:
    wish = {"reason": "outside_authority"} | ({"handoff": handoff} if handoff else {})

    answer = await over_http.call("POST", RAISE, wish)

    assert (422, missing) == (answer.status_code, fields_of(answer))
    assert "escalation.raised" not in await bench.names()
    assert [] == await bench.rows("SELECT version FROM handoff")


async def test_X4_what_is_said_with_the_request_is_written_into_the_document(
    over_http: EscalatorOverHttp, bench: EscalatorBench
) -> None:
    await put(over_http, {"summary": "It is about signing in.", "tried": ["Waited."]})
    wish = {"reason": "outside_authority", "handoff": {"tried": ["This."], "next_steps": ["That."]}}

    answer = await over_http.call("POST", RAISE, wish)

    assert 201 == answer.status_code
    told = (await over_http.call("GET", PATH)).json()
    assert ("It is about signing in.", ["This."], ["That."], 2) == tuple(
        told[name] for name in ("summary", "tried", "next_steps", "version")
    )
    [raised] = [e.payload for e in await bench.said() if isinstance(e.payload, EscalationRaised)]
    assert (False, 2, ["summary", "tried", "next_steps"]) == (
        raised.handoff.generated,
        raised.handoff.version,
        raised.handoff.written,
    )
    assert ("tier_1", "tier_2", "outside_authority") == (
        told["escalating_from"],
        told["escalating_to"],
        told["reason"],
    )


async def test_X4_what_was_written_before_is_enough(
    over_http: EscalatorOverHttp, bench: EscalatorBench
) -> None:
    await put(over_http, PROSE)

    answer = await over_http.call("POST", RAISE, {"reason": "outside_authority"})

    assert 201 == answer.status_code
    assert [(1,)] == await bench.rows("SELECT version FROM handoff")


async def test_X4_a_request_that_is_refused_writes_nothing(
    over_http: EscalatorOverHttp, bench: EscalatorBench
) -> None:
    handoff = {"tried": ["This."], "next_steps": ["That."]}
    wish = {"reason": "manager_requested", "handoff": handoff}
    await over_http.call("POST", RAISE, wish)

    again = await over_http.call("POST", RAISE, wish | {"handoff": PROSE})

    assert 409 == again.status_code
    assert [(1,)] == await bench.rows("SELECT version FROM handoff")


async def test_X9_no_prose_enters_an_event(
    over_http: EscalatorOverHttp, bench: EscalatorBench
) -> None:
    await over_http.call("POST", RAISE, {"reason": "outside_authority", "handoff": PROSE})

    told = b"".join(msgspec.json.encode(event.payload) for event in await bench.said()).decode()

    for words in ("Dana", "acme.example", "session keys", "again today", "server's log"):
        assert words not in told
    assert '"sentiment":"angry"' in told


async def test_X9_the_reason_that_ends_an_escalation_is_masked_in_its_event(
    over_http: EscalatorOverHttp, bench: EscalatorBench
) -> None:
    wish = {"reason": "outside_authority", "handoff": PROSE}
    raised = (await over_http.call("POST", RAISE, wish)).json()
    path = f"/v1/escalations/{raised['escalation_id']}/resolution"

    await over_http.call("POST", path, {"reason": "Settled with dana@acme.example"})

    [told] = [e.payload for e in await bench.said() if isinstance(e.payload, EscalationResolved)]
    assert "Settled with [e-mail address]" == told.reason
    assert [("Settled with dana@acme.example",)] == await bench.rows(
        "SELECT reason FROM audit WHERE action = 'de_escalate'"
    )


async def test_nobody_writes_about_a_ticket_that_is_over(
    over_http: EscalatorOverHttp, bench: EscalatorBench
) -> None:
    await bench.hear(TicketClosed(ticket_id=TICKET, by=SYSTEM, reason=CloseReason.CONFIRMED))

    assert 409 == (await put(over_http, PROSE)).status_code
    assert 200 == (await over_http.call("GET", PATH)).status_code


@pytest.mark.parametrize("method", ["GET", "PUT"])
async def test_an_unknown_ticket_has_no_document(over_http: EscalatorOverHttp, method: str) -> None:
    path = f"/v1/tickets/{UUID(int=9)}/handoff"

    answer = await over_http.call(method, path, PROSE, more={"if-match": "*"})

    assert (404, ["path.ticket_id"]) == (answer.status_code, fields_of(answer))


async def test_strangers_read_nothing(over_http: EscalatorOverHttp) -> None:
    assert 401 == (await over_http.call("GET", PATH, key=None)).status_code


class Line:
    """A command line that knows where the escalator is."""

    def __init__(self, database_url: str, url: str, folder: Path) -> None:
        Installation(database_url, "", {"escalator": url}, api_key=KEY).write(folder)
        self._folder = folder

    def __call__(self, *words: str) -> tuple[int, str]:
        """The exit status of a command and what it printed."""
        environment = {
            "TIERLINE_LOCAL__DATA_DIR": str(self._folder),
            "TIERLINE_DATABASE__URL": None,
            "TIERLINE_KAFKA__BOOTSTRAP_SERVERS": None,
        }
        result = CliRunner().invoke(build_cli(words[0]), list(words), env=environment)
        return result.exit_code, result.output


@pytest.fixture
def tierline(database_url: str, tmp_path: Path) -> Iterator[Line]:
    async def heard() -> None:
        running = EscalatorOverHttp(database_url)
        await running.bench.hear(opened("high", "professional"))
        await running.close()

    asyncio.run(heard())
    settings = EscalatorSettings(
        database=DatabaseSettings(url=SecretStr(database_url)),
        api_keys={"test": ApiKey(sha256=fingerprint(KEY), scopes=SCOPES)},
    )
    clock = SystemClock()
    with served(lambda: build(settings, clock=clock, kafka=MemoryBroker(clock))) as url:
        yield Line(database_url, url, tmp_path)


def test_a_document_is_written_field_by_field_and_shown(tierline: Line) -> None:
    ticket = str(TICKET)
    first = tierline("handoff", "edit", ticket, "--tried", "This.", "--tried", "That.")
    second = tierline("handoff", "edit", ticket, "--next", "Look.", "--sentiment", "angry")
    shown = tierline("handoff", "show", ticket)
    told = json.loads(tierline("handoff", "show", ticket, "--json")[1])

    assert (0, f"{ticket}: version 1 is in force; written: tried\n") == first
    written = "tried, sentiment, next steps"
    assert (0, f"{ticket}: version 2 is in force; written: {written}\n") == second
    assert "## Tried so far\n\n1. This.\n2. That." in shown[1]
    assert (["Look."], "angry") == (told["next_steps"], told["sentiment"])


def test_a_file_replaces_all_that_was_written(tierline: Line, tmp_path: Path) -> None:
    file = tmp_path / "handoff.yaml"
    file.write_text("tried: [This.]\nnext_steps: [That.]\n")
    tierline("handoff", "edit", str(TICKET), "--summary", "So.")

    told = tierline("handoff", "edit", str(TICKET), "--file", str(file))

    assert (0, f"{TICKET}: version 2 is in force; written: tried, next steps\n") == told


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (("edit", str(TICKET)), "Nothing to write"),
        (("edit", str(TICKET), "--summary", "x" * 501), "body.summary"),
        (("show", str(UUID(int=9))), "404: Unknown ticket"),
    ],
)
def test_what_cannot_be_done_is_a_sentence(
    tierline: Line, words: tuple[str, ...], sentence: str
) -> None:
    status, told = tierline("handoff", *words)

    assert 1 == status
    assert sentence in told


def test_a_file_with_other_things_is_refused(tierline: Line, tmp_path: Path) -> None:
    file = tmp_path / "handoff.yaml"
    file.write_text("mood: bad\n")

    status, told = tierline("handoff", "edit", str(TICKET), "--file", str(file))

    assert 1 == status
    assert "it takes summary, tried" in told
