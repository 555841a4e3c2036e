"""`tierline migrate`: the database's schemas in their newest form."""

from __future__ import annotations

from typing import Annotated

import typer

from shared.db import migrate as migrations
from shared.db.migrate_trouble import MigrationGaveUpError
from shared.settings import ServiceSettings, read

from .where import carry_out, stop


def migrate(
    statement_minutes: Annotated[
        int, typer.Option(min=1, help="How long one statement may work before it is rolled back.")
    ] = migrations.STATEMENT_MINUTES,
    sql: Annotated[
        bool,
        typer.Option("--sql", help="Print every migration as SQL instead; no database is asked."),
    ] = False,
) -> None:
    """Bring the database's schemas to their newest form; makes schemas and roles where missing.

    A lock that others hold is waited for 2 s; then the revision is rolled back, and it says who has it.
    """
    if sql:
        _print_sql()
        return
    settings = read(ServiceSettings)
    url = settings.database.url.get_secret_value()
    try:
        carry_out(migrations.upgrade(url, statement_minutes=statement_minutes))
    except MigrationGaveUpError as error:
        stop(str(error))
    print(f"up to date: {', '.join(migrations.services_with_migrations())}")


def _print_sql() -> None:
    for service in migrations.services_with_migrations():
        for revision, text in migrations.written_out(service).items():
            print(f"-- {service} {revision}\n{text}")
