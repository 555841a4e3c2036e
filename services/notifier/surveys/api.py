"""The page behind a survey's link: GET asks, POST rates, once (D7). It works without scripts, in the language the
survey was written in. The token is the authority, for this one rating and for asking this customer no more.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Annotated, Final
from urllib.parse import parse_qs

from fastapi import APIRouter, Query, Request
from fastapi.responses import HTMLResponse
from sqlalchemy.ext.asyncio import AsyncEngine

from services.notifier.domain.ticket import reference_of
from services.notifier.pages import Offer, Pages
from shared.clock import Clock
from shared.contracts import FollowUp
from shared.db.engine import Transaction
from shared.runtime.writer import Writer

from . import store
from .store import Survey
from .words import Words, words_of

#: A form of ours has one field.
_MOST_FIELDS: Final = 10

_SCORES: Final = {str(score): score for score in range(1, 6)}
_REFUSE: Final = "refuse"
_AGAIN: Final = "again"

Language = Annotated[str | None, Query(max_length=8)]


def survey_routes(
    engine: AsyncEngine, writer: Writer, clock: Clock, pages: Pages, *, rated: Callable[[], None]
) -> APIRouter:
    """`GET` and `POST /r/{token}`; `rated` is called when there may be a rating to pass on."""
    router = APIRouter(tags=["surveys"])

    @router.get("/r/{token}", response_class=HTMLResponse)
    async def show_survey(token: str, lang: Language = None) -> HTMLResponse:
        """Ask how it was. Changes nothing: mail scanners fetch links."""
        async with engine.connect() as tx:
            survey = await store.find(tx, token)
        return _page(pages, survey, clock.now(), lang)

    @router.post("/r/{token}", response_class=HTMLResponse)
    async def answer_survey(token: str, request: Request, lang: Language = None) -> HTMLResponse:
        """Rate, or be asked no more. The first rating counts; a second one changes nothing."""
        choice = choice_of(await request.body())
        if choice is None:
            spoken, words = words_of(lang)
            return pages.show(words.nothing, words.unclear, status=422, language=spoken)

        async def work(tx: Transaction, now: datetime) -> tuple[Survey | None, list[FollowUp]]:
            survey = await store.find(tx, token)
            if survey is not None and survey.expires_at > now:
                await _do(tx, survey, choice, now)
                survey = await store.find(
                    tx, token
                )  # what counts, if somebody chose at the same moment
            return survey, []

        survey = await writer.write(work)
        rated()
        return _page(pages, survey, clock.now(), lang)

    return router


def choice_of(form: bytes) -> str | None:
    """What is posted: `1` to `5`, `refuse` or `again`; None for what is none of them."""
    try:
        fields = parse_qs(form.decode("ascii"), max_num_fields=_MOST_FIELDS)
    except ValueError:
        return None
    given = fields.get("answer", [])
    known = len(given) == 1 and given[0] in {*_SCORES, _REFUSE, _AGAIN}
    return given[0] if known else None


async def _do(tx: Transaction, survey: Survey, choice: str, now: datetime) -> None:
    if choice in _SCORES:
        await store.rate(tx, survey, _SCORES[choice], now)
    else:
        await store.refuse(tx, survey.customer_id, now, refused=choice == _REFUSE)


def _page(pages: Pages, survey: Survey | None, now: datetime, language: str | None) -> HTMLResponse:
    spoken, words = words_of(language)
    if survey is None:
        return pages.show(words.nothing, words.cut_off, status=404, language=spoken)
    if survey.expires_at <= now:
        return pages.show(words.expired, words.cut_off, status=410, language=spoken)
    reference = reference_of(survey.ticket_id)
    if survey.score is not None:
        text = words.chosen.format(reference=reference, score=survey.score)
        return pages.show(words.thanks, text, offers=[_asking(survey, words)], language=spoken)
    if survey.refused:
        return pages.show(
            words.thanks, words.refused, offers=[_asking(survey, words)], language=spoken
        )
    scores = [
        Offer(answer=answer, button=button)
        for answer, button in zip(_SCORES, words.scores, strict=True)
    ]
    return pages.show(
        words.title,
        words.question.format(reference=reference),
        offers=[*scores, _asking(survey, words)],
        language=spoken,
    )


def _asking(survey: Survey, words: Words) -> Offer:
    """Whether the customer is asked again after another case."""
    if survey.refused:
        return Offer(answer=_AGAIN, button=words.again, quiet=True)
    return Offer(answer=_REFUSE, button=words.refuse, quiet=True)
