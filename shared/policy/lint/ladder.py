"""When a ticket leaves each level of the ladder if nobody acts: as written, and as it counts (X2)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import Final

from shared.policy.cases import Cases
from shared.policy.escalation import NEXT_LEVEL, Trigger
from shared.policy.sla import Targets
from shared.policy.tree import ALWAYS_TRUE
from shared.policy.workflow import WorkflowPolicy

_NOTHING: Final = timedelta(0)


@dataclass(frozen=True, slots=True)
class Rung:
    """One level on the way up, in open time since the opening: when its time is up if the configured
    values are added up (`literal`), and when it really is (`effective`, None: nothing says when).
    """

    level: str
    literal: timedelta
    effective: timedelta | None


def silent(policy: WorkflowPolicy, target: timedelta) -> list[Rung]:
    """The way of a ticket nobody ever reacts to, against the response due after `target`: a level ends
    with `level_accept`, or with a `level_work` that waits for a reply.
    """
    rungs: list[Rung] = []
    literal, effective = _NOTHING, _NOTHING
    level: str | None = policy.escalation.ladder[0]
    while level is not None and (configured := _until_reply(policy, level)) is not None:
        literal += configured
        effective += bounded(policy, configured, target - effective)
        rungs.append(Rung(level, literal, effective))
        level = _above(policy, level)
    return rungs


def replied(policy: WorkflowPolicy, targets: Targets) -> list[Rung]:
    """The way of a ticket that everybody answers, accepts and acknowledges at once and nobody solves,
    against the resolution of `targets`: the first step of the clock that raises every ticket raises it, and
    from there a level ends with `level_work`.
    """
    rungs: list[Rung] = []
    target, literal, effective = targets.resolution, _NOTHING, None
    level: str | None = policy.escalation.ladder[0]
    while level is not None and (configured := policy.escalation.timeout(level)) is not None:
        literal += configured
        begun = effective if rungs else _NOTHING
        raised, to = (None, None) if rungs else _first_step(policy, level, targets)
        worked = None
        if begun is not None and (rungs or not policy.escalation.waits_for_reply(level)):
            worked = begun + bounded(policy, configured, target - begun)
        ends = [end for end in (raised, worked) if end is not None]
        effective = min(ends, default=None)
        rungs.append(Rung(level, literal, effective))
        level = to if to and effective == raised else _above(policy, level)
    return rungs


def bounded(policy: WorkflowPolicy, configured: timedelta, left: timedelta) -> timedelta:
    """What a configured time comes to when `left` is left: a share of that at most, but never less
    than the floor (semantics X2, L4).
    """
    rules = policy.escalation
    return max(min(configured, left * rules.window_share), rules.window_floor)


def first_target(targets: Targets) -> timedelta:
    """The shorter of the two response targets of a cell."""
    return min(targets.first_response, targets.next_response)


def _until_reply(policy: WorkflowPolicy, level: str) -> timedelta | None:
    """How long a level may leave a ticket without any reaction; None at the top, and where nothing is
    configured.
    """
    rules = policy.escalation
    if _above(policy, level) is None:
        return None
    accept, work = policy.level(level).respond_within, rules.timeout(level)
    waiting = (accept, work if rules.waits_for_reply(level) else None)
    return min((each for each in waiting if each is not None), default=None)


def _above(policy: WorkflowPolicy, level: str) -> str | None:
    return policy.escalation.next_level(level)


def _first_step(
    policy: WorkflowPolicy, level: str, targets: Targets
) -> tuple[timedelta | None, str | None]:
    """When the first warning raises every ticket of `level`, and to which level at least. Several
    triggers may share the tickets out among them.
    """
    for percent in policy.sla.thresholds_of(targets):
        raising = [
            (trigger.tree, to)
            for trigger in policy.escalation.triggers
            if trigger.on == "sla.warning"
            and trigger.threshold in (None, percent)
            and (to := _raised_to(policy, level, trigger)) is not None
        ]
        trees = [tree for tree, _ in raising]
        if percent < 100 and not Cases([ALWAYS_TRUE, *trees]).possible(0, range(1, len(trees) + 1)):
            return targets.resolution * percent / 100, min(
                (to for _, to in raising), key=policy.escalation.rank
            )
    return None, None


def _raised_to(policy: WorkflowPolicy, level: str, trigger: Trigger) -> str | None:
    """Where a trigger leads from `level`; None when it stays."""
    rules = policy.escalation
    to = _above(policy, level) if trigger.to == NEXT_LEVEL else trigger.to
    return to if to is not None and rules.rank(to) > rules.rank(level) else None
