"""The notifier's own spans: a notification is planned, and an attempt to deliver one is made.

They name the notification, its ticket, channel and fact; never who is told, where, or what.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from datetime import datetime

from msgspec.structs import replace

from shared.observability.spans import NOTIFICATION, TICKET, Attributes, Kind, Tracer, origin
from shared.observability.tracing import inside
from shared.runtime.traced import Traced

from .domain.delivery import Outcome, Result
from .domain.notification import Notification
from .leasing import Leased


def planned(notification: Notification, traced: Traced) -> Notification:
    """`notification` as new: its delivery, whenever that is, goes on from the span of its plan."""
    about = {**_about(notification), "tierline.status": notification.status.value}
    if notification.reason is not None:
        about["tierline.reason"] = notification.reason.value
    plan = traced.did("plan notification", notification.cause.traceparent, about)
    if plan == notification.cause.traceparent:
        return notification
    return replace(notification, cause=replace(notification.cause, traceparent=plan))


async def delivered(
    tracer: Tracer, leased: Leased, now: datetime, send: Callable[[Leased], Awaitable[Result]]
) -> Result:
    """What `send` makes of one attempt, told as a span: of the first notification's plan, with links to those
    of all that leave with it. One that was held back for long has a trace of its own (`spans.origin`).
    """
    if not tracer.is_on:
        return await send(leased)
    first = leased.notification
    parent, links = origin(first.cause.traceparent, now - first.planned_at)
    others = tuple(
        one.notification.cause.traceparent
        for one in leased.others
        if one.notification.cause.traceparent
    )
    span = tracer.start(
        f"deliver {first.channel}",
        Kind.CLIENT,
        parent,
        {
            **_about(first),
            "tierline.attempt": first.attempts,
            "tierline.notifications": len(leased.members),
        },
        links=(*links, *others),
    )
    with inside(span.traceparent):
        result = await send(leased)
    failed = None if result.outcome is Outcome.SENT else result.outcome.value
    span.end(attributes={"tierline.outcome": result.outcome.value}, error=failed)
    return result


def _about(notification: Notification) -> Attributes:
    return {
        NOTIFICATION: str(notification.notification_id),
        TICKET: str(notification.ticket_id),
        "tierline.fact": notification.about.fact,
        "tierline.channel": notification.channel,
        "tierline.urgency": notification.urgency.value,
    }
