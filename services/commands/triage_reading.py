"""What intake would read in a ticket's text: for `tierline workflow explain`."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any, Final

from services.intake.domain.commands import CustomerFacts, OpenTicket
from services.intake.domain.preview import preview
from services.intake.domain.triage import IntakePolicy, Verdict
from services.intake.languages import Languages
from shared.clock import SystemClock
from shared.contracts.vocabulary import Complexity, Grade, Priority
from shared.policy import Facts, WorkflowPolicy
from shared.policy.ticket_file import OPENED_AT, TEXTS

_GRADES: Final[Mapping[str, type[Any]]] = {
    "priority": Priority,
    "impact": Grade,
    "urgency": Grade,
    "complexity": Complexity,
}
_PLAIN: Final = ("category", "language", "amount", "revenue_impact")


def read(facts: Facts, policy: WorkflowPolicy) -> Verdict | None:
    """The triage of a ticket with these facts; None where they hold no text to read."""
    if not any(facts.get(name) for name in TEXTS):
        return None
    given: dict[str, Any] = {name: facts[name] for name in _PLAIN if facts.get(name) is not None}
    for name, kind in _GRADES.items():
        if facts.get(name) is not None:
            given[name] = kind(str(facts[name]).lower())
    known: dict[str, Any] = {
        "tier": facts.get("customer_tier"),
        "vip": facts.get("customer_vip"),
        "lifetime_value": facts.get("lifetime_value"),
        "recent_escalations": facts.get("recent_escalations"),
    }
    customer = CustomerFacts(customer_id="", **known)
    command = OpenTicket(
        customer=customer,
        subject=str(facts.get("subject", "")),
        body=str(facts.get("body", "")),
        channel=str(facts.get("channel", "")),
        **given,
    )
    intake = IntakePolicy.of(policy, Languages().detect)
    opened_at = facts.get(OPENED_AT)
    at = opened_at if isinstance(opened_at, datetime) else SystemClock().now()
    return preview(command, customer, at=at, policy=intake)


def facts_with(facts: Facts, verdict: Verdict) -> dict[str, object]:
    """The facts together with what was read."""
    opened = verdict.opened
    return {
        **facts,
        "priority": opened.priority.value,
        "impact": opened.impact.value,
        "urgency": opened.urgency.value,
        "category": opened.category,
        "complexity": opened.complexity.value,
        "language": opened.language,
        "signals": [*opened.signals, *_words(facts.get("signals"))],
    }


def _words(signals: object) -> list[str]:
    return [str(one) for one in signals] if isinstance(signals, list) else []
