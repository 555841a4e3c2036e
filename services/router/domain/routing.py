"""Which queue a ticket waits in: what the routing rules say, or the level it was raised to."""

from __future__ import annotations

from collections.abc import Mapping

from shared.contracts import TicketQueued
from shared.contracts.vocabulary import QueueReason
from shared.policy import WorkflowPolicy

from .work import WorkItem, replace


def queued(item: WorkItem, reason: QueueReason, policy: WorkflowPolicy) -> TicketQueued:
    """The place the opened ticket `item` belongs to now.

    A raise puts a ticket at least at its level (semantics L10). There, what the rule's own queue
    requires is preferred instead: those people were asked already, now more authority is. `notify`
    and `cc` are named once, when the rule first matches (G9).
    """
    assert item.opened is not None
    assert item.opened_at is not None
    route = policy.routing.route(policy.opening_facts(item.opened, item.opened_at))
    first = reason is QueueReason.NEW
    place = TicketQueued(
        ticket_id=item.ticket_id,
        queue=route.queue,
        level=route.level,
        rank=route.rank,
        weight=policy.routing.weight(item.opened.complexity),
        reason=reason,
        required_skills=dict(route.required_skills),
        any_skills=dict(route.any_skills),
        preferred_skills=dict(route.preferred_skills),
        prefer=route.prefer,
        teams=list(route.teams),
        priority_boost=route.priority_boost or None,
        rule=route.rule,
        boosts=list(route.boosts),
        notify=list(route.notify) if first else [],
        cc=list(route.cc) if first else [],
    )
    return _counted(item, _at_least_at(raised_level(item, policy), place, policy))


def raised_level(item: WorkItem, policy: WorkflowPolicy) -> str | None:
    """The highest level an escalation moved the ticket to, None if none did.

    The top of the ladder is told and made accountable, and the ticket stays where it is, unless the
    escalation itself says otherwise (semantics X8).
    """
    top = policy.levels[-1].name
    levels = [
        raised.level
        for raised in item.raised
        if raised.level in policy.routing.escalated_to
        and (raised.level != top if raised.transfer is None else raised.transfer)
    ]
    return max(levels, key=lambda level: height(level, policy), default=None)


def height(level: str, policy: WorkflowPolicy) -> int:
    """How high a level stands on the ladder, from 0; an unknown one stands below all."""
    names = [known.name for known in policy.levels]
    return names.index(level) if level in names else -1


def _at_least_at(level: str | None, place: TicketQueued, policy: WorkflowPolicy) -> TicketQueued:
    """`place`, or the one at the higher `level`, with the boosts it has in the line kept."""
    if level is None or height(level, policy) <= height(place.level, policy):
        return place
    queue = policy.routing.queues[policy.routing.escalated_to[level]]
    boost = place.rank - policy.routing.queues[place.queue].rank
    return replace(
        place,
        queue=queue.name,
        level=level,
        rank=queue.rank + boost,
        required_skills={},
        any_skills={},
        teams=list(queue.teams),
        preferred_skills=_highest(place.required_skills, place.any_skills, place.preferred_skills),
    )


def _counted(item: WorkItem, place: TicketQueued) -> TicketQueued:
    """`place` with the number of times the ticket will have come to its level, from the second on."""
    been = item.entries.get(place.level, 0)
    comes = item.place is None or item.place.level != place.level
    entry = been + 1 if comes else been
    return replace(place, entry=entry if entry > 1 else None)


def _highest(*asked: Mapping[str, int]) -> dict[str, int]:
    together: dict[str, int] = {}
    for skills in asked:
        for skill, proficiency in skills.items():
            together[skill] = max(proficiency, together.get(skill, 0))
    return together
