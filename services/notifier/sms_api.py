"""Answers by text: proven by Twilio's signature, bound to whose number it is."""

from __future__ import annotations

from datetime import timedelta
from typing import Final
from xml.sax.saxutils import escape

from fastapi import APIRouter, Request, Response
from sqlalchemy.ext.asyncio import AsyncEngine

from shared.clock import Clock
from shared.contracts.vocabulary import Answer
from shared.http.problems import DomainError

from .answer_words import said_of
from .answering import Answering, ByNotification, ByReference, Key
from .domain.answers import Wish, WishRefusedError
from .domain.phrases import phrases
from .domain.text_reply import TextReply, is_to_the_carrier, read_reply
from .senders.settings import SmsSettings
from .senders.sms import Allowance
from .signatures import form_of, is_from_twilio
from .store import texted

PATH: Final = "/v1/sms/replies"


class Replies:
    """Turns texts into answers."""

    def __init__(
        self, engine: AsyncEngine, answering: Answering, clock: Clock, link_for: timedelta
    ) -> None:
        self._engine = engine
        self._answering = answering
        self._clock = clock
        self._link_for = link_for

    async def answer(self, number: str, text: str) -> str | None:
        """Answer as the person at `number`; returns what to text back, None for nothing.

        Strangers, and words meant for the carrier, are told nothing: so no two machines talk for ever.
        """
        if is_to_the_carrier(text):
            return None
        async with self._engine.connect() as tx:
            people = await texted.people_at(tx, number)
        if not people:
            return None
        reply = read_reply(text)
        if reply is None:
            return phrases(next(iter(people.values())) or "").reply_help
        try:
            key = await self._key(list(people), reply)
            return said_of(await self._answering.answer(key, self._wish(reply), via="sms"))
        except WishRefusedError as error:
            return str(error)

    async def _key(self, people: list[str], reply: TextReply) -> Key:
        if reply.short_id is None:
            return ByReference(people[0], reply.reference)
        since = self._clock.now() - self._link_for
        async with self._engine.connect() as tx:
            found = await texted.text_named(tx, people, reply.short_id, since)
        # a text that is not there and a ticket that is not there are answered alike
        return ByNotification(*found) if found else ByReference(people[0], reply.short_id)

    def _wish(self, reply: TextReply) -> Wish:
        reason = reply.reason or next(iter(self._answering.reasons), None)
        escalates = reply.answer is Answer.ESCALATE
        return Wish(answer=reply.answer, snooze=reply.snooze, reason=reason if escalates else None)


def sms_routes(
    replies: Replies, texts: Allowance, clock: Clock, settings: SmsSettings, *, public_url: str
) -> APIRouter:
    """`POST /v1/sms/replies`: the webhook of the number that texts come from; Twilio reaches us at
    `public_url`.
    """
    router = APIRouter(tags=["answers"])
    url = public_url.rstrip("/") + PATH

    @router.post(PATH)
    async def sms_reply(request: Request) -> Response:
        """Answer a page by text, and say what came of it while the day's texts last."""
        raw = await request.body()
        if not is_from_twilio(request.headers, raw, url=url, secrets=settings.auth_tokens):
            raise DomainError(401, "Not signed by Twilio")
        fields = form_of(raw)
        said = await replies.answer(fields.get("From", ""), fields.get("Body", ""))
        if said and not await texts.take(clock.now().date(), settings.texts_per_day):
            said = None
        words = f"<Message>{escape(said)}</Message>" if said else ""
        return Response(f"<Response>{words}</Response>", media_type="text/xml")

    return router
