"""A migration waits for locks and works on a statement for as long as it may, and says so."""

from __future__ import annotations

import asyncpg
import pytest
from sqlalchemy.exc import DBAPIError

from shared.db import migrate
from shared.db.engine import create_migration_engine
from shared.db.migrate_trouble import MigrationGaveUpError, gave_up, is_patience
from tests.support.running import run_command

pytestmark = pytest.mark.postgres


async def _behind(url: str) -> None:
    """The escalator as it was before its revision 0004, which changes a table that services use."""
    engine = create_migration_engine(url)
    async with engine.connect() as connection:
        await migrate.make_schema(connection, "escalator")
    await engine.dispose()
    plain = await asyncpg.connect(url)
    for revision, sql in migrate.written_out("escalator").items():
        if revision < "0004":
            await plain.execute(sql)
    await plain.close()


async def test_a_held_table_ends_the_migration_with_words_and_a_second_run_succeeds(
    empty_database_url: str,
) -> None:
    await _behind(empty_database_url)
    holder = await asyncpg.connect(
        empty_database_url, server_settings={"application_name": "a report"}
    )
    transaction = holder.transaction()
    await transaction.start()
    await holder.execute("SELECT 1 FROM escalator.sla_case LIMIT 1")
    environment = {"TIERLINE_DATABASE__URL": empty_database_url}

    refused = await run_command("migrate", environment=environment)
    still = await migrate.pending(empty_database_url, "escalator")
    await transaction.rollback()
    await holder.close()
    done = await run_command("migrate", environment=environment)

    assert (refused.status, still[0], done.status) == (1, "0004", 0), refused.err + done.err
    assert "Migrating escalator stopped: another session holds a lock" in refused.err
    assert "(a report, idle in transaction" in refused.err
    assert "Run `tierline migrate` again" in refused.err
    assert "Traceback" not in refused.err


async def test_a_statement_that_takes_too_long_is_told_as_such(database_url: str) -> None:
    engine = create_migration_engine(database_url)
    async with engine.connect() as connection:
        await connection.exec_driver_sql("SET statement_timeout = '10ms'")
        with pytest.raises(DBAPIError) as caught:
            await connection.exec_driver_sql("SELECT pg_sleep(5)")
        await connection.rollback()
        told = await gave_up(connection, "router", caught.value)
    await engine.dispose()

    assert is_patience(caught.value)
    assert "--statement-minutes" in str(told)


async def test_who_waited_for_another_migration_too_long_is_told_so(database_url: str) -> None:
    first, second = create_migration_engine(database_url), create_migration_engine(database_url)
    async with first.connect() as busy, second.connect() as late, migrate.turn(busy):
        with pytest.raises(MigrationGaveUpError, match="is at work in this database"):
            async with migrate.turn(late, seconds=0.2):
                pass
    await first.dispose()
    await second.dispose()
