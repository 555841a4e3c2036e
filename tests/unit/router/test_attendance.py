"""Who is there: leases that lapse, shifts that begin and end, and what cannot wait (semantics G7)."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.router.domain.attendance import ASK_AGAIN, attended, leaves, needs_somebody, seen
from services.router.domain.decide import left_behind
from services.router.domain.roster import Agent
from services.router.domain.shifts import weekly
from services.router.domain.work import WorkItem, WorkStatus, replace
from shared.calendar import ALWAYS
from shared.contracts import TicketUnassigned
from shared.contracts.vocabulary import Presence, UnassignDetail
from tests.support.builders import MONDAY_10
from tests.support.desks import a_waiting, an_agent, policy

LEASES = policy().routing.assigning.presence
SECOND = timedelta(seconds=1)
EARLY = weekly("early", {"zone": "UTC", "hours": {"mon-fri": ["06:00-14:00"]}})


def on_lease(**changes: Any) -> Agent:
    """Somebody who renewed their presence at 10:00."""
    return an_agent("ana", renewed_at=MONDAY_10, **changes)


def held(*, paused: bool, **deadlines: timedelta) -> WorkItem:
    """A ticket Ana has since 10:00, with deadlines so long after that."""
    due = {metric: MONDAY_10 + left for metric, left in deadlines.items()}
    taken = replace(a_waiting(paused=paused), status=WorkStatus.ASSIGNED, agent_id="ana")
    return replace(taken, waiting_since=None, deadlines=due)


@pytest.mark.parametrize(
    ("seconds", "standing", "next_in"),
    [
        (0, (Presence.ONLINE, False), 90),
        (89, (Presence.ONLINE, False), 90),
        (90, (Presence.ONLINE, True), 390),
        (389, (Presence.ONLINE, True), 390),
        (390, (Presence.OFFLINE, False), None),
    ],
)
def test_G7_without_renewal_suspect_at_90_seconds_and_offline_5_minutes_later(
    seconds: int, standing: tuple[Presence, bool], next_in: int | None
) -> None:
    now = MONDAY_10 + seconds * SECOND
    agent = attended(on_lease(), None, LEASES, now)

    assert standing == (agent.presence, agent.suspect)
    assert (MONDAY_10 + next_in * SECOND if next_in else None) == agent.changes_at


def test_G7_who_is_suspect_gets_nothing_new_and_keeps_what_they_have() -> None:
    agent = attended(on_lease(), None, LEASES, MONDAY_10 + 90 * SECOND)

    assert (False, True) == (agent.online, agent.at_work)
    assert not leaves(on_lease(), agent)


def test_G7_a_presence_without_a_lease_stays() -> None:
    agent = attended(an_agent("ana"), None, LEASES, MONDAY_10 + timedelta(days=30))

    assert (True, None) == (agent.online, agent.changes_at)


def test_G7_renewing_in_time_is_seen_by_nobody() -> None:
    before = attended(on_lease(), None, LEASES, MONDAY_10)
    renewed = replace(before, renewed_at=MONDAY_10 + 60 * SECOND)
    after = attended(renewed, None, LEASES, MONDAY_10 + 90 * SECOND)

    assert seen(before, after)
    assert MONDAY_10 + 150 * SECOND == after.changes_at


def test_G7_on_a_closed_shift_nobody_is_there_however_present() -> None:
    night = datetime(2026, 3, 2, 3, tzinfo=UTC)
    agent = attended(an_agent("ana", shift="early"), EARLY, LEASES, night)

    assert (False, False, False) == (agent.on_shift, agent.online, agent.at_work)
    assert night.replace(hour=6) == agent.changes_at


def test_G7_an_open_shift_is_looked_at_again_when_it_ends() -> None:
    agent = attended(an_agent("ana", shift="early"), EARLY, LEASES, MONDAY_10)

    assert (True, MONDAY_10.replace(hour=14)) == (agent.on_shift, agent.changes_at)


def test_a_shift_that_knows_of_no_change_is_asked_again_a_month_later() -> None:
    agent = attended(an_agent("ana", shift="always"), ALWAYS, LEASES, MONDAY_10)

    assert MONDAY_10 + ASK_AGAIN == agent.changes_at


def test_G7_going_home_is_going_offline_or_the_end_of_the_shift() -> None:
    there = an_agent("ana")
    away = replace(there, presence=Presence.AWAY)
    offline = replace(there, presence=Presence.OFFLINE)
    off_shift = replace(there, on_shift=False)
    both = replace(offline, on_shift=False)

    assert [False, True, True, True, False, False] == [
        leaves(there, away),
        leaves(there, offline),
        leaves(there, off_shift),
        leaves(offline, both),
        leaves(offline, offline),
        leaves(None, off_shift),
    ]


def test_G7_what_somebody_has_to_act_on_returns_and_what_waits_for_the_customer_stays() -> None:
    tomorrow = MONDAY_10 + timedelta(hours=20)

    assert needs_somebody(held(paused=False), tomorrow)
    assert not needs_somebody(held(paused=True), tomorrow)


def test_G7_what_waits_returns_if_a_clock_that_runs_ends_before_the_agent_is_back() -> None:
    soon = held(paused=True, first_response=timedelta(hours=19))
    tomorrow = MONDAY_10 + timedelta(hours=20)

    assert needs_somebody(soon, tomorrow)
    assert not needs_somebody(soon, MONDAY_10 + timedelta(hours=18))
    assert not needs_somebody(soon, None)


def test_G7_the_end_of_a_shift_says_so() -> None:
    gone, _ = left_behind(held(paused=False), policy(), UnassignDetail.SHIFT_ENDED, None)

    assert isinstance(gone, TicketUnassigned)
    assert ("ana", UnassignDetail.SHIFT_ENDED) == (gone.agent_id, gone.detail)


@given(
    st.sampled_from(Presence),
    st.none() | st.integers(-1_000, 0),
    st.sampled_from((None, EARLY)),
    st.integers(0, 20_000),
)
def test_nobody_changes_in_the_past_and_looking_late_ends_where_looking_on_time_does(
    presence: Presence, renewed: int | None, shift: Any, seconds: int
) -> None:
    renewed_at = MONDAY_10 + renewed * SECOND if renewed is not None else None
    agent = an_agent("ana", presence=presence, renewed_at=renewed_at)
    end = MONDAY_10 + seconds * SECOND
    on_time = attended(agent, shift, LEASES, MONDAY_10)
    while on_time.changes_at is not None and on_time.changes_at <= end:
        now = on_time.changes_at
        on_time = attended(on_time, shift, LEASES, now)
        assert on_time.changes_at is None or on_time.changes_at > now

    assert attended(agent, shift, LEASES, end) == on_time
