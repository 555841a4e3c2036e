"""Random stories of one ladder: triggers, acknowledgements, people who cannot be told, time, outages."""

from __future__ import annotations

from datetime import datetime, timedelta
from uuid import UUID

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from services.escalator.domain.case import Case
from services.escalator.domain.decide import next_due, respond
from services.escalator.domain.escalation import EXHAUSTED, Escalation, Standing
from services.escalator.domain.items import (
    Acknowledge,
    Deescalate,
    Heard,
    Request,
    Said,
    TimePassed,
)
from shared.contracts import (
    EscalationAdvanced,
    EscalationRaised,
    EscalationResolved,
    NotificationSuppressed,
    Payload,
    TicketRated,
    TicketResolved,
)
from shared.contracts.vocabulary import SuppressReason
from tests.support.builders import AGENT, CUSTOMER, MONDAY_10, TICKET, a, an_event
from tests.support.cases import a_policy, message, opened

POLICY = a_policy()
RANK = {level: n for n, level in enumerate(POLICY.escalation.ladder)}
PRIORITIES = st.sampled_from(["critical", "high", "medium", "low"])
REASONS = st.sampled_from(sorted(POLICY.escalation.manual_reasons))
SIGNALS = st.lists(st.sampled_from(["legal", "public", "angry", "manager", "urgent"]), max_size=2)


class Ladder(RuleBasedStateMachine):
    """One ticket. `heard` keeps everything with its instant of recording, for a replay."""

    def __init__(self) -> None:
        super().__init__()
        self.case = Case(ticket_id=TICKET)
        self.now: datetime = MONDAY_10
        self.heard: list[tuple[Heard, datetime]] = []
        self.said: list[Said] = []
        self.sequence = 0

    def hear(self, heard: Heard) -> None:
        before = self.case.open_escalation
        self.case, said = respond(self.case, heard, policy=POLICY, now=self.now)
        self.heard.append((heard, self.now))
        self.said += said
        self._check(before, said)

    def tell(self, payload: Payload) -> None:
        self.sequence += 1
        self.hear(an_event(payload, at=self.now, sequence=self.sequence))

    def _check(self, before: Escalation | None, said: list[Said]) -> None:
        """What must hold of every single step."""
        level = None if before is None else before.level
        for one in said:
            assert one.time <= self.now, "nothing is said before its nominal instant"
            match one.payload:
                case EscalationRaised() as raised:
                    assert level is None, "a second open escalation"
                    level = raised.level
                case EscalationAdvanced() as advanced:
                    assert level is not None
                    assert RANK[advanced.to_level] >= RANK[level], "a level fell"
                    stays = advanced.to_level == level
                    assert stays == (advanced.reason in ("repeated", "exhausted"))
                    level = advanced.to_level
                case EscalationResolved():
                    assert level is not None
                    level = None
        after = self.case.open_escalation
        assert level == (after.level if after else None)

    @initialize(priority=PRIORITIES, signals=SIGNALS)
    def opens(self, priority: str, signals: list[str]) -> None:
        self.tell(opened(priority, "enterprise", signals=signals))

    @rule(minutes=st.floats(0.01, 90))
    def time_passes(self, minutes: float) -> None:
        """As the timers see it: each due instant by itself."""
        target = self.now + timedelta(milliseconds=int(minutes * 60_000))
        while (due := next_due(self.case, POLICY)) is not None and due <= target:
            self.now = max(self.now, due)
            self.hear(TimePassed(as_of=due))
        self.now = target

    @rule(minutes=st.floats(0.01, 600))
    def sleeps_through(self, minutes: float) -> None:
        """An outage: one look at the clock at its end."""
        self.now += timedelta(milliseconds=int(minutes * 60_000))
        self.hear(TimePassed(as_of=self.now))

    @rule(signals=SIGNALS)
    def customer_writes(self, signals: list[str]) -> None:
        self.tell(message(self.sequence + 100, CUSTOMER, at=self.now, signals=signals))

    @rule()
    def agent_replies(self) -> None:
        self.tell(message(self.sequence + 100, AGENT, at=self.now))

    @rule(reason=REASONS)
    def somebody_asks(self, reason: str) -> None:
        self.sequence += 1
        self.hear(Request(by="ana", reason=reason, at=self.now, key=str(self.sequence)))

    @rule()
    def somebody_acknowledges(self) -> None:
        self.hear(Acknowledge(by="maria", via="api", at=self.now))

    @rule()
    def somebody_settles_it(self) -> None:
        self.hear(Deescalate(reason="settled", at=self.now))

    @rule()
    def nobody_can_be_told(self) -> None:
        moves = [
            one
            for one in self.said
            if isinstance(one.payload, EscalationRaised | EscalationAdvanced)
        ]
        about = moves[-1].id if moves else UUID(int=1)
        reason = SuppressReason.UNREACHABLE
        self.tell(
            a(
                NotificationSuppressed,
                ticket_id=TICKET,
                about=about,
                reason=reason,
                nobody_told=True,
            )
        )

    @precondition(lambda self: self.sequence > 6)
    @rule(score=st.integers(1, 5))
    def solved_and_rated(self, score: int) -> None:
        self.tell(TicketResolved(ticket_id=TICKET, by=AGENT, first_contact=False))
        self.tell(TicketRated(ticket_id=TICKET, score=score, comment_given=False))

    @invariant()
    def never_silent(self) -> None:
        """While nobody has acknowledged and the ladder is not at its end, something is due (L5)."""
        escalation = self.case.open_escalation
        if escalation is None or escalation.status is not Standing.OPEN:
            return
        if (
            escalation.reason == EXHAUSTED
            or POLICY.escalation.acknowledge_within(escalation.level) is None
        ):
            return
        due = next_due(self.case, POLICY)
        assert due is not None
        assert escalation.acknowledge_by is not None
        assert due <= escalation.acknowledge_by

    @invariant()
    def repeats_are_limited(self) -> None:
        escalation = self.case.escalation
        assert escalation is None or escalation.repeats <= POLICY.escalation.repeats

    def teardown(self) -> None:
        """H8: the same things heard at the same instants give the same case and the same words."""
        case, said = Case(ticket_id=TICKET), []
        for heard, now in self.heard:
            case, more = respond(case, heard, policy=POLICY, now=now)
            said += more
        assert case == self.case
        assert said == self.said
        assert len({one.id for one in said}) == len(said)


Ladder.TestCase.settings = settings(max_examples=40, stateful_step_count=25, deadline=None)
TestH8H15Ladder = Ladder.TestCase
