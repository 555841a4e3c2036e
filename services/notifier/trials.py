"""`POST /v1/recipients/{id}/test`: one message that says it is a test, now, and what came of it.

Quiet hours, absences and budgets do not hold it back: who asks wants to know. The limits of its target do.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Annotated, Final
from uuid import UUID

from fastapi import APIRouter, Depends
from pydantic import BaseModel, ConfigDict

from shared.contracts import FollowUp
from shared.db import audit
from shared.db.engine import Transaction
from shared.http.auth import Principal, require
from shared.http.document import refusals
from shared.http.problems import DomainError, FieldError
from shared.ids import new_id
from shared.runtime.writer import Writer

from .admitting import admitted, learn
from .domain.delivery import Outcome, Result
from .domain.notification import Notification
from .domain.recipient import Recipient
from .domain.target import Limits
from .domain.trial import channels_to_try, trial, words_of
from .people_book import unknown_recipient
from .recipient_models import Channel, Name
from .senders.base import Sender
from .store import recipients

log = logging.getLogger(__name__)

_FULL: Final = "nothing more may leave for its target now; look at `tierline targets`"


class TrialBody(BaseModel):
    """Over which channel; without one, that of an ordinary message to them."""

    model_config = ConfigDict(extra="forbid")

    channel: Channel | None = None


class TrialAnswer(BaseModel):
    """What came of the test: `sent`, `retry`, `unknown` or `dead`, and what the other side said. Nothing is
    tried again by itself; `reference` is the provider's own name for the message.
    """

    recipient_id: str
    channel: str
    notification_id: UUID
    outcome: Outcome
    detail: str
    reference: str | None


@dataclass(frozen=True, slots=True)
class _Begun:
    """Who is sent what, if its target takes it now, and since when."""

    person: Recipient
    notification: Notification
    may_leave: bool
    at: datetime


class Trials:
    """Sends tests over the senders that real messages leave by."""

    def __init__(
        self,
        writer: Writer,
        senders: Mapping[str, Sender],
        *,
        limits: Limits,
        send_seconds: float,
    ) -> None:
        self._writer = writer
        self._senders = senders
        self._limits = limits
        self._send_seconds = send_seconds

    async def send(
        self, principal: Principal, recipient_id: str, channel: str | None
    ) -> TrialAnswer:
        """Send one test, with its entry in the audit log. Raises DomainError: 404 for an unknown recipient,
        422 for a channel they cannot be tested over.
        """

        async def begin(tx: Transaction, now: datetime) -> tuple[_Begun, list[FollowUp]]:
            person = await _person(tx, recipient_id)
            chosen = _chosen(channels_to_try(person, tuple(self._senders)), channel)
            notification = trial(new_id(), person, chosen, now)
            granted = await admitted(tx, [notification], now, self._limits)
            what = f"{recipient_id} over {chosen}"
            deed = audit.Deed(principal=principal.name, action="test_recipient", object=what)
            await audit.record(tx, deed, now)
            return _Begun(person, notification, bool(granted), now), []

        begun = await self._writer.write(begin)
        result = await self._result(begun)
        if begun.may_leave:
            await self._learn(begun.notification, result)
        return TrialAnswer(
            recipient_id=recipient_id,
            channel=begun.notification.channel,
            notification_id=begun.notification.notification_id,
            outcome=result.outcome,
            detail=result.detail,
            reference=result.reference,
        )

    async def _result(self, begun: _Begun) -> Result:
        if not begun.may_leave:
            return Result(Outcome.RETRY, _FULL)
        message = words_of(begun.notification, begun.person, begun.at)
        try:
            async with asyncio.timeout(self._send_seconds):
                return await self._senders[begun.notification.channel].send(message)
        except TimeoutError:
            return Result(Outcome.UNKNOWN, f"no answer within {self._send_seconds:g} s")
        except Exception as error:
            log.exception(
                "A test message could not be sent for a reason nobody foresaw",
                extra={
                    "action": "test_failed",
                    "recipient_id": begun.person.recipient_id,
                    "channel": begun.notification.channel,
                },
            )
            what = f"unforeseen: {type(error).__name__}"
            return Result(Outcome.UNKNOWN, what, of_target=False)

    async def _learn(self, notification: Notification, result: Result) -> None:
        """What the test tells of its target counts like any other attempt."""

        async def work(tx: Transaction, now: datetime) -> tuple[None, list[FollowUp]]:
            await learn(tx, [(notification, result)], now, self._limits)
            return None, []

        await self._writer.write(work)


def trial_routes(trials: Trials) -> APIRouter:
    """Testing whether somebody can be reached."""
    router = APIRouter(prefix="/v1/recipients", tags=["recipients"])

    @router.post("/{recipient_id}/test", responses=refusals(404))
    async def test_recipient(
        recipient_id: Name,
        body: TrialBody,
        who: Annotated[Principal, Depends(require("recipients:write"))],
    ) -> TrialAnswer:
        """Send one message that says it is a test, and wait for what comes of it."""
        return await trials.send(who, recipient_id, body.channel)

    return router


async def _person(tx: Transaction, recipient_id: str) -> Recipient:
    known = {one.recipient_id: one for one in await recipients.everyone(tx)}
    if recipient_id not in known:
        raise unknown_recipient(recipient_id, known)
    return known[recipient_id]


def _chosen(possible: list[str], wanted: str | None) -> str:
    """The channel that is wanted, or the first. Raises DomainError for none."""
    if wanted in possible:
        return wanted
    if wanted is None and possible:
        return possible[0]
    there = f"there is {', '.join(possible)}" if possible else "none of theirs is switched on"
    said = f"cannot be tested over {wanted or 'any channel'}: {there}"
    fault = FieldError("body.channel", said)
    raise DomainError(422, "Invalid request", "The recipient is not reached there.", errors=[fault])
