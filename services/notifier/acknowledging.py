"""The page behind a message's link: GET shows what it is about, POST answers, each answer once (D7, L4).

The token is the authority, for this one message; nothing else is asked. The page works without scripts.
"""

from __future__ import annotations

from datetime import timedelta
from typing import Final
from urllib.parse import parse_qs

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse

from shared.contracts.vocabulary import Answer

from .answering import Answered, Answering, ByToken
from .domain.answers import Standing, Wish, WishRefusedError
from .domain.wording import at_clock
from .linked import facts_of, name_of, offers_of
from .pages import Pages
from .store.links import Link

#: A form of ours has three fields.
_MOST_FIELDS: Final = 10

_THANKS: Final = {
    Answer.ACKNOWLEDGE: "Everybody who would have been paged next is spared.",
    Answer.TAKE: "The ticket comes to you, if you are an agent with room for it.",
    Answer.SNOOZE: "You have it until {until} at the latest; sooner if a deadline is nearer.",
    Answer.ESCALATE: "It goes to the next level now.",
}


def routes(answering: Answering, pages: Pages) -> APIRouter:
    """`GET` and `POST /a/{token}`."""
    router = APIRouter(tags=["answers"])

    @router.get("/a/{token}", response_class=HTMLResponse)
    async def show_message(token: str) -> HTMLResponse:
        """Show what the link is about. Changes nothing: mail scanners fetch links."""
        link = await answering.look(ByToken(token))
        return _page(pages, answering, link, answering.standing(link, Answer.ACKNOWLEDGE), token)

    @router.post("/a/{token}", response_class=HTMLResponse)
    async def answer_message(token: str, request: Request) -> HTMLResponse:
        """Answer; without a form, acknowledge. A second time says so and changes nothing."""
        try:
            wish = wish_of(await request.body())
            answered = await answering.answer(ByToken(token), wish, via="link")
        except WishRefusedError as error:
            return pages.show("Not understood", str(error), status=422)
        if answered.link is None or answered.standing is not Standing.OPEN:
            return _page(pages, answering, answered.link, answered.standing, token)
        return _thanks(pages, answered, answered.link)

    return router


def wish_of(form: bytes) -> Wish:
    """The answer in a posted form. Raises WishRefusedError for what is no form of ours."""
    try:
        fields = parse_qs(form.decode("ascii"), max_num_fields=_MOST_FIELDS)
        given = {name: values[-1] for name, values in fields.items()}
        minutes = given.get("minutes")
        return Wish(
            answer=Answer(given.get("answer", Answer.ACKNOWLEDGE)),
            snooze=timedelta(minutes=int(minutes[:5])) if minutes else None,
            reason=given.get("reason"),
        )
    except ValueError as error:
        raise WishRefusedError("Open the link again and choose one of the answers.") from error


def _page(
    pages: Pages, answering: Answering, link: Link | None, found: Standing, token: str
) -> HTMLResponse:
    """What the link is good for now, with the answers that can still be given."""
    if link is None or found in {Standing.UNKNOWN, Standing.EXPIRED, Standing.OVER}:
        return useless(pages, link, found)
    title, text = f"{link.ticket.reference} needs somebody", "do you take responsibility?"
    if found is Standing.DONE:
        title, text = "Already answered", "you have it. There is nothing more you need to do here."
    return pages.show(
        title,
        f"{name_of(link)}, {text}",
        facts=facts_of(link),
        offers=offers_of(link, answering),
        ways={"Hand-off": f"{token}/handoff"},
    )


def useless(pages: Pages, link: Link | None, found: Standing) -> HTMLResponse:
    """The page of a link that is good for nothing any more, or never was."""
    match found:
        case Standing.EXPIRED:
            return pages.show(
                "This link has expired", "Look for a newer message about the ticket.", status=410
            )
        case Standing.OVER:
            return pages.show(
                "This escalation is over",
                "Nobody has to take it any more.",
                status=410,
                facts=facts_of(link) if link else None,
            )
    return pages.show(
        "Nothing here",
        "This link is not one of ours, or it was cut off on its way to you.",
        status=404,
    )


def _thanks(pages: Pages, answered: Answered, link: Link) -> HTMLResponse:
    until = at_clock(answered.until) if answered.until else ""
    what = _THANKS[answered.wish.answer].format(until=until)
    return pages.show(
        "Passed on" if answered.wish.answer is Answer.ESCALATE else "You have it",
        f"Thank you, {name_of(link)}. {what}",
        facts=facts_of(link),
    )
