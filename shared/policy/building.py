"""From a valid document to the frozen values the services use."""

from __future__ import annotations

from collections.abc import Mapping

from shared.contracts.vocabulary import Metric, Priority

from .assigning_document import build_assigning
from .compiler import compile_all, compile_first
from .conditions import Condition
from .document import (
    ActionSection,
    BlockSection,
    BoostSection,
    Document,
    RuleSection,
    SlaSection,
    TemplateSection,
    text_of,
)
from .escalation import EscalationPolicy, HoldPolicy, LevelRules, Trigger
from .kinds import NO_RESPONSE
from .levels import CustomerPolicy, Level
from .names import Names
from .notification import NotificationPolicy, NotificationRule, Template
from .routing import GENERAL, Action, Queue, RoutingPolicy, RoutingRule
from .sla import ANY, SlaPolicy, Targets
from .tree import ALWAYS_TRUE, Node

_PAUSABLE = (Metric.RESOLUTION, Metric.PERIODIC_UPDATE, Metric.LEVEL_WORK)
_GENERAL_RANK = 50


def build_customers(document: Document) -> CustomerPolicy:
    """Without tiers there is one, `any`."""
    tiers = document.customers.tiers or (ANY,)
    return CustomerPolicy(tiers, document.customers.default_tier or tiers[-1])


def build_levels(document: Document) -> tuple[Level, ...]:
    """The ladder in the order of the file."""
    return tuple(
        Level(
            name,
            section.title,
            section.team,
            section.respond_within,
            section.aliases,
            section.requires,
        )
        for name, section in document.levels.items()
    )


def build_routing(document: Document) -> RoutingPolicy:
    """The rules and boosts compiled, each with a name of its own."""
    queues = {n: Queue(n, q.level, q.rank, q.teams) for n, q in document.queues.items()}
    queues.setdefault(GENERAL, Queue(GENERAL, next(iter(document.levels)), _GENERAL_RANK))
    rules, boosts = document.routing_rules, document.routing_boosts
    rule_names = _distinct([rule.name or rule.action for rule in rules])
    boost_names = _distinct(
        [
            b.name or (b.condition.text if b.condition.text.isidentifier() else b.action or "boost")
            for b in boosts
        ]
    )
    actions = document.actions
    return RoutingPolicy(
        rules=tuple(_rule(r, name, actions) for r, name in zip(rules, rule_names, strict=True)),
        boosts=tuple(_boost(b, name, actions) for b, name in zip(boosts, boost_names, strict=True)),
        first_match=compile_first([_tree(rule.condition) for rule in rules]),
        all_matches=compile_all([boost.condition.tree for boost in boosts]),
        queues=queues,
        default_queue=GENERAL,
        escalated_to=document.escalated_to,
        weights=document.weights,
        assigning=build_assigning(document.routing),
    )


def build_sla(
    document: Document, matrix: Mapping[tuple[Priority, str], Targets], customers: CustomerPolicy
) -> SlaPolicy:
    """The clocks' rules over a matrix that has been looked up for every pair."""
    sla = document.sla
    return SlaPolicy(
        matrix=matrix,
        default_tier=customers.default_tier,
        thresholds=sla.thresholds,
        overdue=sla.overdue,
        calendars={priority: _calendar(sla, priority) for priority in Priority},
        pause_on={metric: frozenset(sla.pause_on) for metric in _PAUSABLE},
        hold_limit=sla.hold_limit,
        grace=sla.grace,
        reprice=sla.reprice,
        reopen_window=sla.reopen_window,
        reopen_floor=sla.reopen_floor,
    )


def build_escalation(document: Document, names: Names) -> EscalationPolicy:
    """The ladder, its triggers and each level's block."""
    section = document.escalation
    ladder = tuple(document.levels)
    anywhere = tuple(
        _matrix_trigger(condition, level, block.notify)
        for level, block in document.escalation_matrix.items()
        for condition in block.triggers
    )
    return EscalationPolicy(
        ladder=ladder,
        aliases=names.tables["level"],
        acknowledge=section.acknowledge_within,
        window_share=section.window.share,
        window_floor=section.window.floor,
        holds=HoldPolicy(section.holds.limit, section.holds.share, section.holds.floor),
        repeats=section.repeats,
        repeat_limit=section.repeat_limit,
        triggers=tuple(
            Trigger(
                name=trigger.name,
                on=trigger.on,
                to=trigger.to,
                audience=trigger.notify,
                priority_boost=trigger.priority_boost,
                threshold=trigger.threshold,
                condition=text_of(trigger.condition),
                starting=trigger.starting_level,
                tree=_tree(trigger.condition),
            )
            for trigger in section.triggers
        ),
        matches=compile_all([_tree(trigger.condition) for trigger in section.triggers]),
        levels={
            name: _level_rules(document, name, above)
            for name, above in zip(ladder, (*ladder[1:], None), strict=True)
        },
        anywhere=LevelRules(
            timeout=None,
            waits_for_reply=False,
            escalate_to=None,
            triggers=anywhere,
            matches=compile_all([trigger.tree for trigger in anywhere]),
        ),
        manual_reasons=section.manual_reasons,
    )


def build_notification(document: Document) -> NotificationPolicy:
    """The notification rules compiled, and the names they use."""
    section = document.notifications
    names = _distinct([rule.name or rule.template for rule in section.rules])
    return NotificationPolicy(
        rules=tuple(
            NotificationRule(
                name=name,
                on=rule.on,
                to=rule.to,
                via=rule.via,
                template=rule.template,
                threshold=rule.threshold,
                condition=text_of(rule.condition),
                tree=_tree(rule.condition),
            )
            for rule, name in zip(section.rules, names, strict=True)
        ),
        matches=compile_all([_tree(rule.condition) for rule in section.rules]),
        audiences=document.audiences,
        rotations={team: rotation.build() for team, rotation in document.on_call.items()},
        fallback=section.fallback,
        templates={name: _template(found) for name, found in document.templates.items()},
        backoff=section.backoff,
    )


def _template(section: TemplateSection) -> Template:
    """A translation without a subject has that of the template."""
    others = {
        language: Template(words.subject or section.subject, words.body, language)
        for language, words in section.languages.items()
    }
    return Template(section.subject, section.body, section.language, others)


def _rule(rule: RuleSection, name: str, actions: Mapping[str, ActionSection]) -> RoutingRule:
    """A routing rule; its action is one of `actions` or a queue's name."""
    return RoutingRule(
        name=name,
        condition=text_of(rule.condition),
        action=_action(rule.action, actions),
        notify=rule.notify,
        cc=rule.cc,
        sla_target=rule.sla_target,
        tree=_tree(rule.condition),
    )


def _boost(boost: BoostSection, name: str, actions: Mapping[str, ActionSection]) -> RoutingRule:
    """A boost as a rule: its own rank is added to its action's."""
    action = _action(boost.action, actions) if boost.action else Action()
    return RoutingRule(
        name=name,
        condition=boost.condition.text,
        action=Action(
            rank=action.rank + boost.rank,
            required_skills=action.required_skills,
            any_skills=action.any_skills,
            preferred_skills=action.preferred_skills,
            prefer=action.prefer,
            priority_boost=boost.priority_boost,
        ),
        notify=boost.notify,
        cc=boost.cc,
        tree=boost.condition.tree,
    )


def _action(name: str, actions: Mapping[str, ActionSection]) -> Action:
    """The action called `name`, else the queue called so."""
    section = actions.get(name)
    if section is None:
        return Action(queue=name)
    return Action(
        queue=section.queue,
        level=section.level,
        rank=section.rank,
        required_skills=section.skills,
        any_skills=section.any_skill,
        preferred_skills=section.preferred_skills,
        prefer=section.prefer,
    )


def _level_rules(document: Document, level: str, above: str | None) -> LevelRules:
    """A level's block; a level without one has its response time as timeout and the next level as
    target (semantics X2, X6). The last level has no timeout of its own.
    """
    block = document.escalation_matrix.get(level, BlockSection())
    conditions = [c for c in block.conditions if c.text != NO_RESPONSE]
    target = block.escalate_to or above
    return LevelRules(
        timeout=(block.timeout or document.levels[level].respond_within) if target else None,
        waits_for_reply=len(conditions) < len(block.conditions),
        escalate_to=target,
        triggers=tuple(_matrix_trigger(condition, target) for condition in conditions),
        matches=compile_all([condition.tree for condition in conditions]),
    )


def _matrix_trigger(
    condition: Condition, to: str | None, audience: tuple[str, ...] = ()
) -> Trigger:
    """A condition of the escalation matrix: it is its own name, and acts as soon as it holds."""
    text, tree = condition.text, condition.tree
    return Trigger(text, on="", to=to, audience=audience, condition=text, tree=tree)


def _calendar(sla: SlaSection, priority: Priority) -> str:
    """The calendar of that priority's clocks."""
    return sla.calendar.get(priority) or sla.calendar["default"]


def _tree(condition: Condition | None) -> Node:
    """A rule without a condition always holds."""
    return condition.tree if condition else ALWAYS_TRUE


def _distinct(names: list[str]) -> list[str]:
    """The names, a repeated one with its number."""
    seen: dict[str, int] = {}
    result = []
    for name in names:
        seen[name] = seen.get(name, 0) + 1
        result.append(name if seen[name] == 1 else f"{name}_{seen[name]}")
    return result
