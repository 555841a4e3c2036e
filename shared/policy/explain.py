"""Why a ticket is routed, promised and raised as it is: every rule with every comparison it made."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import timedelta

from shared.contracts.vocabulary import Grade, Metric, Priority

from .compiler import compile_first, normalise
from .escalation import NEXT_LEVEL, Trigger
from .facts import Facts
from .notification import NotificationRule
from .routing import Route, RoutingRule
from .sla import Targets
from .tree import Both, Compare, Either, Member, Name, Node, Not, Value, names_of, render
from .workflow import WorkflowPolicy


@dataclass(frozen=True, slots=True)
class Comparison:
    """One comparison of a condition, its verdict, and what the facts in it were (None: absent)."""

    text: str
    holds: bool
    values: Mapping[str, object]


@dataclass(frozen=True, slots=True)
class Verdict:
    """One rule: whether its condition holds and why. `considered` is false for a routing rule after the
    one that matched.
    """

    name: str
    condition: str
    holds: bool
    comparisons: tuple[Comparison, ...]
    effect: str
    considered: bool = True


@dataclass(frozen=True, slots=True)
class RoutingReason:
    """Every routing rule up to the one that matched, the names of the rest, and every boost."""

    rules: tuple[Verdict, ...]
    boosts: tuple[Verdict, ...]


@dataclass(frozen=True, slots=True)
class PriorityReason:
    """Where the priority comes from: given, or the matrix, then the floors (semantics P5)."""

    given: Priority | None
    impact: Grade
    urgency: Grade
    matrix: Priority
    floor: Priority | None
    floors: tuple[Verdict, ...]
    effective: Priority


@dataclass(frozen=True, slots=True)
class Explanation:
    """All of it. `first_response` is the cell's target tightened by the rule's (semantics K10),
    `calendars` are what the promises count in (C5).
    """

    workflow_digest: str
    facts: Mapping[str, object]
    priority: PriorityReason
    rules: tuple[Verdict, ...]
    boosts: tuple[Verdict, ...]
    route: Route
    targets: Targets
    first_response: timedelta
    calendars: Mapping[Metric, str]
    triggers: tuple[Verdict, ...]
    notifications: tuple[Verdict, ...]


def explain(policy: WorkflowPolicy, facts: Facts) -> Explanation:
    """What happens to a ticket with these facts at its opening. A priority among them is taken as the
    source's own; without one the matrix is read, unknown impact and urgency counting as medium.
    """
    known = dict(normalise(facts))
    known["customer_tier"] = policy.customers.tier_of(_text(known["customer_tier"]))
    known["category"] = policy.triage.category_of(_text(known["category"]))
    priority = _priority(policy, known)
    known["priority"] = priority.effective.value
    route = policy.routing.route(known)
    known |= {"status": "new", "level": route.level}
    targets = policy.sla.targets(priority.effective, str(known["customer_tier"]))
    routing = explain_routing(policy, known)
    tightened = min(targets.first_response, route.sla_target or targets.first_response)
    return Explanation(
        workflow_digest=policy.digest,
        facts=known,
        priority=priority,
        rules=routing.rules,
        boosts=routing.boosts,
        route=route,
        targets=targets,
        first_response=tightened,
        calendars={
            metric: policy.calendar_of(metric, priority.effective, str(known["customer_tier"]))
            for metric in (Metric.FIRST_RESPONSE, Metric.NEXT_RESPONSE, Metric.RESOLUTION)
        },
        triggers=tuple(_triggers(policy, known, route.level)),
        notifications=tuple(_notifications(policy, known)),
    )


def explain_routing(policy: WorkflowPolicy, facts: Facts) -> RoutingReason:
    """Why a ticket with these facts goes where it goes (semantics G16)."""
    boosts = policy.routing.boosts
    return RoutingReason(
        rules=tuple(_rules(policy, facts)),
        boosts=tuple(
            _verdict(b.name, b.condition, b.tree, facts, _boost_effect(b)) for b in boosts
        ),
    )


def comparisons(node: Node, facts: Facts) -> Iterator[Comparison]:
    """The comparisons of a condition from left to right, guards left out, each judged by itself."""
    match node:
        case Both(parts, guard=True):
            yield _comparison(parts[-1], node, facts)
        case Both(parts) | Either(parts):
            for part in parts:
                yield from comparisons(part, facts)
        case Not(inner):
            yield from comparisons(inner, facts)
        case Compare() | Member() | Name():
            yield _comparison(node, node, facts)
        case Value():
            return


def _comparison(shown: Node, judged: Node, facts: Facts) -> Comparison:
    """`judged` as a comparison, written as `shown`."""
    seen = normalise(facts)
    values = {name: seen[name] for name in sorted(names_of(shown))}
    text = render(shown).removeprefix("(").removesuffix(")")
    return Comparison(text, _holds(judged, facts), values)


def _verdict(
    name: str, condition: str, tree: Node, facts: Facts, effect: str, *, considered: bool = True
) -> Verdict:
    """A rule judged."""
    made = tuple(comparisons(tree, facts))
    return Verdict(name, condition, _holds(tree, facts), made, effect, considered)


def _holds(tree: Node, facts: Facts) -> bool:
    """The verdict of the compiled function itself, so that explanation and engine cannot differ."""
    return compile_first([tree])(facts) == 0


def _priority(policy: WorkflowPolicy, facts: Facts) -> PriorityReason:
    """Matrix or source, then floors."""
    impact = Grade(_text(facts.get("impact")) or Grade.MEDIUM)
    urgency = Grade(_text(facts.get("urgency")) or Grade.MEDIUM)
    signals = facts.get("signals") or ()
    if isinstance(signals, tuple) and set(signals) & set(policy.triage.urgent_signals):
        urgency = Grade.HIGH
    matrix = policy.triage.priority(impact, urgency)
    given = Priority(str(facts["priority"])) if facts.get("priority") else None
    judged = {
        **facts,
        "urgency": urgency.value,
        "impact": impact.value,
        "priority": (given or matrix).value,
    }
    floor = policy.triage.floors(judged)
    start = given or matrix
    return PriorityReason(
        given=given,
        impact=impact,
        urgency=urgency,
        matrix=matrix,
        floor=floor,
        floors=tuple(
            _verdict(rule.condition, rule.condition, rule.tree, judged, f"at least {rule.priority}")
            for rule in policy.triage.floor_rules
        ),
        effective=start.at_least(floor) if floor else start,
    )


def _rules(policy: WorkflowPolicy, facts: Facts) -> Iterator[Verdict]:
    """The routing rules up to the one that matches, and the names of the rest."""
    matched = policy.routing.first_match(facts)
    for index, rule in enumerate(policy.routing.rules):
        considered = matched < 0 or index <= matched
        effect = _rule_effect(policy, rule)
        yield _verdict(rule.name, rule.condition, rule.tree, facts, effect, considered=considered)


def _rule_effect(policy: WorkflowPolicy, rule: RoutingRule) -> str:
    """Where a rule leads, and to which kind of people."""
    action = rule.action
    parts = [f"queue {action.queue or policy.routing.default_queue}"]
    parts += [f"team {', '.join(action.teams)}"] if action.teams else []
    parts += [f"role {action.role}"] if action.role else []
    return ", ".join(parts)


def _triggers(policy: WorkflowPolicy, facts: Facts, level: str) -> Iterator[Verdict]:
    """What acts at the opening: triggers on it, the level's conditions, and those that act anywhere."""
    escalation = policy.escalation
    own = escalation.levels[level].triggers if level in escalation.levels else ()
    on_opening = tuple(t for t in escalation.triggers if t.on == "ticket.opened")
    for trigger in (*on_opening, *own, *escalation.anywhere.triggers):
        effect = _raise_effect(policy, trigger, level)
        yield _verdict(trigger.name, trigger.condition, trigger.tree, facts, effect)


def _raise_effect(policy: WorkflowPolicy, trigger: Trigger, level: str) -> str:
    """Where a trigger leads from `level`; a level is a floor (semantics L10)."""
    to = policy.escalation.next_level(level) if trigger.to == NEXT_LEVEL else trigger.to
    told = f", told: {', '.join(trigger.audience)}" if trigger.audience else ""
    if to is None or policy.escalation.rank(to) <= policy.escalation.rank(level):
        return f"stays at {level}{told}"
    return f"raise to {to}{' as its starting level' if trigger.starting else ''}{told}"


def _notifications(policy: WorkflowPolicy, facts: Facts) -> Iterator[Verdict]:
    """The notification rules for the opening."""
    for rule in policy.notification.rules:
        if rule.on == "ticket.opened":
            yield _verdict(rule.name, rule.condition, rule.tree, facts, _told(policy, rule))


def _told(policy: WorkflowPolicy, rule: NotificationRule) -> str:
    """Whom a rule tells, and how."""
    roles = dict.fromkeys(role for name in rule.to for role in policy.notification.audience(name))
    return f"{rule.template} to {', '.join(roles)} over {', '.join(rule.via)}"


def _boost_effect(boost: RoutingRule) -> str:
    """What a boost adds."""
    parts = ["one priority class sooner"] if boost.action.priority_boost else []
    parts += [f"rank {boost.action.rank:+d}"] if boost.action.rank else []
    return ", ".join([*parts, *(f"tell {name}" for name in boost.notify)]) or "skills"


def _text(value: object) -> str | None:
    """A fact's word."""
    return None if value is None else str(value)
