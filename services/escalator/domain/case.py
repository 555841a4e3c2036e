"""A case: all that the escalator knows of one ticket, as a fold over what it has heard and said.

`evolve` is that fold. What a ticket's clocks are made of is kept as facts and folded by `fold.py`; what
was announced of them is remembered beside it, so that the difference is what is still to be said.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

import msgspec
from msgspec.structs import replace

from shared.contracts import Cause, Event, SlaWithdrawn, type_of
from shared.contracts.vocabulary import EscalationOutcome
from shared.policy import WorkflowPolicy

from . import escalation as escalations
from . import fold, ticket
from .ending_once import ending_once
from .escalation import Escalation, Ground
from .facts import Entered, Fact, fact_of
from .items import Item, Merging, Moved, Noted, Request, Said, TimePassed
from .steps import Step, StepKind, withdrawn_key
from .ticket import Ticket
from .timeline import Timeline
from .undo import undone
from .written import Written

#: How long after closing the facts are kept for a late one (semantics T3).
KEPT_AFTER_CLOSING: Final = timedelta(days=7)

#: The source of a ticket's moves between levels: the escalator itself.
_LEVELS: Final = "levels"

#: What may be withdrawn when a late fact disproves it.
_DISPROVABLE: Final = (StepKind.WARNING, StepKind.BREACHED)


class Announced(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A step that was published. `raised`: an escalation rests or rested on it."""

    at: datetime
    deadline: datetime | None = None
    raised: bool = False


class Case(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """The state of one ticket.

    `pending` are steps nobody has announced yet, in order; `disproved` the announced ones a late fact
    took back, with the instant of that fact, until they are withdrawn. `withdrawn` counts withdrawals
    of a step: the `r` of semantics T9. `as_of` is how far time was told to have passed. `base` is what
    the facts let go of seven days after closing came to; `too_late` counts those that came after that.
    """

    ticket_id: UUID
    cause: Cause | None = None
    base: Timeline = Timeline()
    facts: tuple[Fact, ...] = ()
    timeline: Timeline = Timeline()
    as_of: datetime | None = None
    pending: tuple[Step, ...] = ()
    announced: dict[str, Announced] = {}
    disproved: dict[str, datetime] = {}
    withdrawn: dict[str, int] = {}
    ticket: Ticket = Ticket()
    holding: frozenset[str] = frozenset()
    fired: frozenset[str] = frozenset()
    escalation: Escalation | None = None
    escalations: int = 0
    too_late: int = 0

    @property
    def open_escalation(self) -> Escalation | None:
        """The one escalation that is not over (semantics L10)."""
        known = self.escalation
        return None if known is None or known.is_over else known

    @property
    def level(self) -> str:
        """The level the ticket was last raised to, or entered at."""
        return self.escalation.holding_level if self.escalation else self.ticket.entry_level

    @property
    def place(self) -> str:
        """The level whose people have the ticket: it does not move to those who are only told (X8)."""
        last = self.escalation
        if last is None:
            return self.ticket.entry_level
        return last.raised_from if last.outcome is EscalationOutcome.CANCELLED else last.held_by


def evolve(case: Case, item: Item, policy: WorkflowPolicy) -> Case:
    """The case after `item`. Commands are wishes: what comes of them is said."""
    match item:
        case Event():
            return _hear(case, item, policy)
        case Moved() | Merging():
            return _learn(case, _fact_of(case, item), policy)
        case TimePassed():
            return _pass(case, item, policy)
        case Said():
            return _say(case, item)
        case Noted():
            return _note(case, item)
        case Written() as written:
            return replace(case, ticket=ticket.write(case.ticket, written))
        case Request(written=Written() as written):
            return replace(case, ticket=ticket.write(case.ticket, written))
    return case


def _hear(case: Case, event: Event, policy: WorkflowPolicy) -> Case:
    case = replace(
        case,
        ticket=ticket.hear(case.ticket, event, policy),
        cause=case.cause or event.cause,
    )
    fact = fact_of(event, policy, case.ticket)
    return case if fact is None else _learn(case, fact, policy)


def _fact_of(case: Case, item: Moved | Merging) -> Fact:
    """What is no event of this ticket, as a fact with a place of its own in the order."""
    if isinstance(item, Merging):
        event = item.event
        source = f"{event.source}/{event.subject}"
        return Fact(at=event.time, source=source, sequence=event.sequence, what=item.what)
    moves = sum(isinstance(fact.what, Entered) for fact in case.facts)
    return Fact(at=item.at, source=_LEVELS, sequence=moves, what=item.what)


def _learn(case: Case, fact: Fact, policy: WorkflowPolicy) -> Case:
    """Put the fact in its place: at the end, or, when it is late, fold everything again."""
    if case.base.is_late(fact):
        return replace(case, too_late=case.too_late + 1)
    terms = fold.needs_terms(case.timeline, fact, policy)
    fact = replace(fact, terms=terms) if terms else fact
    if case.timeline.is_late(fact):
        return _refold(replace(case, facts=(*case.facts, fact)), fact, policy)
    timeline, steps = fold.apply(case.timeline, fact, policy)
    return replace(
        case,
        facts=(*case.facts, fact),
        timeline=timeline,
        pending=(*case.pending, *_unsaid(case, steps)),
    )


def _unsaid(case: Case, steps: list[Step]) -> list[Step]:
    """Without what was announced: a late fact may have moved it to an instant that comes again (L2, T9)."""
    told = (*case.announced, *(step.key for step in case.pending))
    return ending_once(told, (step for step in steps if step.key not in case.announced))


def _refold(case: Case, late: Fact, policy: WorkflowPolicy) -> Case:
    """Fold everything again with the late fact in its place (semantics T3)."""
    timeline, steps = fold.fold(case.facts, policy, base=case.base)
    if case.as_of is not None:
        timeline, more = fold.pass_time(timeline, case.as_of, policy)
        steps += more
    contained = {step.key for step in steps if not is_held(step, case.as_of, policy)}
    disproved = {
        key: late.at
        for key, told in case.announced.items()
        if key.startswith(_DISPROVABLE) and key not in contained
        if told.raised or key.startswith(StepKind.BREACHED)
    }
    case = replace(case, timeline=timeline, disproved=disproved)
    case, undoing = _undo(case, contained, policy)
    known = case.announced.keys() - disproved.keys()
    unsaid = ending_once(case.announced, (step for step in steps if step.key not in known))
    return replace(case, pending=(*undoing, *unsaid))


def _undo(case: Case, contained: set[str], policy: WorkflowPolicy) -> tuple[Case, list[Step]]:
    """Forget announced pauses and resumptions that never were, and say their opposites: a pause that
    ends as it begins changes nothing (semantics H11).
    """
    clocks = {(str(clock.metric), str(clock.cycle)): clock for clock in case.timeline.clocks}
    wrong = [
        (key, told.at)
        for key, told in case.announced.items()
        if key.startswith((StepKind.PAUSED, StepKind.RESUMED)) and key not in contained
    ]
    steps = []
    for key, at in wrong:
        kind, metric, cycle, _ = key.split(":", 3)
        number = case.withdrawn.get(key, 0) + 1
        clock = clocks.get((metric, cycle))
        if clock is not None:
            steps.append(undone(clock, StepKind(kind), at, number, policy.calendars))
        case = _forget(case, key)
    return case, steps


def is_held(step: Step, as_of: datetime | None, policy: WorkflowPolicy) -> bool:
    """Is the step one of time whose instant, with a breach's grace (semantics T6), is not over yet?"""
    grace = policy.sla.grace if step.kind is StepKind.BREACHED else timedelta(0)
    return step.by_time and (as_of is None or step.at + grace > as_of)


def _pass(case: Case, passed: TimePassed, policy: WorkflowPolicy) -> Case:
    if (until := passed.until) is None:
        return case
    timeline, steps = fold.pass_time(case.timeline, until, policy)
    case = replace(
        case,
        timeline=timeline,
        pending=(*case.pending, *_unsaid(case, steps)),
        as_of=until if case.as_of is None else max(until, case.as_of),
    )
    letting_go = kept_until(case)
    if letting_go is None or letting_go > until:
        return case
    return replace(case, base=case.timeline, facts=(), announced={}, withdrawn={})


def kept_until(case: Case) -> datetime | None:
    """When the facts of a closed case are let go; None while it is open, or once they are gone."""
    closed = case.timeline.closed_at
    return closed + KEPT_AFTER_CLOSING if closed is not None and case.facts else None


def _say(case: Case, said: Said) -> Case:
    if isinstance(said.payload, SlaWithdrawn):
        case = _withdraw(case, said.payload)
    elif said.step is not None:
        case = _announce(case, said.step)
    name = type_of(said.payload).name
    return replace(
        case,
        ticket=ticket.remember(case.ticket, said.time, name),
        escalation=escalations.hear(
            case.escalation,
            said.payload,
            said.time,
            said.grounds,
            ladder=said.ladder,
            phase=case.timeline.phase,
        ),
        escalations=case.escalations + (name == "escalation.raised"),
        fired=case.fired | {ground.evidence for ground in said.grounds},
        announced=_raised_by(case.announced, said.grounds),
    )


def _announce(case: Case, step: Step) -> Case:
    told = {} if step.correction else {step.key: Announced(at=step.at, deadline=step.deadline)}
    return replace(
        case,
        announced=case.announced | told,
        pending=tuple(other for other in case.pending if other.key != step.key),
    )


def _withdraw(case: Case, payload: SlaWithdrawn) -> Case:
    key = withdrawn_key(payload)
    return replace(
        _forget(case, key),
        fired=frozenset(f for f in case.fired if not f.endswith(f"|{key}")),
        escalation=escalations.forget(case.escalation, key),
    )


def _forget(case: Case, key: str) -> Case:
    """The case in which the step was never announced, only taken back once more."""
    return replace(
        case,
        announced={k: told for k, told in case.announced.items() if k != key},
        disproved={k: at for k, at in case.disproved.items() if k != key},
        withdrawn={**case.withdrawn, key: case.withdrawn.get(key, 0) + 1},
    )


def _note(case: Case, item: Noted) -> Case:
    return replace(
        case,
        fired=case.fired | {ground.evidence for ground in item.grounds},
        holding=case.holding if item.holding is None else item.holding,
        escalation=escalations.note(case.escalation, item.grounds, item.holds_until),
        announced=_raised_by(case.announced, item.grounds),
    )


def _raised_by(
    announced: dict[str, Announced], grounds: tuple[Ground, ...]
) -> dict[str, Announced]:
    raised = {ground.key for ground in grounds} & announced.keys()
    if not raised:
        return announced
    return announced | {key: replace(announced[key], raised=True) for key in raised}
