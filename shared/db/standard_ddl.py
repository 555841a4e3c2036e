"""The first form of the standard tables, frozen: what `0001_initial.py` of every service creates.

A later change to a standard table is a new function here and a new migration in every service; the
drift test holds the result to `standard.py`.
"""

from __future__ import annotations

from typing import Final, Protocol

from .engine import role_of

_INBOX: Final = (
    """CREATE TABLE {schema}.inbox (
        event_id uuid PRIMARY KEY,
        type text NOT NULL,
        consumed_at timestamptz NOT NULL DEFAULT now())""",
    "CREATE INDEX inbox_consumed_at ON {schema}.inbox USING brin (consumed_at)",
)

# rows of stream are updated with every event: room on the page keeps the updates off the index
_STREAM: Final = (
    """CREATE TABLE {schema}.stream (
        topic text NOT NULL,
        key text NOT NULL,
        sequence bigint NOT NULL,
        PRIMARY KEY (topic, key))
        WITH (fillfactor = 70, autovacuum_vacuum_scale_factor = 0.02)""",
)

# the key begins with seq: the relay reads and marks by it, whatever the day
_OUTBOX: Final = (
    "CREATE SEQUENCE {schema}.outbox_seq",
    """CREATE TABLE {schema}.outbox (
        seq bigint NOT NULL DEFAULT nextval('{schema}.outbox_seq'),
        created_on date NOT NULL DEFAULT (timezone('UTC', now()))::date,
        event_id uuid NOT NULL,
        topic text NOT NULL,
        key text NOT NULL,
        value bytea NOT NULL,
        headers jsonb NOT NULL,
        created_at timestamptz NOT NULL,
        published_at timestamptz,
        CONSTRAINT outbox_pkey PRIMARY KEY (seq, created_on),
        CONSTRAINT outbox_event UNIQUE (created_on, event_id))
        PARTITION BY RANGE (created_on)""",
    "CREATE INDEX outbox_unpublished ON {schema}.outbox (seq) WHERE published_at IS NULL",
    "CREATE INDEX outbox_key ON {schema}.outbox (key)",
)

_RELAY: Final = (
    """CREATE TABLE {schema}.relay (
        id integer PRIMARY KEY CHECK (id = 1),
        rebuild_after bigint,
        rebuild_topics text[])""",
    "INSERT INTO {schema}.relay (id) VALUES (1)",
)

_DEAD_LETTER: Final = (
    """CREATE TABLE {schema}.dead_letter (
        id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
        topic text NOT NULL,
        partition integer NOT NULL,
        "offset" bigint NOT NULL,
        key text,
        event_id uuid NOT NULL,
        sequence bigint,
        raw bytea NOT NULL,
        reason text NOT NULL CHECK (
            reason IN ('undecodable', 'poison', 'gap', 'stalled', 'late', 'conflict')),
        error text NOT NULL,
        parked_at timestamptz NOT NULL,
        release_requested_at timestamptz,
        released_at timestamptz)""",
    "CREATE INDEX dead_letter_open ON {schema}.dead_letter (key, id) WHERE released_at IS NULL",
)

_IDEMPOTENCY: Final = (
    """CREATE TABLE {schema}.idempotency (
        principal text NOT NULL,
        key text NOT NULL,
        route text NOT NULL,
        body_sha256 bytea NOT NULL,
        answer json,
        created_at timestamptz NOT NULL,
        PRIMARY KEY (principal, key))""",
    "CREATE INDEX idempotency_created_at ON {schema}.idempotency (created_at)",
)

_AUDIT: Final = (
    """CREATE TABLE {schema}.audit (
        n bigint PRIMARY KEY,
        at timestamptz NOT NULL,
        principal text NOT NULL,
        action text NOT NULL,
        object text NOT NULL,
        reason text,
        before_sha256 bytea,
        after_sha256 bytea,
        previous_hash bytea NOT NULL,
        hash bytea NOT NULL)""",
    "REVOKE UPDATE, DELETE ON {schema}.audit FROM {role}",
)

# A service's role may create and drop nothing (security 10): these two run as the migrator.
# ATTACH takes only ShareUpdateExclusive on the parent, CREATE … PARTITION OF AccessExclusive.
_ADD_DAY: Final = """CREATE FUNCTION {schema}.outbox_add_day(day date) RETURNS boolean
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
    DECLARE name text := 'outbox_' || to_char(day, 'YYYYMMDD');
    BEGIN
        PERFORM pg_advisory_xact_lock(hashtext('{schema}.outbox_days'));
        IF to_regclass('{schema}.' || name) IS NOT NULL THEN RETURN false; END IF;
        EXECUTE format('CREATE TABLE {schema}.%I (LIKE {schema}.outbox INCLUDING DEFAULTS)
            WITH (autovacuum_vacuum_scale_factor = 0.02, autovacuum_vacuum_insert_scale_factor = 0.1)',
            name);
        EXECUTE format('ALTER TABLE {schema}.%I ADD CONSTRAINT day
            CHECK (created_on >= %L AND created_on < %L)', name, day, day + 1);
        EXECUTE format('ALTER TABLE {schema}.outbox ATTACH PARTITION {schema}.%I
            FOR VALUES FROM (%L) TO (%L)', name, day, day + 1);
        EXECUTE format('ALTER TABLE {schema}.%I DROP CONSTRAINT day', name);
        RETURN true;
    END $$"""

_DROP_DAY: Final = """CREATE FUNCTION {schema}.outbox_drop_day(day date) RETURNS boolean
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
    DECLARE name text := 'outbox_' || to_char(day, 'YYYYMMDD'); owed boolean;
    BEGIN
        PERFORM pg_advisory_xact_lock(hashtext('{schema}.outbox_days'));
        IF to_regclass('{schema}.' || name) IS NULL THEN RETURN false; END IF;
        IF day >= (timezone('UTC', now()))::date THEN RETURN false; END IF;
        EXECUTE format('SELECT EXISTS (SELECT FROM {schema}.%I WHERE published_at IS NULL)', name)
            INTO owed;
        IF owed THEN RETURN false; END IF;
        EXECUTE format('DROP TABLE {schema}.%I', name);
        RETURN true;
    END $$"""

_DAYS: Final = (
    _ADD_DAY,
    _DROP_DAY,
    "REVOKE ALL ON FUNCTION {schema}.outbox_add_day(date) FROM PUBLIC",
    "REVOKE ALL ON FUNCTION {schema}.outbox_drop_day(date) FROM PUBLIC",
    "GRANT EXECUTE ON FUNCTION {schema}.outbox_add_day(date) TO {role}",
    "GRANT EXECUTE ON FUNCTION {schema}.outbox_drop_day(date) TO {role}",
    """SELECT {schema}.outbox_add_day((timezone('UTC', now()))::date + n)
        FROM generate_series(0, 7) AS n""",
)

_STATEMENTS: Final = (
    *_INBOX,
    *_STREAM,
    *_OUTBOX,
    *_RELAY,
    *_DEAD_LETTER,
    *_IDEMPOTENCY,
    *_AUDIT,
    *_DAYS,
)


class Executes(Protocol):
    """What runs a statement: the module `alembic.op` in a migration, its Operations elsewhere."""

    def execute(self, sqltext: str) -> object:
        """Run one statement."""
        ...


def create_standard_tables(op: Executes, schema: str) -> None:
    """Create the standard tables in `schema` and the outbox's partitions for today and a week."""
    for statement in _STATEMENTS:
        op.execute(statement.format(schema=schema, role=role_of(schema)))
