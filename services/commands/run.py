"""`tierline run SERVICE`, `tierline migrate`, `tierline keys new`: what a deployment runs."""

from __future__ import annotations

import importlib
import json
import runpy
from enum import StrEnum
from typing import Annotated

import typer

from shared.db import migrate as migrations
from shared.http.auth import SCOPES, new_key
from shared.settings import ServiceSettings

from .where import carry_out, stop


class Service(StrEnum):
    """The four services."""

    INTAKE = "intake"
    ROUTER = "router"
    ESCALATOR = "escalator"
    NOTIFIER = "notifier"


def run(
    service: Service,
    print_config: Annotated[
        bool, typer.Option("--print-config", help="Show its settings, secrets redacted, and end.")
    ] = False,
) -> None:
    """Run one service in the foreground; SIGTERM drains it."""
    if print_config:
        config = importlib.import_module(f"services.{service}.config")
        settings = getattr(config, f"{service.title()}Settings")()
        print(settings.model_dump_json(indent=2))
        return
    runpy.run_module(f"services.{service}", run_name="__main__", alter_sys=True)


def migrate() -> None:
    """Bring the database's schemas to their newest form; makes schemas and roles where missing."""
    settings = ServiceSettings()
    carry_out(migrations.upgrade(settings.database.url.get_secret_value()))
    print(f"up to date: {', '.join(migrations.services_with_migrations())}")


keys = typer.Typer(no_args_is_help=True, help="API keys of callers.")


@keys.command()
def new(
    name: Annotated[str, typer.Argument(help="The caller's name, for logs and audit.")],
    scope: Annotated[list[str], typer.Option(help=f"One or more of {', '.join(sorted(SCOPES))}.")],
) -> None:
    """Make an API key; prints it once, and the setting that lets it in."""
    if unknown := set(scope) - SCOPES:
        stop(f"No scope {min(unknown)!r}; there are {', '.join(sorted(SCOPES))}.", 2)
    key, digest = new_key()
    setting = json.dumps({name: {"sha256": digest, "scopes": sorted(scope)}})
    print(f"key (shown once): {key}\nTIERLINE_API_KEYS='{setting}'")


@keys.command()
def scopes() -> None:
    """List the scopes."""
    print("\n".join(sorted(SCOPES)))
