"""Databases of our own on a server: created, cloned from a template, dropped.

The database a URL names is only used to say CREATE DATABASE from; nothing is written to it.
"""

from __future__ import annotations

from urllib.parse import urlsplit, urlunsplit

import asyncpg


def url_of(server_url: str, database: str) -> str:
    """`server_url` with another database in it."""
    return urlunsplit(urlsplit(server_url)._replace(path=f"/{database}"))


def name_of(url: str) -> str:
    """The database that a URL names."""
    return urlsplit(url).path.removeprefix("/")


def creation(database: str, *, template: str | None = None) -> str:
    """The statement that makes `database`, as a copy of `template` if given.

    Files are copied as files: through the log, as is usual, a copy takes half as long again.
    """
    return f'CREATE DATABASE "{database}" TEMPLATE "{template or "template0"}" STRATEGY file_copy'


def removal(database: str) -> str:
    """The statement that drops `database` and ends the sessions that are still on it."""
    return f'DROP DATABASE IF EXISTS "{database}" WITH (FORCE)'


async def create(server_url: str, database: str, *, template: str | None = None) -> str:
    """Create `database`, as a copy of `template` if given; returns its URL."""
    await say(server_url, creation(database, template=template))
    return url_of(server_url, database)


async def drop(server_url: str, database: str) -> None:
    """Drop `database`, ending the sessions that are still on it."""
    await say(server_url, removal(database))


async def version(server_url: str) -> str:
    """What the server calls itself."""
    connection = await asyncpg.connect(server_url)
    try:
        return str(await connection.fetchval("SELECT version()")).split(" on ")[0]
    finally:
        await connection.close()


async def say(server_url: str, statement: str) -> None:
    """Run one statement outside any transaction."""
    connection = await asyncpg.connect(server_url)
    try:
        await connection.execute(statement)
    finally:
        await connection.close()
