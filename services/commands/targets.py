"""`tierline targets`: what messages are sent to, and what is wrong with it."""

from __future__ import annotations

from typing import Annotated, Any
from urllib.parse import quote

import typer
from rich.markup import escape
from rich.table import Table

from services.ask import ServiceError, ask, ask_json

from .where import carry_out, console, installation, stop

app = typer.Typer(
    no_args_is_help=True, help="What messages are sent to: rates, waits, and what is given up."
)


@app.command("list")
def list_(
    trouble: Annotated[
        bool, typer.Option("--trouble", help="Only those that get no messages now.")
    ] = False,
) -> None:
    """Every target anything was sent to, and how it does.

    closed: messages go. held: it asked us to wait. open: it failed ten times in a row, and only a probe
    goes now and then; what waits costs no attempts.

    For instance:

      tierline targets list

      tierline targets list --trouble
    """
    try:
        found = carry_out(ask_json(installation(), "notifier", "GET", "/v1/targets"))["targets"]
    except ServiceError as error:
        stop(str(error))
    shown = [one for one in found if one["state"] != "closed" or not trouble]
    if not shown:
        print("All targets get their messages." if trouble else "Nothing was sent to anybody yet.")
        return
    console().print(as_table(shown))


@app.command()
def reset(target: Annotated[str, typer.Argument(help="As the list names it.")]) -> None:
    """Forget what went wrong with a target: all that waits for it goes at once.

    For instance:

      tierline targets reset webhook:hooks.example.com
    """
    path = f"/v1/targets/{quote(target, safe='')}:reset"
    try:
        carry_out(ask(installation(), "notifier", "POST", path))
    except ServiceError as error:
        stop(str(error))
    print(f"{target} is tried again")


def as_table(targets: list[dict[str, Any]]) -> Table:
    """Targets as the notifier tells of them, one a line."""
    table = Table(box=None, pad_edge=False)
    for column in ("target", "state", "waiting", "failures", "next try (UTC)", "last failure"):
        table.add_column(column, justify="right" if column in {"waiting", "failures"} else "left")
    for one in targets:
        at = one["next_try_at"]
        table.add_row(
            escape(one["target"]),
            one["state"],
            str(one["waiting"]),
            str(one["failures_in_a_row"]),
            at[:19].replace("T", " ") if at else "",
            escape(one["last_failure"] or ""),
        )
    return table
