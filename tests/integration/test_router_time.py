"""The timekeeper, leases and shifts on PostgreSQL (semantics G4, G7, G8)."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy.ext.asyncio import AsyncEngine

from services.router.store.shifts import Shifts
from services.router.timekeeper import Timekeeper
from shared.contracts import (
    AgentUpdated,
    TicketOpened,
    TicketPaused,
    TicketQueued,
    TicketResumed,
    TicketUnassigned,
)
from shared.contracts.vocabulary import PauseReason, Presence, QueueReason
from tests.support.builders import AGENT, CUSTOMER, MONDAY_10, TICKET
from tests.support.desks import a_ticket, ticket_id
from tests.support.router_bench import RouterBench, RouterOverHttp, a_profile

pytestmark = pytest.mark.postgres

ANA: dict[str, Any] = {
    "name": "Ana",
    "team": "frontline",
    "level": "tier_1",
    "presence": "online",
}

#: Open from six to two; the tests begin on a Monday at ten.
EARLY = {"zone": "UTC", "hours": {"mon-fri": ["06:00-14:00"]}}

LATE = """BEGIN:VCALENDAR
VERSION:2.0
PRODID:test
BEGIN:VEVENT
UID:1
DTSTART:20260601T140000Z
DTEND:20260601T220000Z
RRULE:FREQ=DAILY
END:VEVENT
END:VCALENDAR
"""


@pytest.fixture
def bench(engine_for: Callable[[str], AsyncEngine]) -> RouterBench:
    return RouterBench(engine_for("router"))


@pytest.fixture
async def router(database_url: str) -> AsyncIterator[RouterOverHttp]:
    made = RouterOverHttp(database_url)
    yield made
    await made.close()


def integration(number: int = 1) -> TicketOpened:
    """A ticket that asks for a skill at 3."""
    return a_ticket(ticket_id(number), category="integration")


async def ends(bench: RouterBench, ticket: UUID = TICKET) -> list[tuple[str, str | None]]:
    """Who had the ticket, oldest first, and why no longer."""
    return [(one.agent_id, one.end_reason) for one in reversed(await bench.history(ticket))]


async def unassigned(bench: RouterBench) -> list[tuple[str, str | None]]:
    """From whom tickets were taken, and the detail of why."""
    return [
        (e.payload.agent_id, e.payload.detail)
        for e in await bench.said()
        if isinstance(e.payload, TicketUnassigned)
    ]


def counted(bench: RouterBench, name: str, **labels: str) -> float | None:
    """What a metric of the router says."""
    return bench.catalogue.registry.get_sample_value(
        f"tierline_{name}", {"service": "router", **labels}
    )


async def updates(bench: RouterBench) -> int:
    return sum(isinstance(event.payload, AgentUpdated) for event in await bench.said())


# Accepting


async def test_G8_who_says_nothing_loses_the_ticket_to_somebody_else(bench: RouterBench) -> None:
    await bench.roster(a_profile("ana"))
    await bench.hear(a_ticket())
    await bench.dispatch()
    await bench.roster(a_profile("ben"))
    await bench.pass_time(minutes=9, seconds=59)
    before = await unassigned(bench)
    await bench.pass_time(seconds=1)
    await bench.dispatch()

    assert [] == before
    assert [("ana", "not_accepted")] == await unassigned(bench)
    assert [("ana", "declined"), ("ben", None)] == await ends(bench)
    assert (0, 4) == ((await bench.agent("ana")).load, (await bench.agent("ben")).load)
    assert 1.0 == counted(bench, "acceptances_timed_out_total", level="tier_1")


async def test_G8_who_let_it_go_by_is_asked_again_only_after_somebody_accepted(
    bench: RouterBench,
) -> None:
    await bench.roster(a_profile("ana"))
    await bench.hear(a_ticket())
    await bench.dispatch()
    await bench.pass_time(minutes=10)
    await bench.dispatch()

    assert (None, ("ana",)) == (
        (await bench.item(TICKET)).agent_id,
        (await bench.item(TICKET)).declined,
    )


async def test_G8_agents_who_accept_all_are_not_asked(bench: RouterBench) -> None:
    await bench.roster(a_profile("ana", auto_accept=True))
    await bench.hear(a_ticket())
    await bench.dispatch()
    await bench.pass_time(hours=2)

    assert [("ana", None)] == await ends(bench)


async def test_two_timekeepers_at_once_take_every_ticket_back_once(
    bench: RouterBench, engine_for: Callable[[str], AsyncEngine]
) -> None:
    other = RouterBench(engine_for("router"), bench.clock)
    await bench.roster(*(a_profile(f"agent{n}", capacity=40) for n in range(8)))
    await bench.hear(*(a_ticket(ticket_id(n)) for n in range(1, 301)))
    await bench.dispatch()
    await bench.clock.advance(timedelta(minutes=10))

    async def drain(one: RouterBench) -> None:
        while await one.timekeeper.step():
            continue

    await asyncio.gather(drain(bench), drain(other))

    assert 300 == len(await unassigned(bench))
    assert [(0,)] == await bench.rows("SELECT sum(load) FROM agent")


async def test_what_time_says_has_the_same_ids_when_it_is_said_again(bench: RouterBench) -> None:
    await bench.roster(a_profile("ana"))
    await bench.hear(a_ticket())
    await bench.dispatch()
    await bench.clock.advance(timedelta(minutes=10))
    async with bench.engine.connect() as tx:
        _, lost = await bench.timekeeper.keep_tickets(tx, bench.clock.now())
    known = len(await bench.said())
    await bench.timekeeper.step()

    assert [one.id for one in lost] == [event.id for event in (await bench.said())[known:]]


# Asking for less


async def test_G4_less_is_asked_for_until_somebody_qualifies(bench: RouterBench) -> None:
    await bench.roster(a_profile("ana", level="tier_2", skills={"api_expert": 2}))
    await bench.hear(integration())
    await bench.dispatch()
    await bench.pass_time(minutes=48)
    await bench.dispatch()
    steps = [e.payload for e in await bench.said() if isinstance(e.payload, TicketQueued)]

    assert [(QueueReason.NEW, None), (QueueReason.RELAXED, 2)] == [
        (step.reason, step.relaxed) for step in steps
    ]
    assert {"api_expert": 2, "integration_specialist": 2} == steps[1].any_skills
    assert "ana" == (await bench.item(ticket_id(1))).agent_id
    assert 1.0 == counted(bench, "relaxations_total", step="proficiency")


async def test_nothing_is_due_any_more_once_time_has_been_kept(bench: RouterBench) -> None:
    await bench.roster(a_profile("ana", shift="office"), a_profile("ben", capacity=0))
    await bench.rota.set_presence("ben", Presence.ONLINE, lease=True)
    await bench.hear(a_ticket(), integration(2), a_ticket(ticket_id(3)))
    await bench.dispatch()
    for hours in (0.02, 0.1, 0.7, 3, 9, 40):
        await bench.pass_time(hours=hours)
        instants = await bench.rows(
            "SELECT min(due_at) FROM work_item UNION ALL SELECT min(changes_at) FROM agent"
        )
        assert all(at is None or at > bench.clock.now() for (at,) in instants)


# Leases


async def test_G7_a_presence_that_nobody_renews_lapses(bench: RouterBench) -> None:
    await bench.roster(a_profile("ana", auto_accept=True))
    await bench.rota.set_presence("ana", Presence.ONLINE, lease=True)
    await bench.hear(a_ticket(ticket_id(1)))
    await bench.dispatch()
    await bench.pass_time(seconds=90)
    suspect = await bench.agent("ana")
    await bench.hear(a_ticket(ticket_id(2)))
    await bench.dispatch()
    await bench.pass_time(minutes=5)
    gone = await bench.agent("ana")

    assert (True, 4, Presence.ONLINE) == (suspect.suspect, suspect.load, suspect.presence)
    assert (None, Presence.OFFLINE, 0) == (
        (await bench.item(ticket_id(2))).agent_id,
        gone.presence,
        gone.load,
    )
    assert [("ana", "went_offline")] == await ends(bench, ticket_id(1))
    await bench.pass_time(seconds=5)
    assert 1.0 == counted(bench, "agents", standing="offline")


async def test_G7_a_renewed_presence_stays_and_nothing_is_said_of_it(bench: RouterBench) -> None:
    await bench.roster(a_profile("ana"))
    await bench.rota.set_presence("ana", Presence.BUSY, lease=True)
    before = len(await bench.said())
    for _ in range(20):
        await bench.pass_time(seconds=30)
        await bench.rota.heartbeat("ana")

    agent = await bench.agent("ana")
    assert (Presence.BUSY, False) == (agent.presence, agent.suspect)
    assert before == len(await bench.said())


async def test_G7_a_renewal_takes_a_suspicion_back(bench: RouterBench) -> None:
    await bench.roster(a_profile("ana"))
    await bench.rota.set_presence("ana", Presence.ONLINE, lease=True)
    await bench.pass_time(seconds=100)
    before = (await bench.agent("ana")).suspect, await updates(bench)
    await bench.rota.heartbeat("ana")

    assert ((True, 2), (False, 3)) == (
        before,
        ((await bench.agent("ana")).suspect, await updates(bench)),
    )


async def test_a_lease_is_started_and_renewed_over_http(router: RouterOverHttp) -> None:
    await router.call("PUT", "/v1/agents/ana", {**ANA, "presence": "offline"})
    leased = {"presence": "online", "lease": True}
    started = await router.call("PUT", "/v1/agents/ana/presence", leased)
    await router.bench.clock.advance(timedelta(seconds=30))
    renewed = await router.call("POST", "/v1/agents/ana/heartbeat")

    assert {
        "renew_within_seconds": 30.0,
        "suspect_at": "2026-06-01T10:01:30Z",
        "offline_at": "2026-06-01T10:06:30Z",
    } == started.json()["lease"]
    assert (200, "2026-06-01T10:02:00Z") == (renewed.status_code, renewed.json()["suspect_at"])


@pytest.mark.parametrize(
    ("presence", "sentence"),
    [("offline", "ana is offline"), ("online", "ana is there without a lease")],
)
async def test_a_heartbeat_without_a_lease_is_409(
    router: RouterOverHttp, presence: str, sentence: str
) -> None:
    await router.call("PUT", "/v1/agents/ana", {**ANA, "presence": presence})
    refused = await router.call("POST", "/v1/agents/ana/heartbeat")

    assert (409, "No lease to renew") == (refused.status_code, refused.json()["title"])
    assert refused.json()["detail"].startswith(sentence)


async def test_a_heartbeat_of_nobody_is_404(router: RouterOverHttp) -> None:
    assert 404 == (await router.call("POST", "/v1/agents/nobody/heartbeat")).status_code


async def test_an_import_of_the_roster_leaves_leases_alone(bench: RouterBench) -> None:
    await bench.roster(a_profile("ana"))
    await bench.rota.set_presence("ana", Presence.ONLINE, lease=True)
    await bench.roster(a_profile("ana", presence=None))
    await bench.roster(a_profile("ana"))

    assert MONDAY_10 == (await bench.agent("ana")).renewed_at


# Shifts


async def test_G_c_the_end_of_a_shift_returns_what_needs_action(router: RouterOverHttp) -> None:
    bench = router.bench
    await router.call("PUT", "/v1/shifts/early", EARLY)
    await router.call("PUT", "/v1/agents/ana", {**ANA, "shift": "early", "auto_accept": True})
    await bench.hear(a_ticket(ticket_id(1)), a_ticket(ticket_id(2)))
    await bench.dispatch()
    pause = TicketPaused(ticket_id=ticket_id(2), reason=PauseReason.WAITING_ON_CUSTOMER, by=AGENT)
    await bench.hear(pause)
    await bench.pass_time(hours=4)
    await bench.dispatch()

    assert [("ana", "shift_ended")] == await unassigned(bench)
    assert [None, "ana"] == [(await bench.item(ticket_id(n))).agent_id for n in (1, 2)]
    assert "unroutable" == (await bench.said_about_tickets())[-1]
    await bench.pass_time(hours=16)
    await bench.dispatch()
    assert "ana" == (await bench.item(ticket_id(1))).agent_id


async def test_G7_on_a_closed_shift_an_agent_gets_nothing(router: RouterOverHttp) -> None:
    bench = router.bench
    await router.send("/v1/shifts/late", LATE, "text/calendar; charset=utf-8")
    added = await router.call("PUT", "/v1/agents/ana", {**ANA, "shift": "late"})
    await bench.hear(a_ticket())
    await bench.dispatch()
    morning = (await bench.item(TICKET)).agent_id
    await bench.pass_time(hours=4)
    await bench.dispatch()

    assert (False, None) == (added.json()["on_shift"], morning)
    assert "ana" == (await bench.item(TICKET)).agent_id


async def test_G13_with_a_channels_cap_what_wakes_beyond_it_is_queued_with_a_hint(
    bench: RouterBench,
) -> None:
    await bench.roster(a_profile("ana", auto_accept=True, channel_caps={"chat": 1}))
    await bench.hear(a_ticket(ticket_id(1), channel="chat"))
    await bench.dispatch()
    pause = TicketPaused(ticket_id=ticket_id(1), reason=PauseReason.WAITING_ON_CUSTOMER, by=AGENT)
    await bench.hear(pause)
    await bench.hear(a_ticket(ticket_id(2), channel="chat"))
    await bench.dispatch()
    await bench.hear(TicketResumed(ticket_id=ticket_id(1), reason="answered", by=CUSTOMER))

    first, second = [await bench.item(ticket_id(n)) for n in (1, 2)]
    assert (None, "ana", "ana") == (first.agent_id, first.previous_agent_id, second.agent_id)
    assert {"chat": 1} == (await bench.agent("ana")).held


async def test_a_shift_that_is_replaced_by_a_closed_one_sends_home_at_once(
    router: RouterOverHttp,
) -> None:
    await router.call("PUT", "/v1/shifts/mine", EARLY)
    await router.call("PUT", "/v1/agents/ana", {**ANA, "shift": "mine"})
    await router.bench.hear(a_ticket())
    await router.bench.dispatch()
    await router.send("/v1/shifts/mine", LATE, "text/calendar")

    assert (False, 0) == (
        (await router.bench.agent("ana")).on_shift,
        (await router.bench.agent("ana")).load,
    )
    assert [("ana", "shift_ended")] == await unassigned(router.bench)


async def test_a_shift_is_shown_with_its_working_time_and_kept_while_somebody_works_it(
    router: RouterOverHttp,
) -> None:
    await router.call("PUT", "/v1/shifts/early", EARLY)
    await router.call("PUT", "/v1/agents/ana", {**ANA, "shift": "early"})
    shown = (await router.call("GET", "/v1/shifts/early")).json()
    refused = await router.call("DELETE", "/v1/shifts/early")
    await router.call("PUT", "/v1/agents/ana", {**ANA, "shift": "office"})
    deleted = await router.call("DELETE", "/v1/shifts/early")
    listed = (await router.call("GET", "/v1/shifts")).json()

    assert (["ana"], 11) == (shown["agents"], len(shown["open"]))
    assert {"opens": "2026-06-01T10:00:00Z", "closes": "2026-06-01T14:00:00Z"} == shown["open"][0]
    assert (409, "'early' is worked by ana; give them another shift first.") == (
        refused.status_code,
        refused.json()["detail"],
    )
    assert (204, []) == (deleted.status_code, listed["shifts"])
    assert "office" in listed["calendars"]


async def test_a_shift_nobody_knows_is_refused_with_what_may_be_meant(
    router: RouterOverHttp,
) -> None:
    await router.call("PUT", "/v1/shifts/early", EARLY)
    refused = await router.call("PUT", "/v1/agents/ana", {**ANA, "shift": "erly"})

    assert (422, "body.shift") == (refused.status_code, refused.json()["errors"][0]["field"])
    assert 'did you mean "early"?' in refused.json()["errors"][0]["message"]


@pytest.mark.parametrize(
    ("text", "media_type", "status", "field"),
    [
        ('{"zone": "Mars", "hours": {"mon": ["9-17"]}}', "application/json", 422, "body.zone"),
        ("[]", "application/json", 422, "body"),
        ("{", "application/json", 422, "body"),
        ("hello", "text/calendar", 422, "body"),
        ("\x00", "text/calendar", 422, "body"),
        ("mon: 9-17", "application/yaml", 415, None),
    ],
)
async def test_what_is_no_shift_is_refused(
    router: RouterOverHttp, text: str, media_type: str, status: int, field: str | None
) -> None:
    refused = await router.send("/v1/shifts/mine", text, media_type)

    assert status == refused.status_code
    assert field is None or refused.json()["errors"][0]["field"] == field


async def test_a_new_timekeeper_looks_at_everybody_who_works_a_shift(bench: RouterBench) -> None:
    """The workflow's calendars may be others than when the agents were saved."""
    await bench.roster(a_profile("ana", shift="office"))
    async with bench.engine.begin() as tx:
        await tx.exec_driver_sql("UPDATE agent SET on_shift = false, changes_at = NULL")
    shifts = Shifts(bench.policy.calendars)
    keeper = Timekeeper(bench.writer, bench.policy, bench.metrics, shifts, lambda: None)
    await keeper.step()

    assert (await bench.agent("ana")).on_shift
