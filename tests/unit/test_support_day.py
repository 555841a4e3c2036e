"""The demo's customers on a Tierline that already runs."""

from __future__ import annotations

import asyncio

from services.demo.actors import Day
from services.demo.load import scenes_of
from services.demo.script import support_day
from services.demo.watcher import Seen
from services.playback.sender import WebhookSender
from shared.contracts import TicketAssigned
from tests.support.builders import a, an_event


def test_a_second_day_repeats_no_ticket_of_the_first() -> None:
    """A second opening of the same ticket would be ignored."""
    days = [scenes_of(name, seed=7, tickets=20, seconds=5.0) for name in ("one", "two")]

    assert len({scene.external_id for day in days for scene in day}) == 40


def test_it_is_the_demos_day() -> None:
    [scene, *_] = scenes_of("one", seed=7, tickets=20, seconds=5.0)
    [original, *_] = support_day(seed=7, tickets=20, seconds=5.0)

    assert (original.opening, original.at) == (scene.opening, scene.at)


async def test_agents_do_not_wait_for_tickets_of_others() -> None:
    """On a Tierline that runs, some are assigned that no customer of this day has written."""
    seen, sender = Seen(), WebhookSender("http://127.0.0.1:1", "whsec_MDEyMzQ1Njc4OWFiY2RlZg==")
    day = Day([], sender, seen)
    agents = asyncio.create_task(day.agents_answer())
    seen.assigned.put_nowait(an_event(a(TicketAssigned)))
    await asyncio.sleep(0)
    await day.customers_write()

    await asyncio.wait_for(day.finish(), 5)

    agents.cancel()
    await asyncio.gather(agents, return_exceptions=True)
    await sender.close()
