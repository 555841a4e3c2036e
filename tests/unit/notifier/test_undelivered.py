"""A message that cannot be delivered at all is told to the team lead; that this is lost too ends it."""

from services.notifier.domain.delivery import Outcome
from services.notifier.domain.notification import Notification
from shared.contracts import (
    NotificationFailed,
    SlaWarning,
    TicketAssigned,
    TicketOpened,
    TicketQueued,
)
from shared.contracts.vocabulary import FailureKind
from tests.support.builders import a
from tests.support.telling import Story, told


def lost(notification: Notification, **changes: object) -> NotificationFailed:
    return a(
        NotificationFailed,
        notification_id=notification.notification_id,
        ticket_id=notification.ticket_id,
        recipient_id=notification.recipient_id,
        role=notification.role,
        channel=notification.channel,
        **{"error_kind": FailureKind.EXHAUSTED, "fallback_channel": None, **changes},
    )


def a_lost_warning() -> tuple[Story, Notification]:
    """Ana was to be warned, and every attempt failed."""
    story = Story()
    story.hear(a(TicketOpened))
    story.hear(a(TicketQueued, level="tier_2", queue="specialists", notify=[]))
    story.hear(a(TicketAssigned, agent_id="ana", team="specialists", level="tier_2"))
    (warning,) = story.hear(a(SlaWarning, threshold_percent=50))
    story.deliver(Outcome.DEAD, only="ana")
    return story, warning


def test_D2_the_team_lead_is_told_who_was_not() -> None:
    story, warning = a_lost_warning()

    planned = story.hear(lost(warning))

    assert [("sofia", "email", "undelivered")] == told(planned)
    assert ("ana", "email", "every attempt failed") == tuple(
        planned[0].fields[name] for name in ("recipient", "channel", "reason")
    )


def test_D2_that_the_team_lead_was_not_told_is_told_to_nobody() -> None:
    story, warning = a_lost_warning()
    (to_the_lead,) = story.hear(lost(warning))
    story.deliver(Outcome.DEAD, only="sofia")

    assert [] == story.hear(lost(to_the_lead))


def test_a_customer_is_not_named_to_the_team_lead() -> None:
    story = Story()
    (receipt,) = story.hear(a(TicketOpened))
    story.hear(a(TicketQueued, level="tier_2", queue="specialists", notify=[]))

    (planned,) = story.hear(lost(receipt))

    assert "the customer" == planned.fields["recipient"]
