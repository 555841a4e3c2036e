"""Run one service's migrations on the connection `shared.db.migrate` has opened, or write them out."""

from __future__ import annotations

from alembic import context

attributes = context.config.attributes

if context.is_offline_mode():
    context.configure(
        dialect_name="postgresql",
        dialect_opts={"paramstyle": "named"},
        version_table_schema=attributes["schema"],
        transaction_per_migration=True,
    )
else:
    context.configure(
        connection=attributes["connection"],
        version_table_schema=attributes["schema"],
        transaction_per_migration=True,
    )
with context.begin_transaction():
    context.run_migrations()
