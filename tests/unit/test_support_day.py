"""The demo's customers on a Tierline that already runs."""

from __future__ import annotations

from services.demo.load import scenes_of
from services.demo.script import support_day


def test_a_second_day_repeats_no_ticket_of_the_first() -> None:
    """A second opening of the same ticket would be ignored."""
    days = [scenes_of(name, seed=7, tickets=20, seconds=5.0) for name in ("one", "two")]

    assert len({scene.external_id for day in days for scene in day}) == 40


def test_it_is_the_demos_day() -> None:
    [scene, *_] = scenes_of("one", seed=7, tickets=20, seconds=5.0)
    [original, *_] = support_day(seed=7, tickets=20, seconds=5.0)

    assert (original.opening, original.at) == (scene.opening, scene.at)
