"""Short ways to ask why a clock stands where it stands."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import Any

from services.commands.ticket_why import lines
from services.escalator.clocks_view import ClocksView
from services.escalator.domain.why import ClockWhy, explain
from shared.contracts.vocabulary import Metric
from tests.support.cases import Story, at


def why(story: Story, clock: str, metric: Metric = Metric.RESOLUTION, cycle: int = 1) -> ClockWhy:
    """The explanation of one clock at that time."""
    told = explain(story.case, at(clock), story.policy)
    [found] = [one for one in told.clocks if (one.clock.metric, one.clock.cycle) == (metric, cycle)]
    return found


def risk(story: Story, clock: str) -> float | None:
    """The breach risk of the ticket at that time."""
    found = explain(story.case, at(clock), story.policy).risk
    return None if found is None else round(found, 1)


def told(story: Story, clock: str, name: str = "resolution 1") -> list[str]:
    """What the command line says of one clock at that time, the line with its promise left out."""
    view = ClocksView.of(story.case, at(clock), story.policy).model_dump_json()
    paragraphs = "\n".join(lines(json.loads(view))).split("\n\n")
    [found] = [text for text in paragraphs if text.startswith(f"{name}:")]
    rows = found.replace("\n            ", " ").splitlines()
    return [row.strip() for row in rows if not row.startswith("  promise")]


def spans(story: Story, clock: str, **which: Any) -> list[tuple[float, float]]:
    """Open minutes and running total of every segment."""
    minute = timedelta(minutes=1)
    return [(one.open / minute, one.total / minute) for one in why(story, clock, **which).ran]


def solved() -> Story:
    """Example R-a: high/enterprise, opened 08:00, solved 12:30."""
    story = Story()
    story.open("high", "enterprise", "08:00")
    story.agent_replies("08:10")
    story.pass_to("12:30")
    story.resolved("12:30")
    return story
