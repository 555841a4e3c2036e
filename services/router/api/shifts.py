"""`/v1/shifts`: when people work, as weekly patterns or imported calendars (semantics G7)."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import datetime, timedelta
from itertools import islice
from typing import Annotated, Any, Final

from fastapi import APIRouter, Depends, Request
from pydantic import BaseModel
from sqlalchemy.ext.asyncio import AsyncEngine

from services.router.domain.attendance import Shift
from services.router.domain.shifts import ShiftKind, StoredShift, open_spans
from services.router.rota import Rota, unknown_shift
from services.router.store import attendance, shifts
from services.router.store.shifts import Shifts
from shared.clock import Clock
from shared.http.auth import Principal, require
from shared.http.document import refusals
from shared.http.problems import DomainError, FieldError

from .models import Name, example_of

Reader = Annotated[Principal, Depends(require("roster:read"))]
Keeper = Annotated[Principal, Depends(require("roster:write"))]

CALENDAR: Final = "text/calendar"
JSON: Final = "application/json"

#: How far ahead a shift is shown, and how many spans at most.
SHOWN: Final = timedelta(days=14)
MOST_SPANS: Final = 200

_PATTERN: Final[dict[str, Any]] = {
    "zone": "Europe/Berlin",
    "hours": {"mon-fri": ["06:00-14:00"]},
    "holidays": ["DE-BE"],
    "exceptions": {"2026-12-24": ["06:00-12:00"], "2026-12-31": "closed"},
}

_ICAL: Final = (
    "BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:-//example//rota//EN\r\nBEGIN:VEVENT\r\nUID:early-1\r\n"
    "DTSTAMP:20260301T000000Z\r\nDTSTART:20260302T060000Z\r\nDTEND:20260302T140000Z\r\n"
    "RRULE:FREQ=DAILY;COUNT=5\r\nEND:VEVENT\r\nEND:VCALENDAR\r\n"
)

#: What may be sent: the pattern is checked by the words of the workflow's calendars.
_BODY: Final[dict[str, Any]] = {
    "requestBody": {
        "required": True,
        "content": {
            JSON: {
                "schema": {
                    "type": "object",
                    "description": "`zone`, `hours`, `holidays` and `exceptions` as in the workflow's calendars.",
                    "required": ["zone", "hours"],
                    "properties": {
                        "zone": {"type": "string"},
                        "hours": {"type": "object"},
                        "holidays": {"type": "array", "items": {"type": "string"}},
                        "exceptions": {"type": "object"},
                    },
                },
                "example": _PATTERN,
            },
            CALENDAR: {
                "schema": {"type": "string", "description": "iCalendar, at most 1 MiB."},
                "example": _ICAL,
            },
        },
    }
}


class ShiftView(BaseModel):
    """A shift as it is kept."""

    model_config = example_of(name="early", kind="weekly", updated_at="2026-03-02T09:00:00Z")

    name: str
    kind: ShiftKind
    updated_at: datetime

    @classmethod
    def of(cls, stored: StoredShift) -> ShiftView:
        """The view of `stored`."""
        return cls(name=stored.name, kind=stored.kind, updated_at=stored.updated_at)


class ShiftsView(BaseModel):
    """The stored shifts, and the workflow's calendars, whose names agents may name as well."""

    model_config = example_of(
        shifts=[{"name": "early", "kind": "weekly", "updated_at": "2026-03-02T09:00:00Z"}],
        calendars=["office"],
    )

    shifts: list[ShiftView]
    calendars: list[str]


class SpanView(BaseModel):
    """Working time; no end is known when `closes` is null."""

    opens: datetime
    closes: datetime | None


class OneShiftView(ShiftView):
    """A shift with what it was made from, who works it, and its working time of the next 14 days."""

    model_config = example_of(
        name="early",
        kind="weekly",
        updated_at="2026-03-02T09:00:00Z",
        source='{"zone": "Europe/Berlin", "hours": {"mon-fri": ["06:00-14:00"]}}',
        agents=["sofia"],
        open=[{"opens": "2026-03-03T05:00:00Z", "closes": "2026-03-03T13:00:00Z"}],
    )

    source: str
    agents: list[str]
    open: list[SpanView]


def routes(rota: Rota, engine: AsyncEngine, clock: Clock, known: Shifts) -> APIRouter:
    """The routes of shifts."""
    router = APIRouter(prefix="/v1", tags=["shifts"])

    @router.get("/shifts")
    async def list_shifts(_: Reader) -> ShiftsView:
        """All shifts by name."""
        async with engine.connect() as tx:
            stored = await shifts.listed(tx)
        return ShiftsView(
            shifts=[ShiftView.of(one) for one in stored], calendars=sorted(known.calendars)
        )

    @router.get("/shifts/{name}", responses=refusals(404))
    async def show_shift(name: Name, _: Reader) -> OneShiftView:
        """One shift, with the working time of the next 14 days."""
        now = clock.now()
        async with engine.connect() as tx:
            found = await shifts.read(tx, [name])
            if not found:
                raise unknown_shift(name)
            shift = (await known.named(tx, [name], now)).get(name)
            agents = await attendance.working(tx, name)
        return OneShiftView(
            **ShiftView.of(found[0]).model_dump(),
            source=found[0].source,
            agents=agents,
            open=_open(shift, now) if shift is not None else [],
        )

    @router.put("/shifts/{name}", openapi_extra=_BODY, responses=refusals(415, 422))
    async def put_shift(name: Name, request: Request, who: Keeper) -> ShiftView:
        """Add or replace a shift; who works it comes or goes with it at once."""
        kind, source = await _body(request)
        return ShiftView.of(await rota.put_shift(name, kind, source, by=who.name))

    @router.delete("/shifts/{name}", status_code=204, responses=refusals(404, 409))
    async def delete_shift(name: Name, who: Keeper) -> None:
        """Forget a shift; 409 while somebody works it."""
        await rota.delete_shift(name, by=who.name)

    return router


async def _body(request: Request) -> tuple[ShiftKind, str]:
    """What was sent: a calendar as it is, a pattern as its JSON. Raises DomainError 415 or 422."""
    media_type = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if media_type not in {CALENDAR, JSON}:
        raise DomainError(
            415, "Unsupported media type", f"Send a pattern as {JSON} or a calendar as {CALENDAR}."
        )
    try:
        text = (await request.body()).decode()
        if "\x00" in text:
            raise _not_text("a character that no text has")
        if media_type == CALENDAR:
            return ShiftKind.ICAL, text
        pattern: Mapping[str, Any] = json.loads(text)
    except (UnicodeDecodeError, json.JSONDecodeError, RecursionError) as error:
        raise _not_text(str(error)) from None
    return ShiftKind.WEEKLY, json.dumps(pattern)


def _not_text(message: str) -> DomainError:
    return DomainError(422, "Not readable", message, errors=[FieldError("body", message)])


def _open(shift: Shift, now: datetime) -> list[SpanView]:
    spans = open_spans(shift, now, now + SHOWN)
    return [SpanView(opens=opens, closes=closes) for opens, closes in islice(spans, MOST_SPANS)]
