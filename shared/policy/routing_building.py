"""The routing rules, boosts and queues of a valid document as the values the router uses."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from .assigning_document import build_assigning
from .compiler import compile_all, compile_first
from .conditions import text_of, tree_of
from .document import Document
from .names import distinct
from .routing import GENERAL, Action, Queue, RoutingPolicy, RoutingRule, highest
from .routing_document import ActionSection, BoostSection, RoleSection, RuleSection

_GENERAL_RANK: Final = 50


def build_routing(document: Document) -> RoutingPolicy:
    """The rules and boosts compiled, each with a name of its own."""
    queues = {n: Queue(n, q.level, q.rank, q.teams) for n, q in document.queues.items()}
    queues.setdefault(GENERAL, Queue(GENERAL, next(iter(document.levels)), _GENERAL_RANK))
    rules, boosts = document.routing_rules, document.routing_boosts
    rule_names = distinct(rule.name or _called(rule.action) for rule in rules)
    boost_names = distinct(boost.name or _boost_name(boost) for boost in boosts)
    return RoutingPolicy(
        rules=tuple(_rule(r, name, document) for r, name in zip(rules, rule_names, strict=True)),
        boosts=tuple(
            _boost(b, name, document) for b, name in zip(boosts, boost_names, strict=True)
        ),
        first_match=compile_first([tree_of(rule.condition) for rule in rules]),
        all_matches=compile_all([boost.condition.tree for boost in boosts]),
        queues=queues,
        default_queue=GENERAL,
        escalated_to=document.escalated_to,
        weights=document.weights,
        assigning=build_assigning(document.routing),
    )


def queue_of(action: str | ActionSection, actions: Mapping[str, ActionSection]) -> str:
    """Where an action leads: its queue, the queue that is called so, or else the general one."""
    section = actions.get(action) if isinstance(action, str) else action
    if section is None:
        return str(action)
    return section.queue or GENERAL


def _called(action: str | ActionSection) -> str:
    """A rule without a name is called like its action; one described on the spot by what it says."""
    if isinstance(action, str):
        return action
    return action.role or action.queue or next(iter(action.team), GENERAL)


def _boost_name(boost: BoostSection) -> str:
    """The named condition it has, else its action's name."""
    if boost.condition.text.isidentifier():
        return boost.condition.text
    return _called(boost.action) if boost.action else "boost"


def _rule(rule: RuleSection, name: str, document: Document) -> RoutingRule:
    """A routing rule."""
    return RoutingRule(
        name=name,
        condition=text_of(rule.condition),
        action=_action(rule.action, document),
        notify=rule.notify,
        cc=rule.cc,
        sla_target=rule.sla_target,
        tree=tree_of(rule.condition),
    )


def _boost(boost: BoostSection, name: str, document: Document) -> RoutingRule:
    """A boost as a rule: its own rank is added to its action's, and it changes no queue."""
    action = _action(boost.action, document) if boost.action else Action()
    return RoutingRule(
        name=name,
        condition=boost.condition.text,
        action=Action(
            rank=action.rank + boost.rank,
            role=action.role,
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


def _action(said: str | ActionSection, document: Document) -> Action:
    """The action of that name, else the queue of that name, or what was described on the spot.

    A role's skills are asked for beside the action's own; of two demands on one skill the higher counts.
    """
    section = document.actions.get(said) if isinstance(said, str) else said
    if section is None:
        return Action(queue=str(said))
    role = document.agent_roles[section.role] if section.role else RoleSection()
    return Action(
        queue=section.queue,
        level=section.level,
        teams=section.team,
        role=section.role,
        rank=section.rank,
        required_skills=highest([role.skills, section.skills]),
        any_skills=highest([role.any_skill, section.any_skill]),
        preferred_skills=highest([role.preferred_skills, section.preferred_skills]),
        prefer=section.prefer or role.prefer,
    )
