"""The notice to an owner whose subscription was disabled: a mail where there is a relay."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Final
from urllib.parse import urlsplit

from services.notifier.domain.delivery import Outcome
from services.notifier.domain.message import Message
from services.notifier.domain.notification import About, Kind, Urgency
from services.notifier.senders.base import Sender
from shared.contracts import FollowUp
from shared.db.engine import Transaction
from shared.ids import derived_id
from shared.runtime.writer import Writer

from .domain.subscription import DisabledBecause
from .store import chores
from .store.chores import Notice

#: A notice that cannot be sent is tried so often, over about two days.
ATTEMPTS: Final = 10

_WHY: Final = {
    DisabledBecause.GONE: "It answered that it is gone for good (HTTP status 410).",
    DisabledBecause.FAILING: "No delivery to it has succeeded for five days.",
}


class Notices:
    """Tells owners, one at a time; the attempt is counted before it is made."""

    def __init__(self, writer: Writer, senders: Mapping[str, Sender]) -> None:
        self._writer = writer
        self._mail = senders.get("email")

    async def step(self) -> bool:
        """Tell one owner; False when nobody is to be told now."""
        if self._mail is None:
            return False

        async def take(tx: Transaction, now: datetime) -> tuple[_Due | None, list[FollowUp]]:
            notice = await chores.take_notice(tx, now, attempts=ATTEMPTS)
            return ((notice, now) if notice else None), []

        due = await self._writer.write(take)
        if due is None:
            return False
        await self._send(self._mail, *due)
        return True

    async def _send(self, mail: Sender, notice: Notice, now: datetime) -> None:
        if notice.owner is not None:
            result = await mail.send(letter(notice, notice.owner, now))
            if result.outcome not in {Outcome.SENT, Outcome.DEAD}:
                return

        async def told(tx: Transaction, _: datetime) -> tuple[None, list[FollowUp]]:
            await chores.told(tx, notice.subscription_id)
            return None, []

        await self._writer.write(told)


_Due = tuple[Notice, datetime]


def letter(notice: Notice, owner: str, now: datetime) -> Message:
    """The mail to an owner: which endpoint, since when, why, and how it goes on. No more of the URL than
    its host: the rest may be a secret.
    """
    host = urlsplit(notice.url).hostname or "its host"
    named = f" ({notice.description})" if notice.description else ""
    since = f"{notice.disabled_at:%Y-%m-%dT%H:%M:%SZ}"
    body = f"""\
The webhook subscription {notice.subscription_id}{named} to {host} was disabled at {since}.
{_WHY[notice.because]}

Nothing is sent to it any more. Events it has subscribed to are kept for a while: once it is enabled
again, a replay sends what it has missed.

tierline subscriptions enable {notice.subscription_id}
tierline subscriptions replay {notice.subscription_id} --from {since}"""
    fact_id = derived_id(notice.subscription_id, f"disabled:{notice.disabled_at.isoformat()}")
    return Message(
        notification_id=fact_id,
        ticket_id=notice.subscription_id,
        recipient_id=owner,
        role="owner",
        template="subscription_disabled",
        fact="subscription.disabled",
        about=About(
            fact_id=fact_id,
            fact="subscription.disabled",
            kind=Kind.TICKET,
            happened_at=notice.disabled_at,
        ),
        urgency=Urgency.NORMAL,
        happened_at=notice.disabled_at,
        address=owner,
        name=owner,
        subject=f"Webhook subscription to {host} disabled",
        body=body,
        facts={},
        acknowledge_link=None,
        possible_repeat=False,
        sent_at=now,
    )
