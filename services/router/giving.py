"""What a dispatcher says: who has a ticket and what that rests on, or that nobody can have it."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from services.router.domain.decide import assigned
from services.router.domain.desks import Crowd
from services.router.domain.eligible import Nobody
from services.router.domain.matching import Match
from services.router.domain.work import WorkItem
from services.router.store.ledger import Ledger
from shared.contracts import TicketUnroutable
from shared.policy import WorkflowPolicy


def give(ledger: Ledger, found: Match, crowd: Crowd, policy: WorkflowPolicy, now: datetime) -> None:
    """Give the ticket of a match to its agent; what it rests on is kept (semantics G16)."""
    item = found.item
    assert item.queued is not None
    agent = ledger.agents[found.agent_id]
    payload = assigned(item, agent, found.reason, now, policy=policy, fit=found.skill_fit)
    ledger.say(item, item.queued, [payload], explanation=_explanation(found, crowd))


def announce(ledger: Ledger, item: WorkItem, nobody: Nobody) -> None:
    """Publish, once a cause, that nobody could take the ticket; it goes on waiting (semantics G5)."""
    assert item.queued is not None
    assert item.place is not None
    payload = TicketUnroutable(
        ticket_id=item.ticket_id,
        queue=item.place.queue,
        cause=nobody.cause,
        missing_skills=list(nobody.missing_skills),
    )
    ledger.say(item, item.queued, [payload], mark=nobody.cause.value)


def _explanation(found: Match, crowd: Crowd) -> dict[str, Any]:
    place = found.item.place
    assert place is not None
    return {
        "rule": place.rule,
        "boosts": place.boosts,
        "required_skills": place.required_skills,
        "any_skills": place.any_skills,
        "preferred_skills": place.preferred_skills,
        "relaxed": place.relaxed or 0,
        "candidates": crowd.candidates,
        "refused": crowd.refused,
        "skill_fit": round(found.skill_fit, 3),
        "load_ratio": round(found.load_ratio, 3),
    }
