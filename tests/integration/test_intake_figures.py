"""Intake's figures: the backlog counted in its table, and what became of tickets."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import timedelta

import pytest
from prometheus_client.parser import text_string_to_metric_families

from services.intake.gauges import OPEN, Gauges
from services.intake.metrics import IntakeMetrics
from shared.clock import FakeClock
from shared.observability.metrics import Catalogue
from tests.support.intake import (
    IntakeUnderTest,
    a_message,
    a_status,
    an_open,
    intake_under_test,
    settings,
)


@pytest.fixture
async def intake(database_url: str, clock: FakeClock) -> AsyncIterator[IntakeUnderTest]:
    async with intake_under_test(settings(database_url), clock) as running:
        yield running


async def backlog(intake: IntakeUnderTest, clock: FakeClock) -> dict[tuple[str, str, str], float]:
    """The backlog as it would be served: status, priority and age of what is there."""
    catalogue = Catalogue("intake")
    gauges = Gauges(IntakeMetrics(catalogue), clock)
    async with intake.service.engine.connect() as tx:
        await gauges.read(tx)
    samples = [s for family in catalogue.registry.collect() for s in family.samples]
    return {
        (s.labels["status"], s.labels["priority"], s.labels["age"]): s.value
        for s in samples
        if s.name == "tierline_tickets_open" and s.value
    }


async def figure(intake: IntakeUnderTest, name: str) -> dict[tuple[str, ...], float]:
    """What /metrics says under a name, if it is not 0: the values by their labels, in the order of the labels' names."""
    answer = await intake.client.get("/metrics")
    return {
        tuple(value for label, value in sorted(s.labels.items()) if label != "service"): s.value
        for family in text_string_to_metric_families(answer.text)
        for s in family.samples
        if s.name == f"tierline_{name}" and s.value
    }


async def test_the_backlog_is_what_nobody_has_settled(
    intake: IntakeUnderTest, clock: FakeClock
) -> None:
    await intake.webhook([an_open("1"), an_open("2"), an_open("3"), an_open("4")])
    await intake.webhook([a_message("2", "agent"), a_status("resolved", "3")])
    await intake.webhook([a_message("4", "agent"), a_status("pending", "4")])

    assert {
        ("new", "medium", "under_1h"): 1,
        ("open", "medium", "under_1h"): 1,
        ("pending", "medium", "under_1h"): 1,
    } == await backlog(intake, clock)


@pytest.mark.parametrize(
    ("hours", "age"),
    [(0.9, "under_1h"), (1, "1h_to_4h"), (23.9, "4h_to_1d"), (71, "1d_to_3d"), (72, "3d_to_7d"), (169, "over_7d")],
)  # fmt: skip
async def test_a_ticket_grows_older(
    intake: IntakeUnderTest, clock: FakeClock, hours: float, age: str
) -> None:
    await intake.webhook(an_open())
    await clock.advance(timedelta(hours=hours))

    assert {("new", "medium", age): 1} == await backlog(intake, clock)


async def test_M1_a_ticket_that_went_on_as_another_one_is_no_backlog(
    intake: IntakeUnderTest, clock: FakeClock
) -> None:
    await intake.webhook([an_open("1"), an_open("2")])
    [(one,), (other,)] = await intake.rows("SELECT ticket_id FROM ticket ORDER BY opened_at")
    merged = await intake.post(f"/v1/tickets/{one}/merge", {"into": str(other)})

    assert merged.is_success, merged.text
    assert {("new", "medium", "under_1h"): 1} == await backlog(intake, clock)


async def test_the_backlog_is_counted_in_an_index_alone(
    intake: IntakeUnderTest, clock: FakeClock
) -> None:
    async with intake.service.engine.connect() as tx:
        await tx.exec_driver_sql("SET LOCAL enable_seqscan = off")
        await tx.exec_driver_sql("SET LOCAL enable_bitmapscan = off")
        plan = await tx.exec_driver_sql(f"EXPLAIN {OPEN}", (clock.now(), [timedelta(hours=1)]))
        lines = "\n".join(row[0] for row in plan)

    assert "Index Only Scan using ticket_open" in lines


async def test_a_solution_is_counted_and_timed_as_the_customer_waits(
    intake: IntakeUnderTest, clock: FakeClock
) -> None:
    await intake.webhook(an_open())
    await clock.advance(timedelta(hours=2))
    await intake.webhook([a_message(kind="agent"), a_status("resolved")])

    solved = await figure(intake, "tickets_resolved_total")
    assert {("technical", "yes", "medium", "professional"): 1} == solved
    assert {("medium", "professional"): 7200} == await figure(intake, "resolution_seconds_sum")


async def test_a_ticket_that_comes_back_is_counted_and_its_next_solution_is_no_first_contact(
    intake: IntakeUnderTest, clock: FakeClock
) -> None:
    await intake.webhook([an_open(), a_message(kind="agent"), a_status("resolved")])
    await clock.advance(timedelta(minutes=5))
    await intake.webhook([a_message(body="It is broken again, sorry.")])
    await intake.webhook([a_message(kind="agent"), a_status("resolved")])

    back = await figure(intake, "tickets_reopened_total")
    solved = await figure(intake, "tickets_resolved_total")
    assert {("technical", "medium", "professional"): 1} == back
    assert 1 == solved["technical", "no", "medium", "professional"]


async def test_a_rating_is_counted_with_its_score(intake: IntakeUnderTest) -> None:
    await intake.webhook([an_open(), a_status("resolved")])
    await intake.webhook({"type": "ticket.rating", "external_id": "4711", "score": 4})

    assert {("professional",): 4} == await figure(intake, "rating_score_sum")


async def test_what_is_repeated_is_counted_once(intake: IntakeUnderTest) -> None:
    await intake.webhook(an_open())
    for _ in range(2):
        await intake.webhook(
            {"type": "ticket.rating", "external_id": "4711", "score": 4}, message_id="m-1"
        )

    assert {("professional",): 1} == await figure(intake, "rating_score_count")


async def test_what_has_not_happened_yet_is_served_as_0(intake: IntakeUnderTest) -> None:
    answer = await intake.client.get("/metrics")

    assert (
        'tierline_tickets_opened_total{category="billing",channel="email",priority="low",'
        'service="intake",tier="standard"} 0.0'
    ) in answer.text
