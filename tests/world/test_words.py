"""Triggers (semantics V): the examples, from the customer's words to who is raised."""

from __future__ import annotations

from datetime import datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest

from tests.support.world import World, a_world


async def says(world: World, text: str, **fields: Any) -> UUID:
    """A ticket that says nothing but `text`."""
    plain: dict[str, Any] = {"subject": "Hello", "body": text, "customer": {"id": "customer-1"}}
    return await world.open(str(len(world.events("ticket.opened"))), **{**plain, **fields})


def raised(world: World, ticket: UUID) -> list[tuple[str, str, set[str]]]:
    """To which level, because of what, and everything that showed it."""
    return [
        (level, reason, {one.trigger for one in evidence})
        for _, level, reason, evidence in world.told(
            "escalation.raised", ticket, "level", "reason", "evidence"
        )
    ]


@pytest.mark.parametrize(
    "text",
    [
        "I can't download the suede samples, the median price is wrong",
        "Hi, this is Sue. The media file won't upload.",
        "> my lawyer will call\n\nThanks, solved.",
        "It works now.\n-- \nJo, Legal Department, BBB accredited",
    ],
    ids=["inside words", "a name", "quoted", "a signature"],
)
async def test_example_V_words_that_only_look_like_threats_raise_nobody(
    world: World, text: str
) -> None:
    ticket = await says(world, text)
    await world.advance(minutes=1)

    assert [] == raised(world, ticket)
    assert [([],)] == [tuple(one[1:]) for one in world.told("ticket.opened", ticket, "signals")]


async def test_example_V_urgent_words_are_one_ground_with_all_of_them(world: World) -> None:
    ticket = await says(world, "Everything is DOWN, fix it asap!!", impact="high")

    assert [("tier_2", "urgent_words", {"urgent_words"})] == raised(world, ticket)


async def test_example_V_a_threat_in_anger_is_one_escalation_with_all_that_shows_it(
    world: World,
) -> None:
    ticket = await says(world, "This is terrible, I will sue.")
    await world.advance(minutes=1)

    [(level, reason, evidence)] = raised(world, ticket)
    assert ("management", "legal_threat") == (level, reason)
    assert "legal_threat" in evidence
    analysed = [e.payload.sentiment for e in world.events("ticket.analysed", ticket)]  # type: ignore[attr-defined]
    assert ["threatening"] == [str(one.label) for one in analysed]


@pytest.mark.parametrize(
    ("third", "raises"),
    [
        (datetime.fromisoformat("2026-05-20T10:00+00:00"), True),
        (datetime.fromisoformat("2026-06-02T10:00+00:00"), False),
    ],
    ids=["on 20 May", "on 2 June"],
)
async def test_example_V_the_third_contact_within_thirty_days_raises(
    database_url: str, tmp_path: Path, third: datetime, *, raises: bool
) -> None:
    begins = datetime.fromisoformat("2026-05-01T10:00+00:00")
    texts = ("The printer on floor 3 jams", "My badge opens no door", "Where is order 5512?")
    async with a_world(database_url, tmp_path, begins=begins) as world:
        for at, text in zip((begins, begins + timedelta(days=9), third), texts, strict=True):
            await world.until(at)
            ticket = await says(world, text, subject=text)
            await world.status("resolved", str(texts.index(text)), resolution_code="fixed")
        found = [reason for _, reason, _ in raised(world, ticket)]

    assert (["repeat_contact"] if raises else []) == found
