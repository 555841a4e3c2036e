"""H4: the clocks against a second opinion that walks through a ticket's life minute by minute.

It knows the rules K3 to K5, K12, Z2, Z3 and T4 only by their words and shares no code with the core.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from services.escalator.domain import fold
from services.escalator.domain.facts import Fact, fact_of
from services.escalator.domain.steps import StepKind
from shared.contracts import Payload, TicketPaused, TicketResolved, TicketResumed
from shared.contracts.vocabulary import PauseReason
from tests.support.builders import AGENT, CUSTOMER, MONDAY_10, TICKET, an_event
from tests.support.cases import a_policy, message, opened

MINUTE = timedelta(minutes=1)
BUDGETS = {"first_response": 30, "next_response": 30, "resolution": 480}

ACTS: dict[str, Payload] = {
    "asks": message(1, CUSTOMER),
    "replies": message(2, AGENT),
    "pending": TicketPaused(ticket_id=TICKET, reason=PauseReason.WAITING_ON_CUSTOMER, by=AGENT),
    "on_hold": TicketPaused(ticket_id=TICKET, reason=PauseReason.WAITING_ON_THIRD_PARTY, by=AGENT),
    "resumes": TicketResumed(ticket_id=TICKET, reason="status", by=AGENT),
    "solves": TicketResolved(ticket_id=TICKET, by=AGENT, first_contact=False),
}

Plot = list[tuple[int, str]]


@st.composite
def plots(draw: Any) -> Plot:
    """What happens at which minute after the opening, at most one thing a minute."""
    minutes = draw(st.lists(st.integers(1, 700), max_size=9, unique=True))
    acts = st.sampled_from(["asks", "replies", "pending", "on_hold", "resumes", "solves"])
    return [(minute, draw(acts)) for minute in sorted(minutes)]


class Walk:
    """A critical ticket of a professional customer, minute by minute."""

    def __init__(self) -> None:
        self.used = {"first_response": 0, "resolution": 0}
        self.cycle = dict.fromkeys(BUDGETS, 1)
        self.breached: set[tuple[str, int, datetime]] = set()
        self.waits: set[str] = set()
        self.asked = self.solved = False

    def act(self, what: str) -> None:
        if self.solved:
            return
        if what == "replies":
            self.asked = True
            self.used.pop("first_response", None)
            self._end("next_response")
        if what == "asks":
            self.asked = False
            self.waits.discard("pending")
            if "first_response" not in self.used:
                self.used.setdefault("next_response", 0)
        if what in ("pending", "on_hold"):
            self.waits.add(what)
        if what == "resumes":
            self.waits.clear()
        if what == "solves":
            self.solved = True
            self.used.clear()

    def _end(self, metric: str) -> None:
        if self.used.pop(metric, None) is not None:
            self.cycle[metric] += 1

    def look(self, minute: int) -> None:
        """Time comes after what happens at the same instant (T4)."""
        for metric, used in self.used.items():
            if used == BUDGETS[metric]:
                self.breached.add((metric, self.cycle[metric], MONDAY_10 + minute * MINUTE))

    def run(self) -> None:
        stands = "on_hold" in self.waits or ("pending" in self.waits and self.asked)
        for metric in self.used:
            self.used[metric] += not (metric == "resolution" and stands)


def second_opinion(plot: Plot, minutes: int) -> set[tuple[str, int, datetime]]:
    """Every breach up to that minute: metric, cycle, instant."""
    walk, acts = Walk(), dict(plot)
    for minute in range(minutes + 1):
        if minute in acts:
            walk.act(acts[minute])
        walk.look(minute)
        walk.run()
    return walk.breached


def facts_of(plot: Plot) -> list[Fact]:
    told = [(0, opened("critical", "professional")), *((m, ACTS[act]) for m, act in plot)]
    events = [
        an_event(payload, at=MONDAY_10 + minute * MINUTE, sequence=n)
        for n, (minute, payload) in enumerate(told, start=1)
    ]
    return [fact for event in events if (fact := fact_of(event, a_policy())) is not None]


@given(plots())
@settings(max_examples=80, deadline=None)
def test_H4_every_breach_is_found_and_no_other(plot: Plot) -> None:
    minutes = 1200
    timeline, steps = fold.fold(facts_of(plot), a_policy())
    _, more = fold.pass_time(timeline, MONDAY_10 + minutes * MINUTE, a_policy())

    found = {
        (str(step.metric), step.cycle, step.at)
        for step in (*steps, *more)
        if step.kind is StepKind.BREACHED
    }
    assert second_opinion(plot, minutes) == found
