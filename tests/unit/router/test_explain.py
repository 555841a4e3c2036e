"""Why a ticket waits."""

from __future__ import annotations

import pytest

from services.router.domain.explain import WaitReason, why_waiting
from services.router.domain.roster import Agent
from shared.contracts.vocabulary import Presence
from tests.support.desks import a_waiting, an_agent, policy

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
