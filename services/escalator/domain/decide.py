"""The core of the escalator: what follows from one thing heard, and when there will be more to say.

The clocks speak first; then the ladder answers, one after the other, what the clocks said and what was
heard. What is said is heard by the case, too, so its state is a fold over everything heard and said.
"""

from __future__ import annotations

from datetime import datetime
from functools import partial

from shared.contracts import (
    Event,
    NotificationAcknowledged,
    NotificationAnswered,
    NotificationSuppressed,
    SlaWithdrawn,
    TicketAccepted,
    TicketAssigned,
    TicketEscalationRequested,
    TicketMessageAdded,
    TicketPaused,
    TicketRated,
    TicketResolved,
    TicketResumed,
)
from shared.contracts.tickets import Author
from shared.contracts.vocabulary import AuthorKind, EscalationOutcome
from shared.fold import advance
from shared.policy import NEXT_LEVEL, Trigger, WorkflowPolicy

from . import announce, answering, downgrading, fold, ladder, levels, triggers, waiting
from .case import Case, evolve, is_held, kept_until
from .escalation import Ground
from .facts import Entered
from .items import Acknowledge, Deescalate, Heard, Item, Moved, Noted, Request, Said, TimePassed
from .paging import When
from .steps import Step, StepKind
from .timeline import Phase
from .written import Written

REQUESTED = "requested"


def respond(
    case: Case, heard: Heard, *, policy: WorkflowPolicy, now: datetime
) -> tuple[Case, list[Said]]:
    """Hear one thing; the case after it, and all that is to be published, in order.

    `now` is the instant of recording: it sets lateness and acknowledgement windows, nothing else
    (semantics T5, L1).
    """
    learn = partial(evolve, policy=policy)
    item: Item = heard
    shown = downgrading.suspicious(case, heard, policy)
    case, of_clocks = advance(
        case, item, evolve=learn, decide=partial(_speak, policy=policy, now=now)
    )
    said = [*of_clocks, *shown]
    for one in shown:
        case = learn(case, one)
    for cause in (*of_clocks, item):
        for answer in climb(case, cause, policy=policy, now=now):
            case = learn(case, answer)
            said.append(answer)
    for move in _moves(case, now, policy):
        case, of_level = advance(
            case, move, evolve=learn, decide=partial(_speak, policy=policy, now=now)
        )
        said += of_level
    return case, [item for item in said if isinstance(item, Said)]


def _moves(case: Case, now: datetime, policy: WorkflowPolicy) -> list[Item]:
    """The ticket is at another level than its clocks know: at first from its opening on, later from the
    instant this is recorded (semantics X2, L1).
    """
    timeline, place = case.timeline, case.place
    known = timeline.entered
    if timeline.phase in (Phase.UNOPENED, Phase.MERGED) or (known and known.level == place):
        return []
    first = known is None and case.escalation is None
    if not first and timeline.phase is not Phase.OPEN:
        return []
    at = timeline.opened_at if first and timeline.opened_at else max(now, _moved_at(case, now))
    return [Moved(what=levels.entered(place, policy, initially=first), at=at)]


def _speak(case: Case, heard: Item, *, policy: WorkflowPolicy, now: datetime) -> list[Item]:
    """What the clocks have to say."""
    passed = heard if isinstance(heard, TimePassed) else None
    return [*announce.withdraw(case), *announce.announce(case, policy, now=now, passed=passed)]


def _moved_at(case: Case, now: datetime) -> datetime:
    """When the ticket last moved: another process may have recorded that by a clock that is ahead."""
    moves = (fact.at for fact in case.facts if isinstance(fact.what, Entered))
    return max(moves, default=now)


def climb(case: Case, cause: Item, *, policy: WorkflowPolicy, now: datetime) -> list[Said | Noted]:
    """What the ladder answers to something heard, or said by a clock."""
    match cause:
        case Said(payload=SlaWithdrawn()):
            return _reconsider(case, cause.time)
        case Said(step=step) if step is not None:
            return _on_step(case, step, now, policy)
        case TimePassed() if cause.until is not None:
            said = ladder.fall_due(case, cause.until, now, policy)
            return [*said, *waiting.fall_due(case, cause.until, policy)]
        case Request():
            return _request(case, cause, now, policy)
        case Acknowledge():
            return list(ladder.acknowledge(case, cause.by, cause.via, cause.at, policy))
        case Deescalate():
            outcome = EscalationOutcome.DE_ESCALATED
            return list(ladder.resolve(case, outcome, cause.at, reason=cause.reason))
        case Written():  # a document that was accepted is progress
            return ladder.progress(case, cause.by, cause.at, policy)
        case Event():
            return _on_event(case, cause, now, policy)
    return []


def next_due(case: Case, policy: WorkflowPolicy) -> datetime | None:
    """The earliest instant at which `TimePassed` will have something to say (semantics K2)."""
    grace = policy.sla.grace
    held = [
        step.at + grace if step.kind is StepKind.BREACHED else step.at
        for step in case.pending
        if is_held(step, case.as_of, policy)
    ]
    escalation = case.open_escalation
    others = (
        fold.next_due(case.timeline, policy),
        escalation.due_at if escalation else None,
        kept_until(case),
        *(due.at for due in waiting.to_come(case, policy)),
    )
    return min((*held, *(at for at in others if at is not None)), default=None)


def _on_step(case: Case, step: Step, now: datetime, policy: WorkflowPolicy) -> list[Said | Noted]:
    """A warning or a breach raises, if its clock still counts; what ran out before it comes first."""
    unfinished = {(clock.metric, clock.cycle) for clock in case.timeline.unfinished}
    if step.kind not in (StepKind.WARNING, StepKind.BREACHED):
        return []
    if (step.metric, step.cycle) not in unfinished:
        return []
    if before := ladder.fall_due(case, step.at, now, policy):
        for said in before:
            case = evolve(case, said, policy)
    showing = triggers.by_level if step.metric.of_level else triggers.by_step
    firings = showing(case, step, policy)
    return [*before, *ladder.answer(case, firings, When(step.at, now), policy)]


def _reconsider(case: Case, at: datetime) -> list[Said | Noted]:
    """An escalation that rests on nothing any more ends (semantics T3)."""
    escalation = case.open_escalation
    if escalation is None or escalation.grounds:
        return []
    return list(ladder.resolve(case, EscalationOutcome.CANCELLED, at, reason="withdrawn"))


def _on_event(
    case: Case, event: Event, now: datetime, policy: WorkflowPolicy
) -> list[Said | Noted]:
    phase, at = case.timeline.phase, event.time
    match event.payload:
        case NotificationAcknowledged() | NotificationAnswered() as said:
            return answering.answered(case, said, str(event.id), When(at, now), policy)
        case NotificationSuppressed(about=page, nobody_told=True):
            return list(ladder.skip(case, page, When(at, now), policy))
        case TicketRated() if phase not in (Phase.UNOPENED, Phase.MERGED):
            return _on_trigger(case, event, now, policy)
    if phase is Phase.MERGED:
        return list(ladder.resolve(case, EscalationOutcome.CANCELLED, at, reason="merged"))
    if phase in (Phase.RESOLVED, Phase.CLOSED):
        anew = isinstance(event.payload, TicketResolved)
        return list(ladder.solved(case, at, anew=anew))
    if phase is Phase.UNOPENED:
        return []
    if isinstance(event.payload, TicketEscalationRequested):
        return _request(case, _request_of(event.payload, event), now, policy)
    match event.payload:
        case TicketAccepted() | TicketAssigned(claimed=True) as taken:
            return ladder.accept(case, taken.agent_id, taken.level, at, policy)
    agent = _progressing_agent(event)
    if agent is not None:
        return ladder.progress(case, agent.id, at, policy)
    return _on_trigger(case, event, now, policy)


def _on_trigger(
    case: Case, event: Event, now: datetime, policy: WorkflowPolicy
) -> list[Said | Noted]:
    firings, noted = triggers.by_event(case, event, policy)
    answers = ladder.answer(case, firings, When(event.time, now), policy)
    return [*([noted] if noted else []), *answers]


def _request(
    case: Case, request: Request, now: datetime, policy: WorkflowPolicy
) -> list[Said | Noted]:
    """Raise by hand. An event is a fact: a reason nobody configured goes to the next level."""
    known = {name for level in policy.levels for name in (level.name, *level.aliases)}
    named = request.to_level if request.to_level in known else None
    target = named or policy.escalation.manual_reasons.get(request.reason, NEXT_LEVEL)
    trigger = Trigger(REQUESTED, "ticket.escalation_requested", to=target)
    ground = Ground(trigger=REQUESTED, at=request.at, key=request.key, detail=request.reason)
    firing = triggers.Firing(trigger, ground)
    return ladder.answer(case, [firing], When(request.at, now), policy)


def _request_of(payload: TicketEscalationRequested, event: Event) -> Request:
    return Request(
        by=payload.by.id or payload.by.kind,
        reason=payload.reason,
        to_level=payload.to_level,
        at=event.time,
        key=str(event.id),
    )


def _progressing_agent(event: Event) -> Author | None:
    """Who moved the ticket, if this is a progress fact: a public reply or a change of status."""
    match event.payload:
        case TicketMessageAdded(public=True) as message if not message.automatic:
            author = message.author
        case TicketPaused(by=author) | TicketResumed(by=author):
            pass
        case _:
            return None
    return author if author.kind is AuthorKind.AGENT else None
