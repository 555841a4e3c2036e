"""What a person's answer to a page changes on the ladder (semantics L4, L10, D7).

Only of the escalation that is open now: an answer to an older one says nothing. What comes twice, or too late,
finds the ladder where it is and leaves it there.
"""

from __future__ import annotations

from typing import Final, TypeAlias

from shared.contracts import NotificationAcknowledged, NotificationAnswered
from shared.contracts.vocabulary import Answer
from shared.policy import NEXT_LEVEL, Trigger, WorkflowPolicy

from . import ladder
from .case import Case
from .escalation import MANUAL, Ground
from .items import Noted, Said
from .paging import When, advanced
from .triggers import Firing
from .windows import ladder_for

Answered: TypeAlias = NotificationAcknowledged | NotificationAnswered

#: The evidence that somebody who was paged asked for a higher level.
ASKED_FURTHER: Final = "asked_further"


def answered(
    case: Case, said: Answered, key: str, when: When, policy: WorkflowPolicy
) -> list[Said | Noted]:
    """Somebody has it, or has it for a while, or wants the next level to have it. `key` names the fact."""
    escalation = case.open_escalation
    if escalation is None or said.escalation_id not in (None, escalation.escalation_id):
        return []
    by, via, at = said.recipient_id, said.via, when.at
    match said:
        case NotificationAnswered(answer=Answer.ESCALATE):
            ground = Ground(trigger=ASKED_FURTHER, at=at, key=key, detail=said.reason)
            return _further(case, said, ground, when, policy)
        case NotificationAnswered(answer=Answer.SNOOZE, until=until):
            return list(ladder.acknowledge(case, by, via, at, policy, until=until))
    return list(ladder.acknowledge(case, by, via, at, policy))


def _further(
    case: Case,
    said: NotificationAnswered,
    ground: Ground,
    when: When,
    policy: WorkflowPolicy,
) -> list[Said | Noted]:
    """On to the level above the one that was paged, or where the reason leads if that is higher: a floor,
    so that two people who ask at once move it once.
    """
    escalation = case.open_escalation
    assert escalation is not None
    rungs = ladder_for(case, policy)
    paged = escalation.level_of(said.about) or escalation.level
    named = policy.escalation.manual_reasons.get(said.reason or "", NEXT_LEVEL)
    wishes = [rungs.above(paged) or paged, *([named] if named != NEXT_LEVEL else [])]
    level = max(wishes, key=rungs.rank)
    if rungs.rank(level) <= rungs.rank(escalation.level):
        return [Noted(grounds=(ground,))]
    firing = Firing(Trigger(ASKED_FURTHER, "notification.answered", to=level), ground)
    return [
        advanced(
            case,
            escalation,
            level,
            MANUAL,
            when=when,
            policy=policy,
            firings=[firing],
            by=said.recipient_id,
        )
    ]
