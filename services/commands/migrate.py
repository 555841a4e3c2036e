"""`tierline migrate`: the database's schemas in their newest form."""

from __future__ import annotations

from shared.db import migrate as migrations
from shared.settings import ServiceSettings, read

from .where import carry_out


def migrate() -> None:
    """Bring the database's schemas to their newest form; makes schemas and roles where missing."""
    settings = read(ServiceSettings)
    carry_out(migrations.upgrade(settings.database.url.get_secret_value()))
    print(f"up to date: {', '.join(migrations.services_with_migrations())}")
