"""`/v1/on-call`: who is on call for a team, the turns that follow, and what changes them."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from itertools import islice
from typing import Annotated, Any, Final
from uuid import UUID

from fastapi import APIRouter, Depends, Query, Request, Response
from pydantic import AfterValidator, AwareDatetime

from shared.http.auth import Principal, require
from shared.http.document import refusals
from shared.http.problems import DomainError, FieldError
from shared.ical import MOST_BYTES

from .domain.absence import away_at
from .domain.on_call import Duties, Duty, Source
from .domain.on_call_calendar import LONGEST_TURN, WRITTEN_AHEAD, calendar_of
from .domain.recipient import Recipient
from .on_call_book import OnCallBook, unknown_team
from .on_call_models import (
    Count,
    ImportedAnswer,
    OnCallAnswer,
    OverrideAnswer,
    OverrideBody,
    RotationAnswer,
    RotationBody,
    TurnAnswer,
)
from .recipient_models import Name, refusal

Reader = Annotated[Principal, Depends(require("recipients:read"))]
Keeper = Annotated[Principal, Depends(require("recipients:write"))]

CALENDAR: Final = "text/calendar"

#: How far ahead turns are looked for.
_AHEAD: Final = timedelta(days=400)

_YEARS: Final = range(2000, 2200)

_BODY: Final[dict[str, Any]] = {
    "requestBody": {
        "required": True,
        "content": {
            CALENDAR: {
                "schema": {"type": "string", "description": "iCalendar, at most 1 MiB."},
            }
        },
    }
}


def _within_reason(at: datetime) -> datetime:
    if at.year not in _YEARS:
        raise refusal(f"lies outside the years {_YEARS[0]} to {_YEARS[-1]}")
    return at.astimezone(UTC)


Instant = Annotated[AwareDatetime, AfterValidator(_within_reason)]


def on_call_routes(book: OnCallBook) -> APIRouter:
    """The routes of `/v1/on-call`."""
    router = APIRouter(prefix="/v1/on-call", tags=["on-call"])
    _add_calendars(router, book)
    _add_reading(router, book)
    _add_rotations(router, book)
    _add_overrides(router, book)
    return router


def _add_reading(router: APIRouter, book: OnCallBook) -> None:
    @router.get("")
    async def list_on_call(
        _: Reader, at: Annotated[Instant | None, Query()] = None
    ) -> list[OnCallAnswer]:
        """Who is on call for each team, with the turn that follows."""
        when = at or book.now()
        duties, people, teams = await book.look(when, when + _AHEAD)
        return [
            _answer(team, duties.of_team(team, book.rotations), people, when, 1) for team in teams
        ]

    @router.get("/{team}", responses=refusals(404))
    async def get_on_call(
        team: Name,
        _: Reader,
        at: Annotated[Instant | None, Query()] = None,
        n: Annotated[Count, Query(description="how many following turns")] = 5,
    ) -> OnCallAnswer:
        """Who is on call for a team at an instant, now if none is named, and the `n` turns after that."""
        when = at or book.now()
        duties, people, teams = await book.look(when, when + _AHEAD)
        return _answer(team, _duty(book, duties, team, teams), people, when, n)


def _add_rotations(router: APIRouter, book: OnCallBook) -> None:
    @router.put("/{team}", responses=refusals(404))
    async def put_rotation(team: Name, body: RotationBody, who: Keeper) -> RotationAnswer:
        """Add or replace a team's rotation; it stands before that of the workflow."""
        await book.put_rotation(who, team, body)
        return RotationAnswer.of(body.rotation(), Source.ROTATION)

    @router.delete("/{team}", status_code=204, responses=refusals(404))
    async def delete_rotation(team: Name, who: Keeper) -> None:
        """Forget a team's rotation; that of the workflow is in force again."""
        await book.delete_rotation(who, team)


def _add_overrides(router: APIRouter, book: OnCallBook) -> None:
    @router.post("/{team}/overrides", status_code=201, responses=refusals(404))
    async def add_override(team: Name, body: OverrideBody, who: Keeper) -> OverrideAnswer:
        """Put somebody on call for a while; sent again, it is still one override."""
        return OverrideAnswer.of(await book.add_override(who, team, body))

    @router.delete("/{team}/overrides/{override_id}", status_code=204, responses=refusals(404))
    async def remove_override(team: Name, override_id: UUID, who: Keeper) -> None:
        """Forget an override, or an imported shift."""
        await book.remove_override(who, team, override_id)


def _add_calendars(router: APIRouter, book: OnCallBook) -> None:
    @router.get("/{team}.ics", response_class=Response, responses=refusals(404))
    async def get_calendar(team: Name, _: Reader) -> Response:
        """The turns of the next 90 days as a calendar (iCalendar)."""
        now = book.now()
        end = now + WRITTEN_AHEAD + LONGEST_TURN
        duties, people, teams = await book.look(now, end)
        duty = _duty(book, duties, team, teams)
        turns = duty.turns(duty.began(now), end)
        return Response(calendar_of(team, turns, people, now=now), media_type=CALENDAR)

    @router.put("/{team}/calendar", openapi_extra=_BODY, responses=refusals(404, 415))
    async def import_calendar(team: Name, request: Request, who: Keeper) -> ImportedAnswer:
        """Read a calendar whose events are shifts of known people; it replaces what was imported before."""
        return ImportedAnswer(shifts=await book.import_shifts(who, team, await _text(request)))


async def _text(request: Request) -> str:
    """The calendar that was sent. Raises DomainError 415 or 422."""
    media_type = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if media_type != CALENDAR:
        raise DomainError(415, "Unsupported media type", f"Send a calendar as {CALENDAR}.")
    raw = await request.body()
    try:
        text = raw.decode()
    except UnicodeDecodeError as error:
        raise _unreadable(str(error)) from None
    if "\x00" in text or len(raw) > MOST_BYTES:
        raise _unreadable("too large, or a character that no text has")
    return text


def _unreadable(message: str) -> DomainError:
    return DomainError(422, "Not readable", message, errors=[FieldError("body", message)])


def _duty(book: OnCallBook, duties: Duties, team: str, teams: list[str]) -> Duty:
    if team not in teams:
        raise unknown_team(team, teams)
    return duties.of_team(team, book.rotations)


def _answer(
    team: str, duty: Duty, people: dict[str, Recipient], at: datetime, count: int
) -> OnCallAnswer:
    def is_there(recipient_id: str) -> bool:
        known = people.get(recipient_id)
        return known is not None and away_at(known, at) is None

    began = duty.began(at)
    turns = [TurnAnswer.of(turn) for turn in islice(duty.turns(began, at + _AHEAD), count + 1)]
    current = turns[0] if turns and turns[0].since <= at else None
    following = turns[1:] if current else turns[:count]
    ends = current.until if current else None
    return OnCallAnswer(
        team=team,
        at=at,
        recipient_id=duty.holder(at, is_there),
        turn=current,
        next_handover=ends or (following[0].since if following else None),
        next=following,
        rotation=RotationAnswer.of(duty.rotation, duty.source) if duty.rotation else None,
        overrides=[OverrideAnswer.of(one) for one in duty.overrides],
    )
