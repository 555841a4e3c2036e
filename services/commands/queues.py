"""`tierline queues`: what waits, how long and what for; once, or live."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from functools import partial
from typing import Annotated, Any, Final, TypeAlias

import typer
from rich.console import Console, Group, RenderableType
from rich.live import Live
from rich.markup import escape
from rich.table import Table
from rich.text import Text

from services.ask_router import RouterAwayError, RouterError, ask_json, path_of
from shared.policy.durations import DurationError, parse_duration

from .where import carry_out, console, installation, stop

#: Asks the router.
Fetch: TypeAlias = Callable[[], Awaitable[dict[str, Any]]]
#: Shows what it said.
Show: TypeAlias = Callable[[dict[str, Any]], RenderableType]

_MINUTE: Final = 60
_HOUR: Final = 3600


def queues(
    queue: Annotated[
        str | None, typer.Argument(help="Only this queue: its tickets, in their order.")
    ] = None,
    watch: Annotated[bool, typer.Option("--watch", help="Go on looking; Ctrl-C ends it.")] = False,
    every: Annotated[str, typer.Option(help="How often it looks, as 500ms, 2s, 1m.")] = "2s",
    limit: Annotated[int, typer.Option(min=1, max=200, help="Tickets of one queue.")] = 20,
) -> None:
    """The queues: how many wait, how long, what for, and how fast it goes.

    The estimated wait is that of the last in line, at the pace of the last hour; where nothing was
    assigned there is no pace, and no estimate.

    For instance:

      tierline queues

      tierline queues --watch --every 5s

      tierline queues billing
    """
    where, seconds = installation(), _seconds(every)
    if queue is None:
        fetch, show = partial(ask_json, where, "GET", "/v1/queues"), all_queues
    else:
        path = path_of("queues", queue, "tickets")
        fetch = partial(ask_json, where, "GET", path, params={"limit": limit})
        show = one_queue
    try:
        if watch:
            carry_out(_watch(fetch, show, seconds, console()))
        else:
            console().print(show(carry_out(fetch())))
    except RouterError as error:
        stop(str(error))


async def frames(fetch: Fetch, show: Show, again: str) -> AsyncIterator[RenderableType]:
    """What to show, each time anew. While the router is away: what was last known, and that it is.

    Raises RouterError for any other refusal.
    """
    last: RenderableType = Text("nothing is known yet")
    while True:
        note = ""
        try:
            last = show(await fetch())
        except RouterAwayError as away:
            note = f"{away}. {again}"
        yield Group(last, Text(note, style="red")) if note else last


def all_queues(told: dict[str, Any]) -> RenderableType:
    """Every queue on a line."""
    table = Table(box=None, pad_edge=False)
    table.add_column("queue", no_wrap=True)
    table.add_column("level", no_wrap=True)
    for column in ("waiting", "oldest", "est. wait", "last hour", "people"):
        table.add_column(column, justify="right", no_wrap=True)
    table.add_column("what for")
    for queue in told["queues"]:
        table.add_row(
            escape(queue["queue"]),
            escape(queue["level"]),
            str(queue["waiting"] or "–"),
            _ago(queue["oldest_seconds"]) if queue["waiting"] else "–",
            _wait(queue),
            str(queue["assigned_last_hour"]),
            f"{queue['online']}/{queue['people']}",
            _reasons(queue),
            style="red" if queue["unroutable"] else None,
        )
    waiting = sum(queue["waiting"] for queue in told["queues"])
    return table if waiting else Group(table, Text("nobody waits", style="green"))


def one_queue(told: dict[str, Any]) -> RenderableType:
    """The tickets of a queue, who is served first on top."""
    if not told["tickets"]:
        return Text(f"nobody waits in {told['queue']}", style="green")
    table = Table(box=None, pad_edge=False)
    for column in ("", "ticket", "priority", "class", "slack", "waited", "category", "asks for"):
        table.add_column(column, no_wrap=column != "asks for")
    table.add_column("why")
    for ticket in told["tickets"]:
        slack = ticket["slack_seconds"]
        table.add_row(
            str(ticket["position"]),
            ticket["ticket_id"],
            ticket["priority"],
            str(ticket["priority_class"]),
            "–" if slack is None else _ago(slack),
            _ago(ticket["waited_seconds"]),
            escape(ticket["category"]),
            escape(_skills(ticket)),
            ticket["wait"]["reason"].replace("_", " "),
        )
    more = told["waiting"] - len(told["tickets"])
    return Group(table, Text(f"and {more} more")) if more > 0 else table


async def _watch(fetch: Fetch, show: Show, seconds: float, told: Console) -> None:
    """Show frames until somebody ends it; where there is no terminal, one below the other."""
    again = f"Trying again every {seconds:g} s; Ctrl-C ends this."
    if not told.is_terminal:
        async for frame in frames(fetch, show, again):
            told.print(frame)
            await asyncio.sleep(seconds)
    with Live(console=told, auto_refresh=False) as live:
        async for frame in frames(fetch, show, again):
            live.update(frame, refresh=True)
            await asyncio.sleep(seconds)


def _seconds(text: str) -> float:
    try:
        seconds = parse_duration(text).total_seconds()
    except DurationError as error:
        stop(str(error), 2)
    if not seconds:
        stop("`--every` must be some time, as 2s.", 2)
    return seconds


def _wait(queue: dict[str, Any]) -> str:
    estimate = queue["estimated_wait_seconds"]
    return _ago(estimate) if estimate is not None and queue["waiting"] else "–"


def _reasons(queue: dict[str, Any]) -> str:
    said = [f"{number} {reason.replace('_', ' ')}" for reason, number in queue["reasons"].items()]
    missing = f" ({', '.join(queue['missing_skills'])})" if queue["missing_skills"] else ""
    return escape(", ".join(said) + missing)


def _skills(ticket: dict[str, Any]) -> str:
    required = [f"{skill} {least}" for skill, least in ticket["required_skills"].items()]
    any_of = " or ".join(f"{skill} {least}" for skill, least in ticket["any_skills"].items())
    return ", ".join([*required, *([any_of] if any_of else [])])


def _ago(seconds: float) -> str:
    """A time in its largest unit, negative when it is over."""
    sign, whole = "-" if seconds < 0 else "", abs(round(seconds))
    if whole < _MINUTE:
        return f"{sign}{whole} s"
    if whole < _HOUR:
        return f"{sign}{whole // _MINUTE} min"
    return f"{sign}{whole // _HOUR} h {whole % _HOUR // _MINUTE:02} min"
