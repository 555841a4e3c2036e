"""`tierline queues`: what it shows, also when nobody waits and while the router is away."""

from __future__ import annotations

from typing import Any

import pytest
from rich.console import Console, RenderableType
from rich.text import Text

from services.ask_router import RouterAwayError, RouterError
from services.commands.bars import bar
from services.commands.queues import all_queues, frames, one_queue

BILLING = {
    "queue": "billing",
    "level": "tier_2",
    "waiting": 6,
    "oldest_seconds": 640.0,
    "unroutable": 2,
    "reasons": {"full_desks": 4, "missing_skill": 2},
    "missing_skills": ["billing"],
    "people": 3,
    "online": 2,
    "assigned_last_hour": 4,
    "estimated_wait_seconds": 5400.0,
}
EMPTY = {**BILLING, "waiting": 0, "reasons": {}, "missing_skills": [], "unroutable": 0}
TICKET = {
    "position": 1,
    "ticket_id": "019c9f3a-5c00-7000-8000-000000000001",
    "priority": "high",
    "priority_class": 0,
    "slack_seconds": -90.0,
    "waited_seconds": 420,
    "category": "billing",
    "required_skills": {"billing": 4},
    "any_skills": {"api": 3, "sap": 2},
    "wait": {"reason": "full_desks"},
}


def printed(shown: RenderableType) -> str:
    """What stands on the screen."""
    console = Console(width=200, no_color=True)
    with console.capture() as captured:
        console.print(shown)
    return captured.get()


def test_a_queue_says_how_many_wait_how_long_and_what_for() -> None:
    line = printed(all_queues({"queues": [BILLING]})).splitlines()[1]

    said = "billing tier_2 6 10 min 1 h 30 min 4 2/3 4 full desks, 2 missing skill (billing)"
    assert said == " ".join(line.split())


def test_when_nobody_waits_it_says_so_and_estimates_nothing() -> None:
    lines = printed(all_queues({"queues": [EMPTY]})).splitlines()

    assert "billing tier_2 – – – 4 2/3" == " ".join(lines[1].split())
    assert "nobody waits" == lines[2]


def test_a_line_is_shown_in_order_with_slack_and_reason() -> None:
    told = {"queue": "billing", "waiting": 3, "tickets": [TICKET]}

    lines = printed(one_queue(told)).splitlines()

    assert lines[1].split() == [
        *("1", str(TICKET["ticket_id"]), "high", "0", "-1", "min", "7", "min", "billing"),
        *("billing", "4,", "api", "3", "or", "sap", "2", "full", "desks"),
    ]
    assert "and 2 more" == lines[2]


def test_an_empty_line_is_no_table() -> None:
    assert "nobody waits in billing\n" == printed(
        one_queue({"queue": "billing", "waiting": 0, "tickets": []})
    )


async def seen(*answers: dict[str, Any] | Exception) -> list[str]:
    """The frames that the router's answers make."""
    left = list(answers)

    async def fetch() -> dict[str, Any]:
        answer = left.pop(0)
        if isinstance(answer, Exception):
            raise answer
        return answer

    shown = frames(fetch, lambda told: Text(told["queue"]), "Trying again.")
    return [printed(await anext(shown)) for _ in answers]


async def test_while_the_router_is_away_the_last_known_stays_and_it_says_so() -> None:
    away = RouterAwayError("The router is away")

    first, second, third = await seen(BILLING, away, {**EMPTY, "queue": "general"})

    assert ["billing\n", "billing\nThe router is away. Trying again.\n", "general\n"] == [
        first,
        second,
        third,
    ]


async def test_a_router_that_was_never_there_is_waited_for() -> None:
    [shown] = await seen(RouterAwayError("The router is away"))

    assert "nothing is known yet\nThe router is away. Trying again.\n" == shown


async def test_any_other_refusal_ends_it() -> None:
    with pytest.raises(RouterError, match="lacks"):
        await seen(RouterError("403: The key lacks 'queues:read'."))


@pytest.mark.parametrize(
    ("load", "limit", "filled"),
    [
        (0, 8, 0),
        (0.25, 8, 1),
        (4, 8, 5),
        (7.9, 8, 9),
        (8, 8, 10),
        (9, 8, 10),
        (0, 0, 0),
        (1, 0, 10),
    ],
)
def test_a_bar_is_empty_only_for_nothing_and_full_only_for_all(
    load: float, limit: float, filled: int
) -> None:
    assert "█" * filled + "░" * (10 - filled) == bar(load, limit)
