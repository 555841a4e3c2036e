"""The webhook: what is stored, what is answered, and that nothing is lost (semantics D1)."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from datetime import timedelta

import pytest

from shared.clock import FakeClock
from tests.support.intake import (
    NEXT_SECRET,
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


async def test_D1_an_accepted_delivery_is_answered_202_with_its_ticket(
    intake: IntakeUnderTest,
) -> None:
    answer = await intake.webhook(an_open())

    assert answer.status_code == 202
    assert answer.json()["outcome"] == "accepted"
    assert await intake.names(answer.json()["ticket_id"]) == ["opened"]
    assert await intake.count("ticket") == 1
    assert await intake.count("delivery") == 1
