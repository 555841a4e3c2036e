"""`tierline on-call`: whose turn it is, overrides, and shifts as a calendar."""

from __future__ import annotations

from collections.abc import Coroutine
from pathlib import Path
from typing import Annotated, Any, TypeVar

import typer
from rich.markup import escape
from rich.table import Table

from services.ask import ServiceError, ask, path_of

from .moment import FORM, moment, shown
from .where import carry_out, console, installation, stop

T = TypeVar("T")

_EXAMPLES = """
For instance:

  tierline on-call show engineering --at 2026-06-05

  tierline on-call override engineering emil --from 2026-06-05T18:00 --until 2026-06-08

  tierline on-call import engineering shifts.ics

  tierline on-call export engineering > engineering.ics
"""

app = typer.Typer(
    no_args_is_help=True, help=f"Who is on call for a team, and who stands in.\n{_EXAMPLES}"
)

Team = Annotated[str, typer.Argument(metavar="TEAM", help="The team of a level.")]


@app.callback()
def _group() -> None:
    """Who is on call."""


@app.command()
def show(
    team: Annotated[str | None, typer.Argument(metavar="[TEAM]", help="One team.")] = None,
    at: Annotated[str | None, typer.Option(help=f"Then instead of now: {FORM}.")] = None,
    following: Annotated[
        int, typer.Option("--next", min=0, max=50, help="How many turns after this one.")
    ] = 5,
) -> None:
    """Who is on call for every team, or for one with the turns that follow."""
    asked = {"at": moment(at, "--at")} if at else {}
    if team is None:
        duties = _done(ask(installation(), "notifier", "GET", "/v1/on-call", params=asked)).json()
        _show_all(duties)
        return
    path = path_of("on-call", team)
    params = {**asked, "n": following}
    duty = _done(ask(installation(), "notifier", "GET", path, params=params)).json()
    _show_one(duty)


@app.command()
def override(
    team: Team,
    recipient_id: Annotated[
        str | None, typer.Argument(metavar="[ID]", help="Who is on call instead.")
    ] = None,
    since: Annotated[str, typer.Option("--from", help=f"From when: {FORM}.")] = "0s",
    until: Annotated[str | None, typer.Option(help="Until when.")] = None,
    remove: Annotated[
        str | None, typer.Option(metavar="OVERRIDE", help="Forget the override of that id.")
    ] = None,
) -> None:
    """Put somebody on call for a while, whoever's turn it is, or forget that with --remove."""
    where = installation()
    if remove is not None:
        _done(ask(where, "notifier", "DELETE", path_of("on-call", team, "overrides", remove)))
        print(f"{team}: that override is gone")
        return
    if recipient_id is None or until is None:
        raise typer.BadParameter("say who, and with --until for how long", param_hint="ID")
    body = {
        "recipient_id": recipient_id,
        "since": moment(since, "--from"),
        "until": moment(until, "--until"),
    }
    path = path_of("on-call", team, "overrides")
    made = _done(ask(where, "notifier", "POST", path, json=body)).json()
    times = f"from {shown(made['since'])} until {shown(made['until'])}"
    print(f"{made['recipient_id']} is on call for {team} {times} ({made['override_id']})")


@app.command("import")
def import_(
    team: Team,
    file: Annotated[Path, typer.Argument(exists=True, dir_okay=False, help="An iCalendar file.")],
) -> None:
    """Read shifts from a calendar: who attends an event, or is named in its title, is on call meanwhile.

    What was imported before for the team is replaced; overrides by hand stand before it.
    """
    path, headers = path_of("on-call", team, "calendar"), {"content-type": "text/calendar"}
    read = ask(installation(), "notifier", "PUT", path, content=file.read_bytes(), headers=headers)
    print(f"{team}: {_done(read).json()['shifts']} shifts are known")


@app.command()
def export(team: Team) -> None:
    """Write the turns of the next 90 days as a calendar to the standard output."""
    path = f"{path_of('on-call', team)}.ics"
    print(_done(ask(installation(), "notifier", "GET", path)).text, end="")


def _show_all(duties: list[dict[str, Any]]) -> None:
    if not any(duty["turn"] or duty["next"] for duty in duties):
        print(
            "Nobody takes turns. Name them under on_call in a file for `tierline people import`,"
            " or bring shifts in with `tierline on-call import`."
        )
        return
    table = Table(box=None, pad_edge=False)
    for column in ("team", "on call", "until", "then"):
        table.add_column(column, no_wrap=True)
    for duty in duties:
        then = duty["next"][0]["recipient_id"] if duty["next"] else ""
        until = shown(duty["next_handover"]) if duty["next_handover"] else ""
        table.add_row(*map(escape, (duty["team"], _who(duty), until, then)))
    console().print(table)


def _show_one(duty: dict[str, Any]) -> None:
    told = console()
    told.print(f"[bold]{escape(duty['team'])}[/bold]: {escape(_who(duty))}")
    if rotation := duty["rotation"]:
        where = "stored" if rotation["source"] == "rotation" else "the workflow's"
        turns = f"{', '.join(rotation['members'])}, from {rotation['handover']} {rotation['zone']}"
        told.print(f"  turns: {escape(turns)} ({where})")
    table = Table(box=None, pad_edge=False, show_header=False)
    for turn in ([duty["turn"]] if duty["turn"] else []) + duty["next"]:
        until = shown(turn["until"]) if turn["until"] else "further notice"
        times = (shown(turn["since"]), "to", until, turn["recipient_id"], turn["source"])
        table.add_row("", *map(escape, times))
    told.print(table)
    for one in duty["overrides"]:
        if one["source"] == "override":
            told.print(f"  override {one['override_id']}: {escape(one['recipient_id'])}")


def _who(duty: dict[str, Any]) -> str:
    """Who is told, and for whom."""
    if duty["recipient_id"] is None:
        return "nobody"
    turn = duty["turn"]
    due = turn["recipient_id"] if turn else duty["recipient_id"]
    instead = f" (for {due}, who is away)" if due != duty["recipient_id"] else ""
    return f"{duty['recipient_id']}{instead}"


def _done(work: Coroutine[Any, Any, T]) -> T:
    try:
        return carry_out(work)
    except ServiceError as error:
        stop(str(error))
