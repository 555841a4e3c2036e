"""The escalator's HTTP surface on PostgreSQL: clocks, raising, acknowledging and ending by hand."""

from __future__ import annotations

from collections.abc import AsyncIterator
from uuid import UUID

import msgspec
import pytest

from shared.contracts import EscalationAcknowledged, EscalationRaised, EscalationResolved
from shared.contracts.vocabulary import EscalationOutcome
from tests.support.builders import AGENT, TICKET
from tests.support.cases import at, message, opened
from tests.support.escalator_bench import EscalatorBench, EscalatorOverHttp

pytestmark = pytest.mark.postgres

#: What a change of level by hand has to say (semantics X4).
HANDOFF = {"tried": ["Asked for the log."], "next_steps": ["Read it."]}


@pytest.fixture
async def over_http(database_url: str) -> AsyncIterator[EscalatorOverHttp]:
    running = EscalatorOverHttp(database_url)
    yield running
    await running.close()


@pytest.fixture
async def bench(over_http: EscalatorOverHttp) -> EscalatorBench:
    await over_http.bench.hear(opened("high", "professional"))
    return over_http.bench


async def test_the_clocks_of_a_ticket_are_explained(
    over_http: EscalatorOverHttp, bench: EscalatorBench
) -> None:
    await bench.hear(message(1, AGENT), at=at("10:30"))
    await bench.clock.move_to(at("11:00"))

    answer = await over_http.call("GET", f"/v1/tickets/{TICKET}/clocks")

    assert 200 == answer.status_code
    body = answer.json()
    assert ("open", "tier_1", 8.3) == (body["status"], body["level"], body["risk_percent"])
    first, resolution = body["clocks"][:2]
    assert ("met", 1800.0) == (first["state"], first["consumed_seconds"])
    assert ("running", 3600.0, "2026-06-01T22:00:00Z", "2026-06-01T16:00:00Z") == (
        resolution["state"],
        resolution["consumed_seconds"],
        resolution["deadline"],
        resolution["next_due_at"],
    )
    assert [("2026-06-01T10:00:00Z", None, 3600.0)] == [
        (one["start"], one["end"], one["total_seconds"]) for one in resolution["segments"]
    ]


async def test_a_ticket_is_raised_by_hand(
    over_http: EscalatorOverHttp, bench: EscalatorBench
) -> None:
    answer = await over_http.call(
        "POST",
        f"/v1/tickets/{TICKET}/escalations",
        {"reason": "manager_requested", "handoff": HANDOFF},
    )

    assert 201 == answer.status_code
    assert ("management", "requested", "open") == (
        answer.json()["level"],
        answer.json()["reason"],
        answer.json()["status"],
    )
    [raised] = [e.payload for e in await bench.said() if isinstance(e.payload, EscalationRaised)]
    assert ["manager_requested"] == [evidence.detail for evidence in raised.evidence]
    assert [("maria", "escalate")] == await bench.rows("SELECT principal, action FROM audit")


async def test_a_repeat_with_its_key_gets_the_same_answer_and_raises_nothing_more(
    over_http: EscalatorOverHttp, bench: EscalatorBench
) -> None:
    path, wish, key = (
        f"/v1/tickets/{TICKET}/escalations",
        {"reason": "outside_authority", "handoff": HANDOFF},
        "once-1",
    )

    first = await over_http.call("POST", path, wish, repeat_of=key)
    again = await over_http.call("POST", path, wish, repeat_of=key)

    assert (201, 201) == (first.status_code, again.status_code)
    assert first.json() == again.json()
    assert 1 == (await bench.names()).count("escalation.raised")


@pytest.mark.usefixtures("bench")
async def test_a_key_that_was_used_for_another_request_is_refused(
    over_http: EscalatorOverHttp,
) -> None:
    path = f"/v1/tickets/{TICKET}/escalations"
    await over_http.call(
        "POST", path, {"reason": "outside_authority", "handoff": HANDOFF}, repeat_of="once-1"
    )

    answer = await over_http.call(
        "POST", path, {"reason": "manager_requested", "handoff": HANDOFF}, repeat_of="once-1"
    )

    assert 422 == answer.status_code
    assert "header.idempotency-key" == answer.json()["errors"][0]["field"]


async def test_a_level_may_be_named(over_http: EscalatorOverHttp, bench: EscalatorBench) -> None:
    wish = {"reason": "outside_authority", "to_level": "tier_3", "handoff": HANDOFF}

    answer = await over_http.call("POST", f"/v1/tickets/{TICKET}/escalations", wish)

    assert (201, "tier_3") == (answer.status_code, answer.json()["level"])
    assert "escalation.raised" in await bench.names()


@pytest.mark.parametrize(
    ("wish", "field"),
    [
        ({"reason": "bored"}, "body.reason"),
        ({"reason": "outside_authority", "to_level": "tier_9"}, "body.to_level"),
        ({"reason": "outside_authority", "to": "tier_2"}, "body.to"),
        ({}, "body.reason"),
    ],
)
async def test_an_unknown_word_is_answered_with_its_field(
    over_http: EscalatorOverHttp, bench: EscalatorBench, wish: dict[str, str], field: str
) -> None:
    answer = await over_http.call("POST", f"/v1/tickets/{TICKET}/escalations", wish)

    assert 422 == answer.status_code
    assert "application/problem+json" == answer.headers["content-type"]
    assert field == answer.json()["errors"][0]["field"]
    assert "escalation.raised" not in await bench.names()


async def test_L10_what_asks_for_no_more_than_there_is_is_a_conflict(
    over_http: EscalatorOverHttp, bench: EscalatorBench
) -> None:
    wish = {"reason": "manager_requested", "handoff": HANDOFF}
    path = f"/v1/tickets/{TICKET}/escalations"
    await over_http.call("POST", path, wish)

    again = await over_http.call("POST", path, wish)

    assert 409 == again.status_code
    assert 1 == (await bench.names()).count("escalation.raised")


async def test_somebody_acknowledges_twice_and_it_counts_once(
    over_http: EscalatorOverHttp, bench: EscalatorBench
) -> None:
    escalation_id = await raised(over_http)
    await bench.clock.move_to(at("10:05"))

    answers = [
        await over_http.call("POST", f"/v1/escalations/{escalation_id}/acknowledgement")
        for _ in range(2)
    ]

    assert [200, 200] == [answer.status_code for answer in answers]
    assert "maria" == answers[1].json()["acknowledged_by"]
    told = [e.payload for e in await bench.said() if isinstance(e.payload, EscalationAcknowledged)]
    assert [("maria", "api", 300)] == [(t.by, t.via, t.after_seconds) for t in told]


async def test_X5_an_escalation_ends_with_a_reason(
    over_http: EscalatorOverHttp, bench: EscalatorBench
) -> None:
    escalation_id = await raised(over_http)
    path = f"/v1/escalations/{escalation_id}/resolution"

    assert 422 == (await over_http.call("POST", path, {"reason": ""})).status_code
    ended = await over_http.call("POST", path, {"reason": "the customer agreed to wait"})
    again = await over_http.call("POST", path, {"reason": "once more"})

    assert (200, "resolved", 409) == (ended.status_code, ended.json()["status"], again.status_code)
    [told] = [e.payload for e in await bench.said() if isinstance(e.payload, EscalationResolved)]
    assert (EscalationOutcome.DE_ESCALATED, "the customer agreed to wait") == (
        told.outcome,
        told.reason,
    )


async def test_open_escalations_come_in_pages(
    over_http: EscalatorOverHttp, bench: EscalatorBench
) -> None:
    for number in (1, 2, 3):
        ticket = UUID(int=number)
        await bench.hear(msgspec.structs.replace(opened("high", "standard"), ticket_id=ticket))
        wish = {"reason": "manager_requested", "handoff": HANDOFF}
        await over_http.call("POST", f"/v1/tickets/{ticket}/escalations", wish)

    first = (await over_http.call("GET", "/v1/escalations?limit=2")).json()
    rest = await over_http.call("GET", f"/v1/escalations?limit=2&after={first['next']}")
    closed = (await over_http.call("GET", "/v1/escalations?state=resolved")).json()

    pages = [*first["escalations"], *rest.json()["escalations"]]
    assert {str(UUID(int=n)) for n in (1, 2, 3)} == {one["ticket_id"] for one in pages}
    assert rest.json()["next"] is None
    assert [] == closed["escalations"]


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("GET", f"/v1/tickets/{UUID(int=9)}/clocks", 404),
        ("POST", f"/v1/escalations/{UUID(int=9)}/acknowledgement", 404),
        ("GET", "/v1/tickets/not-an-id/clocks", 422),
        ("GET", "/v1/escalations?after=rubbish", 422),
        ("GET", "/v1/escalations?state=lost", 422),
    ],
)
async def test_what_is_not_there_is_said_so(
    over_http: EscalatorOverHttp, method: str, path: str, status: int
) -> None:
    answer = await over_http.call(method, path)

    assert status == answer.status_code
    assert "application/problem+json" == answer.headers["content-type"]


async def test_strangers_get_nothing(over_http: EscalatorOverHttp) -> None:
    answer = await over_http.call("GET", f"/v1/tickets/{TICKET}/clocks", key=None)

    assert 401 == answer.status_code


async def raised(over_http: EscalatorOverHttp) -> str:
    """Raise the ticket by hand; the escalation's id."""
    answer = await over_http.call(
        "POST",
        f"/v1/tickets/{TICKET}/escalations",
        {"reason": "outside_authority", "handoff": HANDOFF},
    )
    assert 201 == answer.status_code, answer.text
    return str(answer.json()["escalation_id"])
