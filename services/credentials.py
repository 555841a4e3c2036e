"""What the processes of one installation prove themselves with, as files that containers mount.

Made once: what is there is kept, so that it may be called before every start. Each file is what a
variable `…_FILE` names (docs/deployment.md).
"""

from __future__ import annotations

import base64
import secrets
from collections.abc import Mapping
from pathlib import Path
from typing import Final

from shared.clock import Clock
from shared.http import keystore
from shared.http.auth import SCOPES, new_key
from shared.http.keystore import Store

from .installation import PORTS

#: The logins of deploy/postgres/roles.sql, and the superuser who makes them.
LOGINS: Final = ("postgres", "tierline_migrator", *(f"tierline_{one}_login" for one in PORTS))

#: Who calls the services, and what each may do; a caller's key is in `<caller>_key`.
CALLERS: Final[Mapping[str, frozenset[str]]] = {
    "operator": SCOPES,
    "notifier": frozenset({"contacts:read", "articles:read", "tickets:write", "sla:read"}),
}

_MINE: Final = 0o600
_EVERYBODYS: Final = 0o644


def new_webhook_secret() -> str:
    """A secret of Standard Webhooks: 32 random bytes."""
    return f"whsec_{base64.b64encode(secrets.token_bytes(32)).decode()}"


def make(folder: Path, database: str, clock: Clock) -> list[str]:
    """Make what is missing in `folder`, and return the names of the files made.

    `database` is `host:port/name` as the services reach it. Passwords for PostgreSQL's own user are in
    `postgres/`, which everybody who mounts the folder may read; the rest is its owner's. Raises OSError.
    """
    (folder / "postgres").mkdir(parents=True, exist_ok=True)
    made = [_write(folder / "postgres" / login, secrets.token_hex(24)) for login in LOGINS]
    made += [_url(folder, login, database) for login in LOGINS[1:]]
    made += [_write(folder / name, new_webhook_secret()) for name in ("webhook_secret", "signing")]
    made += [_key(folder, caller, scopes, clock) for caller, scopes in CALLERS.items()]
    return [name for name in made if name]


def _url(folder: Path, login: str, database: str) -> str:
    password = (folder / "postgres" / login).read_text()
    return _write(folder / f"{login}_url", f"postgresql://{login}:{password}@{database}")


def _key(folder: Path, caller: str, scopes: frozenset[str], clock: Clock) -> str:
    """A caller's key: the plain one in its file, its SHA-256 in the store that the services read."""
    if (folder / f"{caller}_key").exists():
        return ""
    key, sha256 = new_key()

    def with_caller(known: Store) -> Store:
        others = {name: keys for name, keys in known.items() if name != caller}
        return keystore.created(others, caller, sha256, scopes, clock.now())

    keystore.edit(folder / keystore.FILE, with_caller)
    return _write(folder / f"{caller}_key", key)


def _write(path: Path, content: str) -> str:
    """Whole or not at all: an empty file left behind by a crash would count as made."""
    if path.exists():
        return ""
    fresh = path.with_name(f".{path.name}.new")
    fresh.unlink(missing_ok=True)
    fresh.touch(mode=_EVERYBODYS if path.parent.name == "postgres" else _MINE)
    fresh.write_text(content)
    fresh.rename(path)
    return path.name
