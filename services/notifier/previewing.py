"""Messages as they would leave, made of an example, without a notifier and without sending."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from types import MappingProxyType
from typing import Any, Final
from uuid import UUID
from zoneinfo import ZoneInfo

import msgspec

from shared.contracts import Cause
from shared.ids import derived_id
from shared.policy import WorkflowPolicy

from .domain.audience import CUSTOMER
from .domain.instants import spoken
from .domain.many import BUNDLE, DIGEST, Part, compose_many
from .domain.message import Message, compose
from .domain.notification import About, Fields, Hold, Kind, Notification, notification_id
from .domain.phrases import within
from .domain.stopping import EMAIL
from .domain.templates import Templates
from .domain.ticket import reference_of
from .senders import pagerduty, slack, sms, teams, webhook
from .senders.email import EmailSender
from .senders.request import Request
from .senders.settings import PagerDutySettings, SlackSettings, SmtpSettings

#: The ticket that examples are about.
TICKET: Final = UUID("0198c2a4-7d10-7b3e-9a51-5f0e8c4711aa")

#: Templates for customers that no rule of the packaged workflow sends.
_FOR_CUSTOMERS: Final = frozenset({"survey"})

#: What the reason is where it is none for an escalation.
_REASONS: Final[Mapping[str, Fields]] = {
    "undelivered": {"reason": "every attempt failed"},
    "lowered": {"reason": "ana lowered it from critical to high"},
    "correction": {"reason": "it had been answered in time"},
}

_LINK: Final = "https://support.example.com/a/3q2-7wRk0tZr5Jd9mVfLx1"
_STOP_LINK: Final = "https://support.example.com/u/Vq8x0Tn4Yc2LhGd1sJwPz7"
_SURVEY_LINK: Final = "https://support.example.com/r/Wn5c2Tq9Yb7LhGe4sJvPx1?lang="
_PAGES: Final = (
    ("Why an export stops half way", "https://help.example.com/exports"),
    ("Large files", "https://help.example.com/large-files"),
)


def example_fields(policy: WorkflowPolicy, now: datetime) -> Fields:
    """What the example's plan says: every field has a value."""
    level = policy.levels[min(1, len(policy.levels) - 1)]
    respond = level.respond_within or timedelta()
    return {
        "reference": reference_of(TICKET),
        "ticket_id": str(TICKET),
        "priority": "high",
        "category": "technical",
        "customer_tier": "enterprise",
        "queue": "specialists",
        "agent": "Ana Roe",
        "level": level.name.replace("_", " "),
        "level_title": level.title,
        "team": level.team,
        "from_level": "tier 1",
        "metric": "first response",
        "threshold": 80,
        "deadline": f"{now + timedelta(minutes=12):%Y-%m-%d %H:%M UTC}",
        "deadline_at": (now + timedelta(minutes=12)).isoformat(),
        "respond_within": within(int(respond.total_seconds()), "en"),
        "respond_within_seconds": int(respond.total_seconds()),
        "reason": "sla at risk",
        "sentiment_label": "frustrated",
        "summary": "Exports of more than 10,000 rows stop half way, since Monday.",
        "resolution": "fixed",
        "acknowledge_by_at": (now + timedelta(minutes=8)).isoformat(),
        "company": policy.company,
        "recipient": "ana",
        "channel": "email",
        "count": 3,
    }


def is_for_customers(template: str, policy: WorkflowPolicy) -> bool:
    """Whether a customer reads it, as far as the rules say."""
    rules = policy.notification.rules
    return template in _FOR_CUSTOMERS or any(
        rule.template == template and CUSTOMER in rule.to for rule in rules
    )


def example(
    template: str,
    policy: WorkflowPolicy,
    templates: Templates,
    *,
    now: datetime,
    language: str | None = None,
    zone: ZoneInfo | None = None,
    fields: Mapping[str, Any] = MappingProxyType({}),
    subject_line: str | None = "Export stops half way",
    name: str = "Ana Roe",
    channel: str = "email",
) -> Message:
    """The message of `template` about an example; `fields` are known better. Raises KeyError for a template
    that the workflow does not have.
    """
    spoken_in = templates.language(template, (language,))
    where = zone or ZoneInfo(policy.business_hours.zone)
    if template in {BUNDLE, DIGEST}:
        return _several(
            template,
            policy,
            templates,
            now=now,
            language=spoken_in,
            zone=where,
            subject_line=subject_line,
            name=name,
            stop_link=_STOP_LINK if channel == EMAIL else None,
        )
    role = CUSTOMER if is_for_customers(template, policy) else "on_call"
    known = example_fields(policy, now) | _REASONS.get(template, {}) | dict(fields)
    survey_link = _SURVEY_LINK + spoken_in if policy.notification.is_survey(template) else None
    message = compose(
        _notification(template, role, known, now),
        templates,
        address="ana@example.com",
        name=name,
        subject_line=subject_line,
        acknowledge_link=_LINK if template == "handoff" else None,
        now=now,
        language=spoken_in,
        zone=where,
        latest={
            "first_response_due": spoken(now + timedelta(hours=1), where, spoken_in, now=now),
            "resolution_due": spoken(now + timedelta(hours=8), where, spoken_in, now=now),
            "first_response_target": "1 h",
            "resolution_target": "8 h",
            "articles": tuple(f"- {title}: {url}" for title, url in _PAGES),
            "survey_link": survey_link,
        },
        links=[url for url in (survey_link, *(url for _, url in _PAGES)) if url],
    )
    return replace(message, survey_link=survey_link)


def _several(
    template: str,
    policy: WorkflowPolicy,
    templates: Templates,
    *,
    now: datetime,
    language: str,
    zone: ZoneInfo,
    subject_line: str | None,
    name: str,
    stop_link: str | None,
) -> Message:
    """A bundle or a digest of three things about three tickets."""
    hold = Hold.DIGEST if template == DIGEST else Hold.BUNDLE
    parts = []
    for n, one in enumerate(("warning", "breach", "attention")):
        ticket_id = derived_id(TICKET, f"ticket:{n}")
        known = example_fields(policy, now) | {
            "ticket_id": str(ticket_id),
            "reference": reference_of(ticket_id),
        }
        told = _notification(one, "team_lead", known, now)
        parts.append(Part(msgspec.structs.replace(told, hold=hold), subject_line, None))
    return compose_many(
        parts,
        templates,
        address="ana@example.com",
        name=name,
        most=policy.notification.noise.messages,
        now=now,
        language=language,
        zone=zone,
        stop_link=stop_link,
    )


def _notification(template: str, role: str, fields: Fields, now: datetime) -> Notification:
    fact = derived_id(UUID(str(fields["ticket_id"])), f"preview:{template}")
    about = About(
        fact_id=fact,
        fact="ticket.opened" if template == "received" else "escalation.raised",
        kind=Kind.ESCALATION if template == "handoff" else Kind.TICKET,
        happened_at=now - timedelta(seconds=4),
        escalation_id=derived_id(TICKET, "preview") if template == "handoff" else None,
    )
    return Notification(
        notification_id=notification_id(fact, "ana", "email"),
        ticket_id=UUID(str(fields["ticket_id"])),
        about=about,
        recipient_id="ana",
        role=role,
        channel="email",
        target="email",
        template=template,
        fields=fields,
        cause=Cause(id=fact, correlation_id=fact),
        planned_at=now,
        due_at=now,
    )


def _mail(message: Message) -> str:
    mail = EmailSender(SmtpSettings(host="relay", sender="Support <support@example.com>")).compose(
        message
    )
    headers = "\n".join(f"{name}: {value}" for name, value in mail.items())
    return f"{headers}\n\n{message.body}"


def _request(request: object) -> str:
    """What is posted, readable."""
    assert isinstance(request, Request)
    return msgspec.json.format(request.content, indent=2).decode()


def _slack(message: Message) -> str:
    addressed = replace(message, address="https://hooks.slack.com/services/T0/B0/x")
    return _request(slack.render(addressed, SlackSettings()))


def _teams(message: Message) -> str:
    return _request(teams.render(replace(message, address="https://teams.example.com/hook")))


def _pagerduty(message: Message) -> str:
    addressed = replace(message, address="0" * 32)
    return _request(pagerduty.render(addressed, PagerDutySettings()))


def _webhook(message: Message) -> str:
    return msgspec.json.format(msgspec.json.encode(webhook.body_of(message)), indent=2).decode()


#: How a message looks on each channel that has a form of its own.
FORMS: Final[Mapping[str, Callable[[Message], str]]] = {
    "email": _mail,
    "slack": _slack,
    "teams": _teams,
    "pagerduty": _pagerduty,
    "sms": sms.text_of,
    "webhook": _webhook,
}
