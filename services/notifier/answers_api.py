"""`POST /v1/notifications/{id}/answers`: own apps, and whoever follows a feed, answer a message."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Literal
from uuid import UUID

from fastapi import APIRouter, Depends
from pydantic import BaseModel, ConfigDict, Field
from sqlalchemy.ext.asyncio import AsyncEngine

from shared.contracts.vocabulary import Answer
from shared.http.document import refusals
from shared.http.problems import DomainError, FieldError

from .answering import Answering, ByNotification
from .domain.answers import Standing, Wish, WishRefusedError
from .feed.access import Access, Reader


class AnswerBody(BaseModel):
    """What is answered: a snooze with its `minutes`, an escalation with a `reason` of the workflow."""

    model_config = ConfigDict(
        extra="forbid", json_schema_extra={"examples": [{"answer": "snooze", "minutes": 15}]}
    )

    answer: Answer
    minutes: int | None = Field(default=None, ge=1, le=1440)
    reason: str | None = Field(default=None, max_length=100)

    def wish(self) -> Wish:
        """The same as an answer."""
        snooze = timedelta(minutes=self.minutes) if self.minutes else None
        return Wish(answer=self.answer, snooze=snooze, reason=self.reason)


class AnsweredBody(BaseModel):
    """What came of it: recorded now, or answered so before, which changes nothing. `until`: how long a
    snooze was asked for; how long it holds, the ladder decides.
    """

    result: Literal["recorded", "already"]
    until: datetime | None = None


def answer_routes(engine: AsyncEngine, answering: Answering) -> APIRouter:
    """The route of answers."""
    router = APIRouter(tags=["answers"])
    caller = Depends(Access(engine, "notifications:answer"))

    @router.post(
        "/v1/notifications/{notification_id}/answers", responses=refusals(401, 403, 404, 409, 422)
    )
    async def answer_notification(
        notification_id: UUID, body: AnswerBody, who: Reader = caller
    ) -> AnsweredBody:
        """Answer a page as the person it was sent to; the token of a feed answers its own alone.

        An answer given before is said to be there already.
        """
        key = ByNotification(notification_id, who.recipient_id)
        via = "api" if who.recipient_id is None else "feed"
        try:
            answered = await answering.answer(key, body.wish(), via=via)
        except WishRefusedError as error:
            field = "body.minutes" if body.answer is Answer.SNOOZE else "body.reason"
            fault = FieldError(field, str(error))
            raise DomainError(422, "Invalid request", str(error), errors=[fault]) from error
        match answered.standing:
            case Standing.OPEN:
                return AnsweredBody(result="recorded", until=answered.until)
            case Standing.DONE:
                return AnsweredBody(result="already")
            case Standing.OVER:
                raise DomainError(409, "Escalation is over", "Nobody has to take it any more.")
        raise DomainError(404, "Not found", f"No page {notification_id} to be answered.")

    return router
