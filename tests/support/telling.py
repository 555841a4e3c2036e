"""A ticket's story told to the plan: facts in, what is planned and dropped out."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from functools import cache, partial
from uuid import UUID

from services.notifier.domain.audience import Directory
from services.notifier.domain.delivery import Outcome, Result, lease, settle
from services.notifier.domain.notification import Notification, Status
from services.notifier.domain.plan import Surroundings, decide
from services.notifier.domain.recipient import Recipient
from services.notifier.domain.state import Heard, Planned, State, evolve
from services.notifier.domain.ticket import Ticket
from shared.contracts import Event, Payload
from shared.fold import advance
from shared.policy import WorkflowPolicy, parse_workflow
from tests.support.builders import MONDAY_10, TICKET, an_event

WORKFLOW = """
version: 1
audiences:
  manager_escalation: [team_managers, on_call]
on_call:
  specialists: {rotation: [sofia], handover: "00:00"}
  engineering: {rotation: [elif], handover: "00:00"}
notifications:
  rules:
    - {on: ticket.opened, to: [customer], via: [email], template: received}
    - {name: half, on: sla.warning, threshold: 50, to: [assignee], via: [email], template: warning}
    - {name: most, on: sla.warning, threshold: 90, to: [assignee, team_managers], via: [email], template: warning}
    - {name: overdue, on: sla.warning, threshold: 150, to: [team_managers], via: [email], template: warning}
    - {on: sla.breached, to: [assignee, team_managers], via: [email], template: breach}
    - {name: page, on: escalation.raised, to: [on_call, team_managers], via: [webhook], template: handoff}
    - {name: again, on: escalation.advanced, to: [on_call], via: [webhook], template: handoff}
    - {name: customer, on: escalation.raised, to: [customer], via: [email], template: escalated}
    - {on: escalation.resolved, to: [customer], via: [email], template: follow_up}
    - {on: notification.failed, to: [team_lead], via: [email], template: undelivered}
  fallback: {webhook: email}
  backoff: [5s, 1_minute]
  bundle: 0
  budget: {messages: 1000}
"""

SOFIA = Recipient(
    recipient_id="sofia",
    name="Sofia",
    team="specialists",
    roles=frozenset({"team_lead"}),
    channels={"email": "sofia@desk.example", "webhook": "https://hooks.example/sofia"},
)
ELIF = Recipient(
    recipient_id="elif", name="Elif", team="engineering", channels={"email": "elif@desk.example"}
)
MARA = Recipient(
    recipient_id="mara",
    name="Mara",
    team="specialists",
    roles=frozenset({"manager", "support_manager"}),
    channels={"webhook": "https://hooks.example/mara"},
)
LENA = Recipient(
    recipient_id="lena",
    name="Lena",
    roles=frozenset({"manager"}),
    channels={"email": "lena@desk.example"},
)
ANA = Recipient(
    recipient_id="ana", name="Ana", team="specialists", channels={"email": "ana@desk.example"}
)
EVERYBODY = (SOFIA, ELIF, MARA, LENA, ANA)


@cache
def a_policy() -> WorkflowPolicy:
    return parse_workflow(WORKFLOW)


class Story:
    """Tell facts with `hear`, deliver with `deliver`, look at what became of the messages."""

    def __init__(
        self,
        people: Sequence[Recipient] = EVERYBODY,
        channels: Sequence[str] = ("email", "webhook"),
    ) -> None:
        self.state = State(Ticket(ticket_id=TICKET))
        self.people = people
        self.channels = channels
        self.heard = 0

    def hear(self, said: Payload, *, at: datetime = MONDAY_10) -> list[Notification]:
        """What is planned because of the fact, suppressed ones included."""
        self.heard += 1
        return self.hear_event(an_event(said, at=at, sequence=self.heard))

    def hear_event(self, event: Event) -> list[Notification]:
        around = Surroundings(
            policy=a_policy(),
            directory=Directory(self.people),
            channels=self.channels,
            now=event.recorded_time,
        )
        heard: Heard = event
        self.state, said = advance(
            self.state, heard, evolve=evolve, decide=partial(decide, around=around)
        )
        return [one.notification for one in said if isinstance(one, Planned)]

    def deliver(self, outcome: Outcome = Outcome.SENT, *, only: str | None = None) -> None:
        """Attempt everything that is pending, to one recipient or to all."""
        for known in list(self.state.notifications.values()):
            if known.status is Status.PENDING and only in (None, known.recipient_id):
                leased = lease(known, until=known.due_at + timedelta(seconds=30))
                self._put(
                    settle(
                        leased,
                        Result(outcome),
                        backoff=a_policy().notification.backoff,
                        now=known.due_at,
                        jitter=0.5,
                    ).notification
                )

    def begin(self) -> None:
        """Lease everything that is pending: it is being sent at this moment."""
        for known in list(self.state.notifications.values()):
            if known.status is Status.PENDING:
                self._put(lease(known, until=known.due_at + timedelta(seconds=30)))

    def now(self, notification: Notification) -> Notification:
        """That notification as it is now."""
        return self.state.notifications[notification.notification_id]

    def _put(self, notification: Notification) -> None:
        known: dict[UUID, Notification] = dict(self.state.notifications)
        known[notification.notification_id] = notification
        self.state = State(self.state.ticket, known)


def told(notifications: Sequence[Notification]) -> list[tuple[str, str, str]]:
    """Whom, over what, in which words; sorted."""
    return sorted((n.recipient_id, n.channel, n.template) for n in notifications)


def why_not(notifications: Sequence[Notification]) -> list[tuple[str, str | None]]:
    """Whom not, and why; sorted."""
    suppressed = [n for n in notifications if n.status is Status.SUPPRESSED]
    return sorted((n.recipient_id, n.reason and n.reason.value) for n in suppressed)


def muted(person: Recipient, until: datetime) -> Recipient:
    """That person, not to be told before then."""
    fields = {name: getattr(person, name) for name in person.__dataclass_fields__}
    return Recipient(**fields | {"muted_until": until})
