"""The demo on somebody else's servers: a database of its own and topics with a prefix of their own.

So it finds nothing of others there, and others find nothing of it: the database is dropped at the end.
Topics stay, empty of meaning, under their prefix: a broker's administrator removes them.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from secrets import token_hex
from typing import Final
from urllib.parse import urlsplit

import asyncpg

_DATABASE: Final = "TIERLINE_DATABASE__URL"
_BROKER: Final = "TIERLINE_KAFKA__BOOTSTRAP_SERVERS"


@asynccontextmanager
async def own_place(environment: Mapping[str, str]) -> AsyncIterator[dict[str, str]]:
    """The settings that keep the demo apart on the servers `environment` names; none without any."""
    name = f"tierline_demo_{token_hex(4)}"
    settings = {}
    if _BROKER in environment:
        settings["TIERLINE_KAFKA__TOPIC_PREFIX"] = f"{name.replace('_', '-')}."
    url = environment.get(_DATABASE)
    if url is None:
        yield settings
        return
    await _execute(url, f"CREATE DATABASE {name}")
    try:
        yield {**settings, _DATABASE: urlsplit(url)._replace(path=f"/{name}").geturl()}
    finally:
        await _execute(url, f"DROP DATABASE {name} WITH (FORCE)")


async def _execute(url: str, statement: str) -> None:
    connection = await asyncpg.connect(url)
    try:
        await connection.execute(statement)
    finally:
        await connection.close()
