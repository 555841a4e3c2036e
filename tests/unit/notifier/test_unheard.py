"""A step of the ladder that nobody can be told of is said to be one, so that the ladder goes on (L3)."""

from __future__ import annotations

import pytest

from services.notifier.domain.recipient import Recipient
from services.notifier.domain.unheard import unheard
from shared.contracts import (
    EscalationAdvanced,
    EscalationRaised,
    Payload,
    TicketOpened,
    TicketQueued,
)
from tests.support.builders import MONDAY_10, a
from tests.support.telling import ANA, ELIF, LENA, MARA, SOFIA, Story, muted

RAISED = a(EscalationRaised, to_team="specialists", audience=[])


def is_unheard(people: list[Recipient], step: Payload = RAISED) -> bool:
    """Does nobody of `people` hear of the step?"""
    story = Story(people=people)
    story.hear(a(TicketOpened))
    story.hear(a(TicketQueued, level="tier_2", queue="specialists", notify=[]))
    planned = story.hear(step)
    about = {notification.about.fact_id for notification in planned}
    found = unheard(planned)
    assert found <= about
    return bool(found)


@pytest.mark.parametrize(
    ("people", "nobody"),
    [
        ([ANA], True),
        ([ELIF], True),
        ([LENA], False),
        ([muted(MARA, MONDAY_10.replace(year=2027))], True),
        ([MARA], False),
        ([muted(MARA, MONDAY_10.replace(year=2027)), SOFIA], False),
    ],
    ids=[
        "no manager",
        "one of another team",
        "a manager of no team",
        "asleep",
        "a manager",
        "asleep, and one on call",
    ],
)
def test_L3_a_step_without_a_reachable_target(people: list[Recipient], nobody: bool) -> None:  # noqa: FBT001
    assert nobody == is_unheard(people)


def test_L3_that_the_customer_hears_of_it_reaches_none_of_us() -> None:
    """`escalated` goes to the customer whatever becomes of the page."""
    assert is_unheard([ANA])


def test_L3_whom_the_fact_names_is_a_target_too() -> None:
    step = a(EscalationAdvanced, to_team="engineering", audience=["support_manager"])

    assert not is_unheard([MARA], step)
