"""The `tierline` command line. Each group of commands is a file in `services/commands`."""

from __future__ import annotations

import os
import sys

import typer

from services.commands import (
    contracts,
    dead_letters,
    demo,
    docs,
    people,
    replay,
    run,
    tap,
    ticket,
    topics,
    up,
    workflow,
)

app = typer.Typer(
    name="tierline",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    help="Tierline: webhooks in, nobody forgotten. Start with `tierline demo` or `tierline up`.",
)
app.command()(demo.demo)
app.command()(up.up)
app.command()(run.run)
app.command()(run.migrate)
app.command()(tap.tap)
app.command()(ticket.ticket)
app.command()(replay.replay)
app.add_typer(people.app, name="people")
app.add_typer(topics.app, name="topics")
app.add_typer(dead_letters.app, name="dead-letters")
app.add_typer(workflow.app, name="workflow")
app.add_typer(contracts.app, name="contracts")
app.add_typer(docs.app, name="docs")
app.add_typer(run.keys, name="keys")


def main() -> None:
    """Run the command line; a closed pipe (`| head`) is no error."""
    try:
        app()
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        raise SystemExit(0) from None


if __name__ == "__main__":
    main()
