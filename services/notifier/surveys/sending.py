"""Surveys on their way out: those of customers who want none are muted, the others get a link."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

import msgspec

from services.notifier.domain.audience import CUSTOMER
from services.notifier.domain.notification import Notification
from shared.contracts.vocabulary import SuppressReason
from shared.db.engine import Transaction

from . import store

#: A link in a mail is good for so long.
LIFE: Final = timedelta(days=30)

#: Whether a template of that name asks for a rating.
IsSurvey = Callable[[str], bool]


def no_survey(_template: str) -> bool:
    """No template asks for a rating."""
    return False


async def without_refused(
    tx: Transaction, ready: Sequence[Notification], is_survey: IsSurvey
) -> tuple[list[Notification], list[Notification]]:
    """What can go, and the surveys whose customers want none: muted. One that was attempted goes on."""
    surveys = [n for n in ready if _asks(n, is_survey) and n.attempts == 0]
    refused = await store.refused_by(tx, {n.recipient_id for n in surveys})
    muted = {n.notification_id for n in surveys if n.recipient_id in refused}
    return (
        [n for n in ready if n.notification_id not in muted],
        [
            msgspec.structs.replace(n, reason=SuppressReason.MUTED)
            for n in ready
            if n.notification_id in muted
        ],
    )


async def survey_links(
    tx: Transaction,
    leased: Sequence[Notification],
    now: datetime,
    *,
    is_survey: IsSurvey,
    mint: Callable[[], str],
) -> dict[UUID, str]:
    """A token for each survey among `leased`, by its notification's id; remembered."""
    tokens = {n.notification_id: mint() for n in leased if _asks(n, is_survey)}
    await store.add(tx, tokens, now + LIFE)
    return tokens


def _asks(notification: Notification, is_survey: IsSurvey) -> bool:
    return notification.role == CUSTOMER and is_survey(notification.template)
