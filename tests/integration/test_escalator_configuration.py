"""Versions of the workflow on PostgreSQL: registered, learnt, followed by the cases, planned over HTTP."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import datetime, timedelta
from typing import Any

import pytest
from sqlalchemy.exc import DBAPIError

from services.escalator.configuration import SETTLED, Configuration, Proposal
from services.escalator.domain import sla
from shared.contracts import CalendarChanged, SlaBreached
from shared.contracts.vocabulary import Metric
from shared.policy import parse_workflow
from tests.support.builders import TICKET
from tests.support.cases import at, opened
from tests.support.escalator_bench import EscalatorBench, EscalatorOverHttp

pytestmark = pytest.mark.postgres

#: Every clock counts in `office`; a high ticket's first response is due in four hours of it.
OFFICE = """
version: 1
conditions: {vip: customer_vip}
routing_rules: [{action: assign_to_frontline}]
calendars: {office: {zone: Europe/Berlin, hours: {mon-fri: ["09:00-12:00", "13:00-18:00"]}}}
sla: {calendar: office}
SLA_MATRIX: {high/any: {first_response: 4 hours, resolution: 40 hours}}
"""

#: Example C-h: Tuesday is closed from 15:00 on.
CLOSED_AT_THREE = OFFICE.replace(
    '"13:00-18:00"]}}',
    '"13:00-18:00"]}, exceptions: {2026-06-02: ["09:00-12:00", "13:00-15:00"]}}',
)
OTHER_TARGET = OFFICE.replace("first_response: 4 hours", "first_response: 2 hours")


class Replica:
    """An escalator as one process knows it: its configuration, and cases judged by it."""

    def __init__(self, engine: EscalatorBench, text: str) -> None:
        self.configuration = Configuration(engine.writer, parse_workflow(text), text)
        self.bench = EscalatorBench(engine.engine, engine.clock, self.configuration.policy)

    async def settle(self) -> None:
        """Step until there is nothing more to follow now."""
        while await self.configuration.step():
            continue


@pytest.fixture
async def over_http(database_url: str) -> AsyncIterator[EscalatorOverHttp]:
    running = EscalatorOverHttp(database_url)
    yield running
    await running.close()


@pytest.fixture
async def replica(over_http: EscalatorOverHttp) -> Replica:
    """It runs `OFFICE`, since Monday 10:00."""
    started = Replica(over_http.bench, OFFICE)
    await started.configuration.begin()
    await started.settle()
    return started


def proposal(text: str, begin: datetime | None = None) -> Proposal:
    return Proposal(parse_workflow(text), text, "maria", effective_from=begin)


async def next_due(bench: EscalatorBench) -> datetime:
    [[due]] = await bench.rows("SELECT next_due_at FROM sla_case")
    assert isinstance(due, datetime)
    return due


async def deadline(bench: EscalatorBench) -> datetime:
    """The deadline of the first response."""
    case = await bench.case(TICKET)
    [clock] = [c for c in case.timeline.clocks if c.metric is Metric.FIRST_RESPONSE]
    found = sla.deadline(clock, bench.policy.calendars)
    assert found is not None
    return found


async def breaches(bench: EscalatorBench) -> list[datetime]:
    """When the first response was announced as breached."""
    told = [event for event in await bench.said() if isinstance(event.payload, SlaBreached)]
    return [e.time for e in told if getattr(e.payload, "metric", None) is Metric.FIRST_RESPONSE]


async def test_F1_the_file_a_service_runs_with_is_a_version_and_the_same_file_is_no_other(
    replica: Replica,
) -> None:
    await replica.configuration.begin()

    [version] = await replica.configuration.versions()

    assert (1, replica.configuration.file.digest, "escalator") == (
        version.number,
        version.digest,
        version.applied_by,
    )
    assert [("escalator", "workflow_apply")] == await replica.bench.rows(
        "SELECT principal, action FROM audit"
    )


async def told(bench: EscalatorBench) -> list[tuple[str, int, int]]:
    """The changes of calendars published so far: name, version, sequence."""
    return [
        (event.subject, event.payload.workflow_version, event.sequence)
        for event in await bench.said()
        if isinstance(event.payload, CalendarChanged)
    ]


async def test_C4_every_change_of_a_calendar_is_published_once(replica: Replica) -> None:
    await replica.configuration.propose(proposal(CLOSED_AT_THREE))
    await replica.configuration.propose(proposal(CLOSED_AT_THREE))
    await Replica(replica.bench, CLOSED_AT_THREE).configuration.begin()

    assert [("always", 1, 1), ("office", 1, 1), ("office", 2, 2)] == await told(replica.bench)


async def test_C4_what_a_release_without_the_topic_decided_is_published_at_the_next_start(
    replica: Replica,
) -> None:
    await replica.configuration.propose(proposal(CLOSED_AT_THREE))
    before = await told(replica.bench)
    async with replica.bench.engine.begin() as tx:
        await tx.exec_driver_sql("DELETE FROM stream")
        await tx.exec_driver_sql("DELETE FROM outbox")

    await Replica(replica.bench, CLOSED_AT_THREE).configuration.begin()

    assert before == await told(replica.bench)


async def test_F1_versions_are_never_changed_and_never_deleted(replica: Replica) -> None:
    for statement in (
        "UPDATE workflow_version SET note = ''",
        "DELETE FROM workflow_version",
    ):
        with pytest.raises(DBAPIError, match="permission denied"):
            async with replica.bench.engine.begin() as tx:
                await tx.exec_driver_sql(statement)


async def test_C_h_a_closure_counts_for_running_clocks_without_a_restart(replica: Replica) -> None:
    bench = replica.bench
    await bench.clock.move_to(at("+1 09:00"))
    await bench.hear(opened("high", "enterprise"))
    await bench.pass_to(at("+1 12:00"))

    await replica.configuration.propose(proposal(CLOSED_AT_THREE))

    assert at("+2 08:00") == await deadline(bench)
    await bench.pass_to(at("+2 07:59"))
    assert [] == await breaches(bench)
    await bench.pass_to(at("+2 08:00"))
    assert [at("+2 08:00")] == await breaches(bench)


async def test_C4_due_instants_follow_a_calendar_that_another_replica_changed(
    replica: Replica,
) -> None:
    bench = replica.bench
    await bench.clock.move_to(at("+1 13:00"))
    await bench.hear(opened("high", "enterprise"))
    assert at("+2 08:00") == await deadline(bench)
    evenings = OFFICE.replace('"13:00-18:00"', '"13:00-18:00", "20:00-24:00"')

    await Replica(bench, evenings).configuration.begin()
    await replica.settle()

    assert at("+1 19:00") == await deadline(bench)


async def test_C4_a_stale_row_that_would_be_late_is_made_earlier(replica: Replica) -> None:
    bench = replica.bench
    await bench.clock.move_to(at("+1 15:30"))
    await bench.hear(opened("high", "enterprise"))
    assert at("+2 08:30") == await next_due(bench)
    always = OFFICE.replace('["09:00-12:00", "13:00-18:00"]', '["00:00-24:00"]')

    await replica.configuration.propose(proposal(always))
    await replica.settle()

    assert at("+1 17:30") == await next_due(bench)


async def test_C4_what_was_written_by_who_did_not_know_is_found_in_a_second_turn(
    replica: Replica,
) -> None:
    bench = replica.bench
    await bench.clock.move_to(at("+1 15:30"))
    behind = Replica(bench, OFFICE)
    await behind.configuration.versions()
    always = OFFICE.replace('["09:00-12:00", "13:00-18:00"]', '["00:00-24:00"]')
    await replica.configuration.propose(proposal(always))
    await replica.settle()
    await behind.bench.hear(opened("high", "enterprise"))
    assert at("+2 08:30") == await next_due(bench)

    await bench.clock.move_to(bench.clock.now() + SETTLED)
    await replica.settle()

    assert at("+1 17:30") == await next_due(bench)
    assert [] == await bench.rows(
        "SELECT number FROM reckoning WHERE number > 1 AND done_at IS NULL"
    )


async def test_C4_a_restart_goes_on_counting_by_all_versions(replica: Replica) -> None:
    bench = replica.bench
    await bench.clock.move_to(at("+1 09:00"))
    await bench.hear(opened("high", "enterprise"))
    await bench.pass_to(at("+1 12:00"))
    await replica.configuration.propose(proposal(CLOSED_AT_THREE))

    restarted = Replica(bench, CLOSED_AT_THREE)
    await bench.clock.move_to(at("+1 12:05"))
    await restarted.configuration.begin()

    assert at("+2 08:00") == await deadline(restarted.bench)
    assert 2 == len(await restarted.configuration.versions())


async def test_F1_a_version_may_begin_later_and_a_restart_does_not_decide_it_anew(
    replica: Replica,
) -> None:
    await replica.configuration.propose(proposal(CLOSED_AT_THREE, at("+1 06:00")))

    for text in (OFFICE, CLOSED_AT_THREE):
        await Replica(replica.bench, text).configuration.begin()

    assert 2 == len(await replica.configuration.versions())


async def test_F1_a_change_of_targets_alone_makes_no_case_follow(replica: Replica) -> None:
    version, is_new = await replica.configuration.propose(proposal(OTHER_TARGET))

    assert (2, True) == (version.number, is_new)
    assert [(1,)] == await replica.bench.rows("SELECT number FROM reckoning")


# Over HTTP, of an escalator that runs the packaged workflow


async def ask(over_http: EscalatorOverHttp, path: str, text: str, **more: Any) -> Any:
    answer = await over_http.call("POST", path, {"text": text, **more})
    assert answer.is_success, answer.text
    return answer.json()


async def test_a_plan_says_what_a_workflow_does_to_open_tickets(
    over_http: EscalatorOverHttp,
) -> None:
    await ask(over_http, "/v1/workflow", OFFICE)
    bench = over_http.bench
    running = Replica(bench, OFFICE)
    await running.configuration.begin()
    await bench.clock.move_to(at("+1 09:00"))
    await running.bench.hear(opened("high", "enterprise"))

    plan = await ask(over_http, "/v1/workflow:plan", CLOSED_AT_THREE)

    assert (1, 1) == (plan["open_tickets"], plan["looked_at"])
    assert ["office"] == [calendar["name"] for calendar in plan["calendars"]]
    assert {
        "ticket_id": str(TICKET),
        "metric": "first_response",
        "before": "2026-06-02T14:00:00Z",
        "after": "2026-06-03T08:00:00Z",
    } in plan["first"]
    assert (0.0, 18 * 3600.0) == (plan["most_earlier_seconds"], plan["most_later_seconds"])
    assert not plan["nothing_to_do"]


async def test_a_plan_names_the_cells_and_the_parts_that_are_otherwise(
    over_http: EscalatorOverHttp,
) -> None:
    plan = await ask(
        over_http,
        "/v1/workflow:plan",
        "version: 1\nSLA_MATRIX: {critical/enterprise: {first_response: 10 minutes, resolution: 4 hours}}\n"
        "sla: {grace: 5 s}\n",
    )

    assert {
        "cell": "critical/enterprise",
        "metric": "first_response",
        "before_seconds": 900.0,
        "after_seconds": 600.0,
    } in plan["targets"]
    assert ["sla grace: changed"] == plan["changes"]


async def test_a_workflow_is_put_in_force_once(over_http: EscalatorOverHttp) -> None:
    first = await over_http.call("POST", "/v1/workflow", {"text": OFFICE, "note": "new hours"})
    again = await over_http.call("POST", "/v1/workflow", {"text": f"# the same\n{OFFICE}"})

    assert (201, 200) == (first.status_code, again.status_code)
    assert [True, False] == [first.json()["is_new"], again.json()["is_new"]]
    history = (await over_http.call("GET", "/v1/workflow/versions")).json()["versions"]
    assert [("maria", "new hours", "in_force")] == [
        (one["applied_by"], one["note"], one["state"]) for one in history
    ]


async def test_a_later_decision_replaces_one_that_has_not_begun(
    over_http: EscalatorOverHttp,
) -> None:
    await ask(over_http, "/v1/workflow", OFFICE)
    later = "2026-06-05T00:00:00Z"
    await ask(over_http, "/v1/workflow", CLOSED_AT_THREE, effective_from=later)

    plan = await ask(over_http, "/v1/workflow:plan", OTHER_TARGET)
    await ask(over_http, "/v1/workflow", OTHER_TARGET)

    assert [2] == [version["number"] for version in plan["replaces"]]
    history = (await over_http.call("GET", "/v1/workflow/versions")).json()["versions"]
    assert ["past", "past", "in_force"] == [one["state"] for one in history]


async def test_F5_a_file_with_mistakes_changes_nothing_and_says_where_they_are(
    over_http: EscalatorOverHttp,
) -> None:
    answer = await over_http.call(
        "POST", "/v1/workflow", {"text": "version: 1\nsla: {calendr: office}\n", "name": "our.yaml"}
    )

    assert 422 == answer.status_code
    [fault] = answer.json()["errors"]
    assert fault["message"].startswith("our.yaml:2:7 sla.calendr")
    assert 'did you mean "calendar"' in fault["message"]
    assert [] == (await over_http.call("GET", "/v1/workflow/versions")).json()["versions"]


async def test_a_workflow_cannot_begin_in_the_past(over_http: EscalatorOverHttp) -> None:
    begin = (over_http.bench.clock.now() - timedelta(seconds=1)).isoformat()

    answer = await over_http.call("POST", "/v1/workflow", {"text": OFFICE, "effective_from": begin})

    assert (422, "body.effective_from") == (
        answer.status_code,
        answer.json()["errors"][0]["field"],
    )


async def test_a_file_beside_the_workflow_stays_within_its_folder(
    over_http: EscalatorOverHttp,
) -> None:
    for name in ("../x.yaml", "/etc/x.yaml", "a/../../x"):
        body = {"text": OFFICE, "files": {name: "x"}}
        assert 422 == (await over_http.call("POST", "/v1/workflow:plan", body)).status_code
