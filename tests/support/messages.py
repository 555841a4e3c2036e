"""Notifications and messages for the notifier's tests, made by the code that makes real ones."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import msgspec

from services.notifier.domain.message import Message, compose
from services.notifier.domain.notification import (
    About,
    Kind,
    Notification,
    notification_id,
)
from services.notifier.domain.templates import Templates
from shared.contracts import Cause
from shared.ids import derived_id
from shared.policy import Template
from tests.support.builders import ESCALATION, MONDAY_10, TICKET

#: One template that says everything a hostile value could hide in.
WORDS = {
    "page": Template(
        "{{ reference }} {{ subject_line }}",
        "{{ subject_line }} / {{ category }} / {{ acknowledge_link }}",
    )
}


def a_notification(**changes: Any) -> Notification:
    """A page about an escalation, planned on Monday at 10, due at once."""
    fact = derived_id(ESCALATION, "raised")
    made = Notification(
        notification_id=notification_id(fact, "ana", "email"),
        ticket_id=TICKET,
        about=About(
            fact_id=fact,
            fact="escalation.raised",
            kind=Kind.ESCALATION,
            happened_at=MONDAY_10,
            escalation_id=ESCALATION,
        ),
        recipient_id="ana",
        role="on_call",
        channel="email",
        target="email",
        template="page",
        fields={"reference": "#A1", "category": "technical", "reason": "sla at risk"},
        cause=Cause(id=fact, correlation_id=fact),
        planned_at=MONDAY_10,
        due_at=MONDAY_10,
    )
    return msgspec.structs.replace(made, **changes)


def a_message(
    *,
    address: str = "ana@acme.example",
    name: str = "Ana",
    subject_line: str | None = "Checkout fails",
    subject: str | None = None,
    body: str | None = None,
    category: str = "technical",
    now: datetime = MONDAY_10 + timedelta(seconds=5),
    unknowns: int = 0,
) -> Message:
    """That page as a message; `subject` and `body` replace what the template says."""
    notification = a_notification(
        unknowns=unknowns, fields={"reference": "#A1", "category": category}
    )
    made = compose(
        notification,
        Templates(WORDS),
        address=address,
        name=name,
        subject_line=subject_line,
        acknowledge_link=f"https://support.acme.example/a/{UUID(int=7).hex}",
        now=now,
    )
    changes = {"subject": subject, "body": body}
    fields = {name: getattr(made, name) for name in made.__dataclass_fields__}
    return Message(**fields | {name: new for name, new in changes.items() if new is not None})
