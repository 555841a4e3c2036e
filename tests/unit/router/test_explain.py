"""Why a ticket waits."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from services.router.domain.eligible import nobody, qualifies
from services.router.domain.explain import (
    Candidate,
    Refusal,
    WaitReason,
    candidates,
    refusal,
    refusals,
    why_waiting,
)
from services.router.domain.matching import EMPTY, Familiar, match
from services.router.domain.roster import Agent
from services.router.domain.work import WorkItem, replace
from shared.contracts import Customer
from shared.contracts.vocabulary import Presence, QueueReason, UnroutableCause
from tests.support.desks import NOW, a_ticket, a_waiting, an_agent, policy, ticket_id

BILLING = {"billing": 4}
HOLDER = an_agent("ana", skills={"billing": 5})


@pytest.mark.parametrize(
    ("roster", "declined", "reason"),
    [
        ([], [], WaitReason.MISSING_SKILL),
        ([an_agent("ana", skills={"billing": 3})], [], WaitReason.MISSING_SKILL),
        ([an_agent("ana", skills={"billing": 5}, level="tier_2")], [], WaitReason.MISSING_SKILL),
        (
            [an_agent("ana", skills={"billing": 5}, presence=Presence.AWAY)],
            [],
            WaitReason.NOBODY_ON_SHIFT,
        ),
        (
            [an_agent("ana", skills={"billing": 5}, presence=Presence.BUSY)],
            [],
            WaitReason.ALL_BUSY,
        ),
        ([an_agent("ana", skills={"billing": 5}, load=8)], [], WaitReason.FULL_DESKS),
        ([HOLDER], ["ana"], WaitReason.GIVEN_BACK),
        ([HOLDER], [], WaitReason.NEXT_IN_LINE),
    ],
)
def test_G5_a_wait_has_one_reason(
    roster: list[Agent], declined: list[str], reason: WaitReason
) -> None:
    assert (
        reason
        == why_waiting(
            a_waiting(required=BILLING, declined=declined), roster, policy=policy()
        ).reason
    )


def test_G5_without_any_skill_asked_an_empty_level_is_nobody_on_shift() -> None:
    assert WaitReason.NOBODY_ON_SHIFT == why_waiting(a_waiting(), [], policy=policy()).reason


def test_G5_skills_that_nobody_holds_together_are_all_missing() -> None:
    apart = [an_agent("ana", skills={"api": 5}), an_agent("ben", skills={"billing": 5})]

    wait = why_waiting(a_waiting(required={"api": 3, "billing": 3}), apart, policy=policy())

    assert ("api", "billing") == wait.missing_skills


def test_G16_the_figures_stand_beside_the_reason() -> None:
    roster = [HOLDER, an_agent("ben", skills={"billing": 4}, load=8), an_agent("cy")]

    wait = why_waiting(a_waiting(required=BILLING), roster, policy=policy())

    assert (2, 1) == (wait.candidates, wait.with_room)


def a_call(**asked: Any) -> WorkItem:
    return a_waiting(opened=a_ticket(ticket_id(1), channel="phone"), **asked)


def for_teams(*teams: str, other_teams: bool | None = None, **asked: Any) -> WorkItem:
    """A waiting ticket whose queue only these teams serve."""
    item = a_waiting(**asked)
    assert item.place is not None
    return replace(item, place=replace(item.place, teams=list(teams), other_teams=other_teams))


@pytest.mark.parametrize(
    ("agent", "item", "reason"),
    [
        (an_agent("ana", held={"phone": 1}), a_call(), WaitReason.CHANNEL_CAP),
        (an_agent("ana", held={"phone": 1}), a_call(paused=True), WaitReason.NEXT_IN_LINE),
        (an_agent("ana", held={"phone": 1}, load=8), a_call(), WaitReason.FULL_DESKS),
        (an_agent("ana", held={"email": 9}), a_call(), WaitReason.NEXT_IN_LINE),
        (an_agent("ana", on_shift=False), a_call(), WaitReason.NOBODY_ON_SHIFT),
        (an_agent("ana", suspect=True), a_call(), WaitReason.ALL_BUSY),
    ],
)
def test_G5_shifts_leases_and_caps_of_channels_are_reasons_to_wait(
    agent: Agent, item: WorkItem, reason: WaitReason
) -> None:
    assert reason == why_waiting(item, [agent], policy=policy()).reason


@pytest.mark.parametrize(
    ("changes", "refused"),
    [
        ({}, None),
        ({"level": "tier_2"}, Refusal.LEVEL),
        ({"team": "backoffice"}, Refusal.TEAM),
        ({"channels": ("chat",)}, Refusal.CHANNEL),
        ({"skills": {"billing": 3}}, Refusal.MISSING_SKILL),
        ({"on_shift": False, "load": 8}, Refusal.OFF_SHIFT),
        ({"presence": Presence.OFFLINE}, Refusal.OFFLINE),
        ({"presence": Presence.BUSY}, Refusal.BUSY),
        ({"presence": Presence.AWAY}, Refusal.AWAY),
        ({"suspect": True}, Refusal.SUSPECT),
        ({"load": 7.5}, Refusal.FULL),
        ({"channel_caps": {"email": 2}, "held": {"email": 2}}, Refusal.CHANNEL_CAP),
        ({"agent_id": "dee"}, Refusal.DECLINED),
    ],
)
def test_G16_every_refusal_has_its_reason(changes: dict[str, Any], refused: Refusal | None) -> None:
    item = for_teams("frontline", required=BILLING, declined=["dee"])
    agent = an_agent("ana", **{"skills": {"billing": 5}, **changes})

    assert refused == refusal(agent, item, policy=policy())


def test_G16_a_refusal_for_skills_names_what_is_missing() -> None:
    item = a_waiting(required={"billing": 4, "sso": 2}, any_of={"api": 3, "data": 3})
    agent = an_agent("ana", skills={"billing": 4, "sso": 1, "api": 2})

    (candidate,) = explained(item, [agent])

    assert ("api", "data", "sso") == candidate.missing_skills


def test_G16_candidates_stand_best_first_and_the_refused_behind_them_by_id() -> None:
    roster = [
        an_agent("zoe", presence=Presence.AWAY),
        an_agent("ben", load=4),
        an_agent("abe", level="tier_3"),
        an_agent("cy", load=2),
    ]

    found = explained(a_waiting(), roster)

    assert [("cy", 1, None), ("ben", 2, None), ("abe", None, Refusal.LEVEL)] == [
        (one.agent_id, one.place, one.refused) for one in found[:3]
    ]
    assert [Refusal.AWAY] == [one.refused for one in found[3:]]


def test_G16_the_figures_of_a_candidate_are_those_it_is_compared_by() -> None:
    customer = Customer(customer_id="acme", tier="enterprise", account_owner="ana")
    item = a_waiting(
        opened=a_ticket(ticket_id(1), customer=customer),
        required=BILLING,
        prefer="account_owner",
    )
    ana = replace(HOLDER, load=8, last_assigned_at=NOW - timedelta(minutes=5))

    (candidate,) = explained(item, [ana], {"acme": frozenset({"ana"})})

    assert (
        Candidate(
            agent_id="ana",
            team="frontline",
            place=1,
            refused=None,
            missing_skills=(),
            skill_fit=1.0,
            load_ratio=0.25,
            load=8,
            limit=32,
            knows=True,
            owner=True,
            former=False,
            idle_seconds=300.0,
        )
        == candidate
    )


def test_G16_refusals_are_counted_by_reason() -> None:
    roster = [an_agent("ana"), *(an_agent(name, load=8) for name in "bc"), an_agent("d", level="x")]

    assert {Refusal.FULL: 2, Refusal.LEVEL: 1} == refusals(a_waiting(), roster, policy=policy())


def test_G5_other_teams_do_not_count_before_they_are_asked() -> None:
    elsewhere = an_agent("ana", team="backoffice", skills={"billing": 5})

    mine = nobody(for_teams("frontline", required=BILLING), [elsewhere])

    assert mine is not None
    assert (UnroutableCause.MISSING_SKILL, ("billing",)) == (mine.cause, mine.missing_skills)
    assert nobody(for_teams("frontline", required=BILLING, other_teams=True), [elsewhere]) is None


def test_G5_whoever_is_off_shift_is_not_there() -> None:
    found = nobody(a_waiting(required=BILLING), [replace(HOLDER, on_shift=False)])

    assert found is not None
    assert UnroutableCause.NOBODY_ON_SHIFT == found.cause


def explained(item: WorkItem, roster: list[Agent], familiar: Familiar = EMPTY) -> list[Candidate]:
    return candidates(item, roster, policy=policy(), now=NOW, familiar=familiar)


@st.composite
def anybody(draw: st.DrawFn) -> Agent:
    return an_agent(
        draw(st.sampled_from(["a", "b", "c", "d", "e"])),
        level=draw(st.sampled_from(["tier_1", "tier_1", "tier_2"])),
        team=draw(st.sampled_from(["frontline", "backoffice"])),
        channels=draw(st.sampled_from([(), ("phone",), ("chat",)])),
        skills=draw(st.sampled_from([{}, {"billing": 4}, {"billing": 5, "senior": 2}])),
        load=draw(st.integers(0, 8)),
        held=draw(st.sampled_from([{}, {"phone": 1}])),
        presence=draw(st.sampled_from([Presence.ONLINE, Presence.ONLINE, *Presence])),
        suspect=draw(st.booleans()),
        on_shift=draw(st.booleans()),
    )


@given(
    st.lists(anybody(), max_size=6, unique_by=lambda agent: agent.agent_id),
    st.builds(
        a_call,
        required=st.sampled_from([{}, {"billing": 4}]),
        any_of=st.sampled_from([{}, {"senior": 1, "sso": 1}]),
        reason=st.sampled_from([QueueReason.NEW, QueueReason.REOPENED]),
        previous=st.sampled_from([None, "a", "b"]),
        declined=st.sampled_from([[], ["a"]]),
        prefer=st.sampled_from([None, "c"]),
    ),
)
@settings(max_examples=100, deadline=None)
def test_G16_what_is_explained_is_what_matching_does(roster: list[Agent], item: WorkItem) -> None:
    familiar: Familiar = {"acme": frozenset({"d"})}
    found = match([item], roster, policy=policy(), now=NOW, limit=1, familiar=familiar).matches
    table = explained(item, roster, familiar)

    first = [one.agent_id for one in table[:1] if one.place]
    suited = {Refusal.LEVEL, Refusal.TEAM, Refusal.CHANNEL, Refusal.MISSING_SKILL}
    able = {one.agent_id for one in table if one.refused not in suited}

    assert [one.agent_id for one in found] == first
    assert {agent.agent_id for agent in roster if qualifies(agent, item)} == able
