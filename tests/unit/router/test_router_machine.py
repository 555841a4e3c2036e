"""The pure core under anything that can happen: after every step every rule of section G holds."""

from __future__ import annotations

from collections import Counter
from functools import reduce
from typing import Any
from uuid import UUID

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)

from services.router.domain.explain import Refusal, refusal
from services.router.domain.folding import evolve
from services.router.domain.matching import Matching
from services.router.domain.roster import Agent
from services.router.domain.work import WorkItem, WorkStatus
from shared.contracts import Customer, TicketQueued, TicketUnroutable
from shared.contracts.vocabulary import Complexity, Presence, Priority
from tests.support.desks import a_ticket, an_agent, policy, ticket_id
from tests.support.router_core import Core
from tests.support.yardsticks import in_line, may_take, one_by_one

#: Who could take the ticket with an empty desk, and after a break.
THERE = {
    None,
    Refusal.BUSY,
    Refusal.SUSPECT,
    Refusal.FULL,
    Refusal.CHANNEL_CAP,
    Refusal.DECLINED,
}

LEVELS = ("tier_2", "tier_1", "tier_3")
NAMES = ("ana", "ben", "cy", "dee", "eve")
SKILLED: tuple[dict[str, int], ...] = (
    {},
    {"billing": 4, "senior": 3},
    {"api_expert": 4, "incident": 5},
    {"api_expert": 2, "billing": 3},
)
#: What tickets are about: the packaged rules put each of them elsewhere.
KINDS: tuple[dict[str, Any], ...] = (
    {},
    {"category": "billing", "amount": 20_000.0},
    {"category": "integration"},
    {"category": "technical", "priority": Priority.CRITICAL},
    {"customer": Customer(customer_id="big", tier="enterprise", account_owner="cy")},
    {"customer": Customer(customer_id="great", tier="enterprise")},
)

numbers = st.integers(0, 99)
people = st.sampled_from(NAMES)


@st.composite
def rosters(draw: st.DrawFn) -> list[Agent]:
    levels = ["tier_1", "tier_2", "tier_2", *(draw(st.sampled_from(LEVELS)) for _ in range(2))]
    return [
        an_agent(
            name,
            level=level,
            skills=draw(st.sampled_from(SKILLED)),
            capacity=draw(st.sampled_from([4, 8, 2, 1])),
            shift=draw(st.sampled_from([None, None, "every other hour"])),
            auto_accept=draw(st.booleans()),
            presence=draw(st.sampled_from([*[Presence.ONLINE] * 4, Presence.AWAY])),
        )
        for name, level in zip(NAMES, levels, strict=True)
    ]


@st.composite
def new_tickets(draw: st.DrawFn) -> tuple[dict[str, Any], int | None]:
    """What a ticket is about, and in how many minutes its first response is due."""
    about = {
        "priority": draw(st.sampled_from(Priority)),
        "channel": draw(st.sampled_from(["email", "email", "chat", "phone"])),
        "complexity": draw(st.sampled_from([Complexity.L1, Complexity.L1, *Complexity])),
        **draw(st.sampled_from(KINDS)),
    }
    return about, draw(st.none() | st.integers(1, 300))


def some_ticket(machine: Any) -> bool:
    return bool(machine.core.items)


class RouterMachine(RuleBasedStateMachine):
    """Every step is written down, so that the same steps can be taken again at the end."""

    @initialize(roster=rosters())
    def begin(self, roster: list[Agent]) -> None:
        self.roster = roster
        self.core = Core(roster)
        self.steps: list[tuple[str, tuple[Any, ...]]] = []

    def do(self, step: str, *arguments: Any) -> Any:
        self.steps.append((step, arguments))
        return getattr(self.core, step)(*arguments)

    def one(self, number: int) -> UUID:
        return ticket_id(number % len(self.core.items) + 1)

    @rule(tickets=st.lists(new_tickets(), min_size=1, max_size=6))
    def open(self, tickets: list[tuple[dict[str, Any], int | None]]) -> None:
        for about, minutes in tickets:
            ticket = ticket_id(len(self.core.items) + 1)
            self.do("open", a_ticket(ticket, **about, opened_at=self.core.now))
            if minutes is not None:
                self.do("promise", ticket, minutes)

    @precondition(some_ticket)
    @rule(
        number=numbers,
        step=st.sampled_from(
            ["pause", "resume", "resolve", "reopen", "accept", "decline", "de_escalate"]
        ),
    )
    def happen(self, number: int, step: str) -> None:
        self.do(step, self.one(number))

    @precondition(some_ticket)
    @rule(number=numbers, level=st.sampled_from(["tier_2", "tier_3", "management"]))
    def escalate(self, number: int, level: str) -> None:
        self.do("escalate", self.one(number), level)

    @precondition(some_ticket)
    @rule(
        number=numbers,
        change=st.sampled_from(
            [("priority", "critical"), ("complexity", "l3"), ("category", "integration")]
        ),
    )
    def reclassify(self, number: int, change: tuple[str, str]) -> None:
        self.do("reclassify", self.one(number), *change)

    @precondition(some_ticket)
    @rule(number=numbers, agent_id=people)
    def assign(self, number: int, agent_id: str) -> None:
        self.do("assign", self.one(number), agent_id)

    @rule(agent_id=people, presence=st.sampled_from(Presence))
    def come(self, agent_id: str, presence: Presence) -> None:
        self.do("come", agent_id, presence)

    @rule(agent_id=people)
    def come_on_a_lease(self, agent_id: str) -> None:
        self.do("lease", agent_id)

    @rule(agent_id=people, units=st.sampled_from([1, 4, 8]))
    def limit(self, agent_id: str, units: int) -> None:
        self.do("limit", agent_id, units)

    @rule(minutes=st.sampled_from([1, 3, 10, 60, 300]))
    def wait(self, minutes: int) -> None:
        self.do("wait", minutes)

    @rule()
    def dispatch(self) -> None:
        roster, waiting = dict(self.core.agents), self.core.waiting
        found: Matching = self.do("dispatch")
        self.check_each_match(found, roster)
        self.check_line(found, waiting, list(roster.values()))
        self.check_rest(found)

    def check_each_match(self, found: Matching, roster: dict[str, Agent]) -> None:
        """G1, H7: every match is with somebody eligible when the run began."""
        assert [] == [
            one for one in found.matches if not may_take(roster[one.agent_id], one.item)
        ], "matched with somebody who was not eligible"

    def check_line(self, found: Matching, waiting: list[WorkItem], roster: list[Agent]) -> None:
        """G2: nobody has lost a place to somebody behind them."""
        served = {one.item.ticket_id.int for one in found.matches}
        plain = dict(one_by_one(waiting, roster, self.core.now))
        order = [item.ticket_id.int for item in in_line(waiting, self.core.now)]

        assert [one in served for one in order] >= [one in plain for one in order]

    def check_rest(self, found: Matching) -> None:
        """H7: nobody waits while somebody eligible is idle. G5: unroutable is what nobody could take."""
        for item in self.core.waiting:
            agents = self.core.agents.values()
            there = {refusal(agent, item, policy=policy()) for agent in agents} & THERE
            nobody = found.nobody.get(item.lane)

            assert [] == [agent.agent_id for agent in agents if may_take(agent, item)]
            assert bool(there) == (nobody is None)
            assert nobody is None or nobody.cause in item.told

    @invariant()
    def load_is_what_is_held_and_never_above_capacity(self) -> None:
        for agent in self.core.agents.values():
            held = self.core.held_by(agent.agent_id)
            assert sum(item.cost for item in held) == agent.load  # G1
            assert agent.load <= agent.capacity  # H6

    @invariant()
    def channels_are_counted_and_never_above_their_caps(self) -> None:
        caps = policy().routing.assigning.channel_caps
        for agent in self.core.agents.values():
            acting = [i for i in self.core.held_by(agent.agent_id) if not i.paused and i.opened]
            held = Counter(item.opened.channel for item in acting if item.opened)
            assert dict(held) == agent.held
            assert [] == [name for name, cap in caps.items() if held[name] > cap]

    @invariant()
    def a_ticket_has_one_agent_or_waits_or_is_done(self) -> None:
        for item in self.core.items.values():
            assert (item.agent_id is not None) == (item.status is WorkStatus.ASSIGNED)  # H15
            assert (item.waiting_since is not None) == (item.status is WorkStatus.WAITING)

    @invariant()
    def nobody_offline_has_a_ticket_that_needs_them(self) -> None:
        for item in self.core.items.values():
            agent = self.core.agents.get(item.agent_id or "")
            assert agent is None or item.paused or agent.presence is not Presence.OFFLINE  # G7

    @invariant()
    def no_time_to_accept_is_over(self) -> None:
        for item in self.core.items.values():
            assert item.accept_by is None or item.accept_by > self.core.now  # G8

    @invariant()
    def what_is_told_once_a_cause_is_told_once(self) -> None:
        for facts in self.core.facts.values():
            told: list[Any] = []
            for fact in facts:
                if isinstance(fact.payload, TicketQueued):
                    told.clear()
                elif isinstance(fact.payload, TicketUnroutable):
                    assert fact.payload.cause not in told  # G5
                    told.append(fact.payload.cause)

    def teardown(self) -> None:
        """H8: facts rebuild every ticket, and the same steps make the same decisions again."""
        if not hasattr(self, "core"):
            return
        again = Core(self.roster)
        for step, arguments in self.steps:
            getattr(again, step)(*arguments)
        folded = {
            one: reduce(evolve, facts, WorkItem(ticket_id=one))
            for one, facts in self.core.facts.items()
        }

        assert self.core.items == folded
        assert (self.core.facts, self.core.agents) == (again.facts, again.agents)


def test_every_rule_of_section_G_holds_after_every_step() -> None:
    run_state_machine_as_test(
        RouterMachine, settings=settings(max_examples=60, stateful_step_count=40, deadline=None)
    )
