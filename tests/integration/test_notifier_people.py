"""Who is there, who is on call and who watches, over HTTP and in what is told."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from datetime import UTC, datetime
from typing import Any, Final

import httpx2
import pytest
from sqlalchemy.ext.asyncio import AsyncEngine

from services.notifier.api import recipient_routes
from services.notifier.on_call_api import on_call_routes
from services.notifier.on_call_book import OnCallBook
from services.notifier.people_book import PeopleBook
from services.notifier.watchers_api import watcher_routes
from shared.contracts import EscalationRaised, TicketAssigned, TicketOpened
from shared.http.app import create_app
from shared.http.auth import Keyring, new_key
from shared.observability.metrics import Catalogue, RuntimeMetrics
from shared.settings import ApiKey, HttpSettings
from tests.support.builders import MONDAY_10, OTHER_TICKET, TICKET, a
from tests.support.notifier_bench import Bench
from tests.support.telling import ELIF, EVERYBODY

pytestmark = pytest.mark.postgres

KEY, DIGEST = new_key()
READER, READER_DIGEST = new_key()

ROUTING_KEY: Final = "0123456789abcdef0123456789abcdef"
HOOK: Final = "https://hooks.slack.example/services/T0/B0/secret"

MARIA: dict[str, Any] = {
    "name": "Maria",
    "roles": ["team_lead"],
    "team": "specialists",
    "channels": {
        "slack": HOOK,
        "pagerduty": ROUTING_KEY,
        "sms": "+4915112345678",
        "email": "maria@desk.example",
        "feed": True,
    },
    "prefer": {"page": ["pagerduty", "sms"], "calm": ["email"]},
    "language": "de",
    "zone": "Europe/Berlin",
    "quiet": {"since": "22:00", "until": "07:00"},
    "away": {"since": "2026-06-03T06:00:00Z", "until": "2026-06-05T06:00:00Z", "delegate": None},
    "muted_until": None,
    "no_digests": False,
}


@pytest.fixture
def bench(engine_for: Callable[[str], AsyncEngine]) -> Bench:
    return Bench(engine_for("notifier"))


@pytest.fixture
async def client(bench: Bench) -> AsyncIterator[httpx2.AsyncClient]:
    """The directory of a notifier that knows five people."""

    async def ready() -> list[str]:
        return []

    catalogue = Catalogue("notifier")
    keys = {
        "tests": ApiKey(sha256=DIGEST, scopes=frozenset({"recipients:read", "recipients:write"})),
        "reader": ApiKey(sha256=READER_DIGEST, scopes=frozenset({"recipients:read"})),
    }
    app = create_app(
        service="notifier",
        catalogue=catalogue,
        metrics=RuntimeMetrics(catalogue),
        settings=HttpSettings(),
        api_keys=Keyring(keys, clock=bench.clock),
        readiness=ready,
        routes=[
            recipient_routes(bench.engine, PeopleBook(bench.writer, ["matrix"])),
            on_call_routes(OnCallBook(bench.engine, bench.writer, bench.clock, bench.policy)),
            watcher_routes(bench.engine, bench.writer),
        ],
    )
    await bench.know(EVERYBODY)
    async with httpx2.AsyncClient(
        transport=httpx2.ASGITransport(app=app),
        base_url="http://test",
        headers={"x-api-key": KEY},
    ) as made:
        yield made


def faults(answer: httpx2.Response) -> dict[str, str]:
    """The message of every field that is wrong."""
    return {fault["field"]: fault["message"] for fault in answer.json()["errors"]}


async def test_every_field_of_a_recipient_is_got_as_it_was_put(client: httpx2.AsyncClient) -> None:
    put = await client.put("/v1/recipients/maria", json=MARIA)
    got = await client.get("/v1/recipients/maria")

    assert (200, {"recipient_id": "maria", **MARIA}) == (put.status_code, got.json())


@pytest.mark.parametrize(
    ("change", "field", "message"),
    [
        (
            {"channels": {"slak": "C024BE91L"}},
            "body.channels.slak.[key]",
            'no channel "slak", did you mean "slack"?',
        ),
        ({"channels": {"sms": "0151 1234"}}, "body.channels", "sms: not a number in E.164 form"),
        (
            {"channels": {"slack": "http://hooks.example/x"}},
            "body.channels",
            "slack: not the https",
        ),
        ({"channels": {"teams": "C024BE91L"}}, "body.channels", "teams: not an https URL"),
        ({"channels": {"pagerduty": "short"}}, "body.channels", "pagerduty: not a routing key"),
        ({"channels": {"feed": "here"}}, "body.channels", "feed: it takes no address"),
        ({"channels": {"apprise": "../x"}}, "body.channels", "apprise: not the name"),
        ({"channels": {"log": False}}, "body.channels", "log: leave it out"),
        (
            {"channels": {"apprise": "matrx"}, "prefer": {}},
            "body.channels.apprise",
            'no target "matrx", did you mean "matrix"?',
        ),
        ({"prefer": {"page": ["teams"]}}, "body", "prefer.page: teams is none of their channels"),
        ({"zone": "Europe/Berln"}, "body.zone", 'no time zone "Europe/Berln", did you mean'),
        ({"quiet": {"since": "7", "until": "8"}}, "body.quiet.since", "String should match"),
        ({"quiet": {"since": "07:00", "until": "07:00"}}, "body.quiet.until", "ends when it"),
        (
            {"away": {"since": "2026-06-05T06:00:00Z", "until": "2026-06-03T06:00:00Z"}},
            "body.away.until",
            "lies before since",
        ),
    ],
)
async def test_what_is_wrong_with_a_recipient_is_said_at_its_field(
    client: httpx2.AsyncClient, change: dict[str, Any], field: str, message: str
) -> None:
    answer = await client.put("/v1/recipients/maria", json=MARIA | change)

    assert 422 == answer.status_code
    assert faults(answer).get(field, "").startswith(message), faults(answer)


async def test_who_may_only_read_sees_where_an_address_leads_and_not_its_secret(
    client: httpx2.AsyncClient,
) -> None:
    await client.put("/v1/recipients/maria", json=MARIA)
    got = await client.get("/v1/recipients/maria", headers={"x-api-key": READER})
    listed = await client.get("/v1/recipients", headers={"x-api-key": READER})

    assert {
        "slack": "https://hooks.slack.example/…",
        "pagerduty": "…",
        "sms": "+4915112345678",
        "email": "maria@desk.example",
        "feed": True,
    } == got.json()["channels"]
    assert ("secret" in listed.text, ROUTING_KEY in listed.text) == (False, False)


async def test_an_absence_comes_and_goes_by_itself(client: httpx2.AsyncClient) -> None:
    until = "2026-06-05T06:00:00Z"
    put = await client.put("/v1/recipients/ana/absence", json={"until": until, "delegate": "lena"})
    plain = {"name": "Ana", "channels": {"email": "ana@desk.example"}}
    replaced = await client.put("/v1/recipients/ana", json=plain)
    gone = await client.delete("/v1/recipients/ana/absence")
    got = await client.get("/v1/recipients/ana")

    away = {"since": "2026-06-01T10:00:00Z", "until": until, "delegate": "lena"}
    assert (200, away, away) == (put.status_code, put.json()["away"], replaced.json()["away"])
    assert (204, None) == (gone.status_code, got.json()["away"])


async def test_a_delegate_who_is_nobody_or_leads_back_is_refused(
    client: httpx2.AsyncClient,
) -> None:
    until = {"until": "2026-06-05T06:00:00Z"}
    nobody = await client.put("/v1/recipients/ana/absence", json={**until, "delegate": "lana"})
    oneself = await client.put("/v1/recipients/ana/absence", json={**until, "delegate": "ana"})
    await client.put("/v1/recipients/lena/absence", json={**until, "delegate": "ana"})
    circle = await client.put("/v1/recipients/ana/absence", json={**until, "delegate": "lena"})
    over = await client.put("/v1/recipients/ana/absence", json={"until": "2026-05-05T06:00:00Z"})
    stranger = await client.put("/v1/recipients/leno/absence", json=until)

    assert {"body.delegate": 'no recipient "lana", did you mean "lena"?'} == faults(nobody)
    assert {"body.delegate": "nobody stands in for themselves"} == faults(oneself)
    assert {"body.delegate": "goes in a circle: ana → lena → ana"} == faults(circle)
    assert {"body.until": "lies in the past"} == faults(over)
    assert (404, 'There is no recipient "leno", did you mean "lena"?') == (
        stranger.status_code,
        stranger.json()["detail"],
    )


async def test_people_of_one_list_may_stand_in_for_each_other_but_not_in_a_circle(
    client: httpx2.AsyncClient,
) -> None:
    def one(name: str, delegate: str) -> dict[str, Any]:
        away = {"since": "2026-06-01T06:00:00Z", "until": "2026-06-05T06:00:00Z"}
        told = {"recipient_id": name, "name": name, "channels": {"log": True}}
        return {**told, "away": {**away, "delegate": delegate}}

    circle = {"recipients": [one("x", "y"), one("y", "x")]}
    refused = await client.put("/v1/recipients", json=circle)
    taken = await client.put(
        "/v1/recipients", json={"recipients": [one("x", "y"), one("y", "ana")]}
    )

    assert "body.recipients.0.away.delegate" in faults(refused)
    assert {"count": 2} == taken.json()


async def test_somebody_is_muted_and_unmuted(client: httpx2.AsyncClient) -> None:
    muted = await client.put("/v1/recipients/ana/mute", json={"until": "2026-06-05T06:00:00Z"})
    back = await client.delete("/v1/recipients/ana/mute")
    got = await client.get("/v1/recipients/ana")

    assert ("2026-06-05T06:00:00Z", 204, None) == (
        muted.json()["muted_until"],
        back.status_code,
        got.json()["muted_until"],
    )


WEEKLY: Final = {
    "members": ["elif", "ana", "lena"],
    "handover": "mon 09:00",
    "zone": "Europe/Berlin",
}


async def test_a_stored_rotation_stands_before_the_workflows(client: httpx2.AsyncClient) -> None:
    before = await client.get("/v1/on-call/engineering")
    put = await client.put("/v1/on-call/engineering", json=WEEKLY)
    after = await client.get("/v1/on-call/engineering", params={"n": 2})
    await client.delete("/v1/on-call/engineering")
    again = await client.get("/v1/on-call/engineering")

    assert ("workflow", "elif") == (
        before.json()["turn"]["source"],
        before.json()["recipient_id"],
    )
    assert {**WEEKLY, "source": "rotation"} == put.json()
    said = after.json()
    assert ("2026-06-08T07:00:00Z", 2) == (said["next_handover"], len(said["next"]))
    assert "2026-06-01T07:00:00Z" == said["turn"]["since"]
    assert said["turn"]["recipient_id"] not in {turn["recipient_id"] for turn in said["next"]}
    assert before.json()["turn"] == again.json()["turn"]


async def test_an_override_holds_while_it_lasts_and_is_there_once(
    client: httpx2.AsyncClient,
) -> None:
    body = {
        "recipient_id": "mara",
        "since": "2026-06-01T12:00:00Z",
        "until": "2026-06-01T14:00:00Z",
    }
    made = [await client.post("/v1/on-call/engineering/overrides", json=body) for _ in range(2)]
    holders = [
        (await client.get("/v1/on-call/engineering", params={"at": f"2026-06-01T{at}Z"})).json()
        for at in ("11:59:59", "12:00:00", "13:59:59", "14:00:00")
    ]
    override = f"/v1/on-call/engineering/overrides/{made[0].json()['override_id']}"
    removed = [(await client.delete(override)).status_code for _ in range(2)]

    assert [201, 201] == [one.status_code for one in made]
    assert made[0].json() == made[1].json()
    assert ["elif", "mara", "mara", "elif"] == [one["recipient_id"] for one in holders]
    assert 1 == len(holders[0]["overrides"])
    assert [204, 404] == removed


async def test_a_team_or_a_person_nobody_knows_cannot_be_on_call(
    client: httpx2.AsyncClient,
) -> None:
    team = await client.put("/v1/on-call/enginering", json=WEEKLY)
    member = await client.put("/v1/on-call/engineering", json={**WEEKLY, "members": ["elf"]})
    handover = await client.put("/v1/on-call/engineering", json={**WEEKLY, "handover": "mo 9"})
    shown = await client.get("/v1/on-call/nobodies")
    far = await client.get("/v1/on-call/engineering", params={"at": "0001-01-01T00:00:00Z"})

    assert (404, 'There is no team "enginering", did you mean "engineering"?') == (
        team.status_code,
        team.json()["detail"],
    )
    assert {"body.members.0": 'no recipient "elf", did you mean "elif"?'} == faults(member)
    assert {"body.handover": '"mon 09:00" or "09:00" is expected, not "mo 9"'} == faults(handover)
    assert (404, 422) == (shown.status_code, far.status_code)


async def test_what_is_exported_is_imported_again_as_the_same_shifts(
    client: httpx2.AsyncClient,
) -> None:
    await client.put("/v1/on-call/engineering", json=WEEKLY)
    written = await client.get("/v1/on-call/engineering.ics")
    turns = (await client.get("/v1/on-call/engineering", params={"n": 10})).json()
    await client.delete("/v1/on-call/engineering")
    read = [
        await client.put(
            "/v1/on-call/engineering/calendar",
            content=written.text,
            headers={"content-type": "text/calendar"},
        )
        for _ in range(2)
    ]
    shifts = (await client.get("/v1/on-call/engineering", params={"n": 10})).json()

    # the first began an hour ago, the last one begins within 90 days
    assert [{"shifts": 13}, {"shifts": 13}] == [one.json() for one in read]
    assert [(turn["recipient_id"], turn["since"], turn["until"]) for turn in turns["next"]] == [
        (turn["recipient_id"], turn["since"], turn["until"]) for turn in shifts["next"]
    ]
    assert {"calendar"} == {turn["source"] for turn in shifts["next"]}


async def test_a_calendar_with_strangers_is_refused_as_a_whole(client: httpx2.AsyncClient) -> None:
    text = (
        "BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:x\r\nBEGIN:VEVENT\r\nUID:1\r\n"
        "DTSTART:20260602T080000Z\r\nDTEND:20260602T160000Z\r\nSUMMARY:Elif (primary)\r\nEND:VEVENT\r\n"
        "BEGIN:VEVENT\r\nUID:2\r\nDTSTART:20260603T080000Z\r\nDTEND:20260603T160000Z\r\n"
        "SUMMARY:Sofie\r\nEND:VEVENT\r\nEND:VCALENDAR\r\n"
    )
    url, headers = "/v1/on-call/engineering/calendar", {"content-type": "text/calendar"}
    strangers = await client.put(url, content=text, headers=headers)
    none = await client.put(url, content="hello", headers=headers)
    json = await client.put(url, json={})
    shown = await client.get("/v1/on-call/engineering")

    said = 'the event of 2026-06-03 08:00 UTC is that of "Sofie", whom nobody knows, did you mean "sofia"?'
    assert {"body": said} == faults(strangers)
    assert (422, 415, []) == (none.status_code, json.status_code, shown.json()["overrides"])


async def test_an_escalation_pages_the_stored_rotation(
    bench: Bench, client: httpx2.AsyncClient
) -> None:
    weekly = {"members": ["lena"], "handover": "09:00"}
    await client.put("/v1/on-call/engineering", json=weekly)
    await bench.hear(a(TicketOpened), a(EscalationRaised, to_team="engineering", audience=[]))

    rows = await bench.rows("recipient_id, role")
    assert [("lena", "on_call")] == [row for row in rows if row[0] in {"lena", "elif"}]


async def test_somebody_away_at_their_turn_is_replaced_by_the_next_who_is_there(
    bench: Bench, client: httpx2.AsyncClient
) -> None:
    daily = {"members": ["elif", "ana", "lena"], "handover": "00:00"}
    await client.put("/v1/on-call/engineering", json=daily)
    due = (await client.get("/v1/on-call/engineering")).json()["recipient_id"]
    order = daily["members"]
    following = order[(order.index(due) + 1) % 3]
    await client.put(f"/v1/recipients/{due}/absence", json={"until": "2026-06-02T10:00:00Z"})
    shown = (await client.get("/v1/on-call/engineering")).json()
    await bench.hear(a(EscalationRaised, to_team="engineering", audience=["on_call"]))

    assert (following, due) == (shown["recipient_id"], shown["turn"]["recipient_id"])
    assert following in {row[0] for row in await bench.rows("recipient_id")}


async def test_watchers_of_a_ticket_and_of_its_customer_are_found(
    bench: Bench, client: httpx2.AsyncClient
) -> None:
    await bench.hear(a(TicketOpened))
    ticket = f"/v1/tickets/{TICKET}/watchers"
    put = await client.put(f"{ticket}/ana")
    customer = await client.put("/v1/customers/acme/watchers/elif")
    listed = await client.get(ticket)
    await bench.hear(a(EscalationRaised, to_team="engineering", audience=["watchers"]))
    told = {row for row in await bench.rows("recipient_id, role") if row[1] == "watchers"}
    gone = [(await client.delete(f"{ticket}/ana")).status_code for _ in range(2)]

    assert (204, 204, {"watchers": ["ana"]}) == (
        put.status_code,
        customer.status_code,
        listed.json(),
    )
    # elif is on call, which comes first in the rules
    assert {("ana", "watchers")} == told
    assert [204, 404] == gone


async def test_what_nobody_knows_cannot_be_watched(client: httpx2.AsyncClient) -> None:
    ticket = await client.put(f"/v1/tickets/{OTHER_TICKET}/watchers/ana")
    person = await client.put("/v1/customers/acme/watchers/anna")

    assert (404, 404) == (ticket.status_code, person.status_code)
    assert "did you mean" in person.json()["detail"]


async def test_a_delegate_is_told_for_whom(bench: Bench, client: httpx2.AsyncClient) -> None:
    away = {"until": "2026-06-05T09:00:00Z", "delegate": "lena"}
    await client.put("/v1/recipients/elif/absence", json=away)
    await client.put("/v1/on-call/engineering", json={"members": ["elif"], "handover": "00:00"})
    await bench.hear(a(TicketAssigned, agent_id="ana", team="engineering"))
    await bench.hear(a(EscalationRaised, to_team="engineering", audience=["on_call"]))
    await bench.advance(minutes=5)
    await bench.deliver()

    bodies = [message.body for message in bench.mail.messages if message.recipient_id == "lena"]
    assert any("For Elif, who is away until" in body for body in bodies), bodies
    assert ELIF.recipient_id not in {message.recipient_id for message in bench.mail.messages}


async def test_strangers_are_not_let_in(client: httpx2.AsyncClient) -> None:
    for method, url in (
        ("GET", "/v1/on-call"),
        ("GET", "/v1/on-call/engineering.ics"),
        ("PUT", "/v1/on-call/engineering"),
        ("POST", "/v1/on-call/engineering/overrides"),
        ("PUT", f"/v1/tickets/{TICKET}/watchers/ana"),
        ("PUT", "/v1/recipients/ana/absence"),
    ):
        wrong = await client.request(method, url, json={}, headers={"x-api-key": "wrong"})
        reader = await client.request(method, url, json={}, headers={"x-api-key": READER})

        assert (401, method == "GET") == (wrong.status_code, reader.status_code == 200)


async def test_all_teams_are_shown_at_an_instant(client: httpx2.AsyncClient) -> None:
    listed = await client.get("/v1/on-call", params={"at": "2026-06-01T10:00:00Z"})

    assert datetime(2026, 6, 1, 10, tzinfo=UTC) == MONDAY_10
    known = {one["team"]: one["recipient_id"] for one in listed.json()}
    assert ("sofia", "elif", None) == (
        known["specialists"],
        known["engineering"],
        known["frontline"],
    )
