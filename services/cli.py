"""The `tierline` command line. Each command or group is a file in `services/commands`.

Only the file of the command that was asked for is imported, so that small commands answer at once;
`--help` imports all.
"""

from __future__ import annotations

import importlib
import os
import sys
from collections.abc import Mapping
from typing import Final

import typer

from shared.settings import ConfigurationError

#: Command → the module in `services/commands` that has it, in the order of `--help`.
COMMANDS: Final[Mapping[str, str]] = {
    "demo": "demo",
    "up": "up",
    "run": "run",
    "migrate": "migrate",
    "doctor": "doctor",
    "backup": "backup",
    "restore": "restore",
    "send": "send",
    "replay": "replay",
    "support-day": "support_day",
    "people": "people",
    "on-call": "on_call",
    "agents": "agents",
    "queues": "queues",
    "assign": "assign",
    "assignment": "assignment",
    "subscriptions": "subscriptions",
    "customers": "customers",
    "articles": "articles",
    "tap": "tap",
    "feed": "feed",
    "audit": "audit",
    "ticket": "ticket",
    "handoff": "handoff",
    "targets": "targets",
    "dead-letters": "dead_letters",
    "topics": "topics",
    "workflow": "workflow",
    "notify": "notify",
    "triage": "triage",
    "contracts": "contracts",
    "docs": "docs",
    "keys": "keys",
    "credentials": "credentials",
}


def build(wanted: str | None) -> typer.Typer:
    """The command line with the one command that is wanted, or with all of them."""
    app = typer.Typer(
        name="tierline",
        no_args_is_help=True,
        add_completion=False,
        pretty_exceptions_enable=False,
        help="Tierline: webhooks in, nobody forgotten. Start with `tierline demo` or `tierline up`.",
    )
    app.callback()(_group)
    for name, module_name in COMMANDS.items():
        if wanted not in COMMANDS or wanted == name:
            module = importlib.import_module(f"services.commands.{module_name}")
            if hasattr(module, "app"):
                app.add_typer(module.app, name=name)
            else:
                app.command(name)(getattr(module, module_name))
    return app


def _group() -> None:
    """Makes a line with one command still take that command's name."""


def main() -> None:
    """Run the command line; a closed pipe (`| head`) is no error, a wrong setting is a sentence."""
    try:
        build(next(iter(sys.argv[1:]), None))()
    except ConfigurationError as error:
        sys.stderr.write(f"{error}\n")
        raise SystemExit(2) from None
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        raise SystemExit(0) from None


if __name__ == "__main__":
    main()
