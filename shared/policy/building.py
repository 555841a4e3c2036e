"""From a valid document to the frozen values the services use."""

from __future__ import annotations

from collections.abc import Mapping
from zoneinfo import ZoneInfo

from shared.calendar import Calendar
from shared.contracts.vocabulary import Metric, Priority

from .compiler import compile_all
from .conditions import Condition, text_of, tree_of
from .document import (
    BlockSection,
    Document,
    NotificationsSection,
    QuietHoursSection,
    SlaSection,
    TemplateSection,
)
from .escalation import EscalationPolicy, HoldPolicy, LevelRules, Trigger
from .kinds import NO_RESPONSE
from .levels import CustomerPolicy, Level
from .names import Names, distinct
from .noise import Noise, QuietHours
from .notification import NotificationPolicy, NotificationRule, Template
from .sla import ANY, SlaPolicy, Targets, WaitingPolicy

_PAUSABLE = (Metric.RESOLUTION, Metric.PERIODIC_UPDATE, Metric.LEVEL_WORK)
_GENERAL_RANK = 50


def build_customers(document: Document) -> CustomerPolicy:
    """Without tiers there is one, `any`."""
    tiers = document.customers.tiers or (ANY,)
    section = document.customers
    default = section.default_tier or tiers[-1]
    return CustomerPolicy(tiers, default, section.calendars, section.contracts)


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
            document.team_calendars.get(section.team),
        )
        for name, section in document.levels.items()
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
        courtesy_review=sla.courtesy_review,
        waiting=WaitingPolicy(
            tuple(sorted({n for n in sla.waiting.reminders if n < sla.waiting.solved_after})),
            sla.waiting.solved_after,
        ),
        metric_calendars=sla.metric_calendars,
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
                tree=tree_of(trigger.condition),
            )
            for trigger in section.triggers
        ),
        matches=compile_all([tree_of(trigger.condition) for trigger in section.triggers]),
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


def build_notification(document: Document, calendars: Mapping[str, Calendar]) -> NotificationPolicy:
    """The notification rules compiled, and the names they use."""
    section = document.notifications
    names = distinct([rule.name or rule.template for rule in section.rules])
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
                tree=tree_of(rule.condition),
                digest=rule.digest,
                immediate=rule.immediate,
            )
            for rule, name in zip(section.rules, names, strict=True)
        ),
        matches=compile_all([tree_of(rule.condition) for rule in section.rules]),
        audiences=document.audiences,
        rotations={team: rotation.build() for team, rotation in document.on_call.items()},
        fallback=section.fallback,
        templates={name: _template(found) for name, found in document.templates.items()},
        backoff=section.backoff,
        noise=_noise(section, calendars, zone=calendars[document.business_hours].zone),
    )


def _noise(section: NotificationsSection, calendars: Mapping[str, Calendar], *, zone: str) -> Noise:
    return Noise(
        bundle=section.bundle,
        messages=section.budget.messages,
        sms=section.budget.sms,
        every=section.digest.every,
        quiet=_quiet_hours(section.quiet_hours, calendars) if section.quiet_hours else None,
        zone=ZoneInfo(zone),
    )


def _quiet_hours(section: QuietHoursSection, calendars: Mapping[str, Calendar]) -> QuietHours:
    excepted = section.except_
    return QuietHours(
        calendars[section.calendar], frozenset(excepted.levels), frozenset(excepted.priorities)
    )


def _template(section: TemplateSection) -> Template:
    """A translation without a subject has that of the template."""
    others = {
        language: Template(words.subject or section.subject, words.body, language)
        for language, words in section.languages.items()
    }
    return Template(section.subject, section.body, section.language, others)


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
        audience=block.notify,
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
