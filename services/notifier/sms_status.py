"""What becomes of a text after Twilio took it: one that reached nobody goes on over the fallback channel (D2).

Twilio calls back for each status of a text, signed as its other calls; a call that comes again changes nothing.
"""

from __future__ import annotations

import asyncio
import logging
from datetime import datetime
from enum import Enum
from typing import Final
from uuid import UUID

from fastapi import APIRouter, Request, Response

from shared.contracts import FollowUp
from shared.db.engine import Transaction
from shared.http.problems import DomainError
from shared.runtime.writer import Writer

from .config import NotifierSection
from .domain.notification import Notification, Status
from .domain.voiding import is_over
from .recording import RecordTerms, follow_ups, record_lost
from .senders.settings import SmsSettings
from .signatures import form_of, is_from_twilio
from .store import deliveries, texted

log = logging.getLogger(__name__)

PATH: Final = "/v1/sms/status"

#: The statuses that are the last ones: what reached nobody, and what arrived.
_LOST: Final = frozenset({"failed", "undelivered"})
_ARRIVED: Final = frozenset({"delivered", "read"})

#: Twilio may be quicker than our own record of the attempt: so often, and so long apart, we look again.
_LOOKS: Final = 10
_SECONDS: Final = 0.5


class Heard(Enum):
    """What a call back is good for."""

    TAKEN = "taken"
    TOO_EARLY = "too early"
    UNKNOWN = "unknown"


def status_url(section: NotifierSection) -> str | None:
    """Where Twilio tells of texts; it calls nobody back without TLS."""
    public = section.public_url.rstrip("/")
    return f"{public}{PATH}" if section.sms and public.startswith("https://") else None


class TextStatuses:
    """Turns call backs into outcomes."""

    def __init__(
        self, writer: Writer, terms: RecordTerms, *, look_seconds: float = _SECONDS
    ) -> None:
        self._writer = writer
        self._terms = terms
        self._look_seconds = look_seconds

    async def hear(self, message_id: UUID, sid: str, status: str, code: str) -> Heard:
        """Write down that the text `sid` of that message is what `status` says; `code` is Twilio's reason."""
        if status not in _LOST | _ARRIVED:
            return Heard.TAKEN

        async def work(tx: Transaction, now: datetime) -> tuple[Heard, list[FollowUp]]:
            return await self._record(tx, message_id, sid, (status, code), now)

        for _ in range(_LOOKS):
            heard = await self._writer.write(work)
            if heard is not Heard.TOO_EARLY:
                return heard
            await asyncio.sleep(self._look_seconds)
        return Heard.TOO_EARLY

    async def _record(
        self,
        tx: Transaction,
        message_id: UUID,
        sid: str,
        outcome: tuple[str, str],
        now: datetime,
    ) -> tuple[Heard, list[FollowUp]]:
        ids = await texted.together(tx, message_id)
        known = await deliveries.find(tx, ids, lock=True)
        if not known:
            return Heard.UNKNOWN, []
        if any(n.status is Status.LEASED for n in known.values()):
            return Heard.TOO_EARLY, []
        status, code = outcome
        told = await texted.report(tx, ids, sid, f"twilio {status} {code}".rstrip())
        if status in _ARRIVED:
            return Heard.TAKEN, []
        lost = [known[one] for one in sorted(told) if known[one].status is Status.SENT]
        needed = await _still_needed(tx, lost, now)
        for notification in lost:
            log.warning(
                "A text did not arrive: twilio %s %s",
                status,
                code,
                extra={
                    "action": "text_lost",
                    "ticket_id": notification.ticket_id,
                    "notification_id": notification.notification_id,
                    "recipient_id": notification.recipient_id,
                },
            )
        return Heard.TAKEN, follow_ups(await record_lost(tx, needed, now, self._terms))


def sms_status_routes(statuses: TextStatuses, settings: SmsSettings, *, url: str) -> APIRouter:
    """`POST /v1/sms/status/{message_id}`; Twilio reaches it below `url`."""
    router = APIRouter(tags=["answers"])

    @router.post(PATH + "/{message_id}", status_code=204)
    async def sms_status(message_id: UUID, request: Request) -> Response:
        """Hear what became of a text."""
        raw = await request.body()
        signed = f"{url}/{message_id}"
        if not is_from_twilio(request.headers, raw, url=signed, secrets=settings.auth_tokens):
            raise DomainError(401, "Not signed by Twilio")
        fields = form_of(raw)
        code = fields.get("ErrorCode", "")
        heard = await statuses.hear(
            message_id,
            fields.get("MessageSid", ""),
            fields.get("MessageStatus", ""),
            code if code.isascii() and code.isdigit() else "",
        )
        if heard is Heard.UNKNOWN:
            raise DomainError(404, "Not found", "No such text.")
        if heard is Heard.TOO_EARLY:
            raise DomainError(503, "Too early", "The text is still being sent; call again.")
        return Response(status_code=204)

    return router


async def _still_needed(
    tx: Transaction, lost: list[Notification], now: datetime
) -> list[Notification]:
    """Those that tell of something nobody has settled or taken since (semantics L8)."""
    tickets = await deliveries.tickets(tx, {n.ticket_id for n in lost}) if lost else {}
    return [
        n
        for n in lost
        if n.ticket_id not in tickets or not is_over(n.about, tickets[n.ticket_id][0], now)
    ]
