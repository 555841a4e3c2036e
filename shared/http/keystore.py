"""API keys in a file that `tierline keys` edits and every service reads: name → keys, each as its SHA-256.

A caller may have several keys, of which those in force let it in: that is how a key is rotated. What a key
was used for, and when last, is not kept: a service writes nothing for a caller that only reads.
"""

from __future__ import annotations

import fcntl
import os
import tempfile
from collections.abc import Callable, Iterable, Mapping
from datetime import datetime, timedelta
from pathlib import Path
from typing import Final, TypeAlias

import msgspec

from shared.settings import ConfigurationError

#: The store's name where an installation keeps its own.
FILE: Final = "keys.json"


class StoreError(ConfigurationError):
    """The key store cannot be read, or what is asked of it makes no sense."""


class StoredKey(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One key of a caller: what it is known by, what it may do, and from when to when."""

    sha256: str
    scopes: tuple[str, ...]
    created: datetime
    expires: datetime | None = None
    revoked: datetime | None = None

    def in_force(self, now: datetime) -> bool:
        """Whether it lets anybody in at `now`."""
        ends = [at for at in (self.expires, self.revoked) if at is not None]
        return all(now < end for end in ends)


#: Every caller's keys, the oldest first.
Store: TypeAlias = Mapping[str, tuple[StoredKey, ...]]

_decoder = msgspec.json.Decoder(dict[str, tuple[StoredKey, ...]])


def read(path: Path) -> Store:
    """The store in `path`; empty where there is no file yet. Raises StoreError."""
    try:
        return _decoder.decode(path.read_bytes())
    except FileNotFoundError:
        return {}
    except (OSError, msgspec.MsgspecError, UnicodeDecodeError) as error:
        raise StoreError(f"{path}: {getattr(error, 'strerror', None) or error}") from error


def edit(path: Path, change: Callable[[Store], Store]) -> None:
    """Replace the store in `path` by what `change` makes of it, whole or not at all.

    Editors take turns; readers never see half a file. Only its owner may read it. Raises StoreError,
    and what `change` raises.
    """
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with path.with_name(f".{path.name}.lock").open("w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            _replace(path, change(read(path)))
    except OSError as error:
        raise StoreError(f"{path}: {error.strerror}") from error


def _replace(path: Path, store: Store) -> None:
    handle, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")  # mode 0600
    fresh = Path(name)
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(msgspec.json.format(msgspec.json.encode(store), indent=2) + b"\n")
            file.flush()
            os.fsync(file.fileno())
        fresh.replace(path)
    except BaseException:
        fresh.unlink(missing_ok=True)
        raise


def created(
    store: Store,
    name: str,
    sha256: str,
    scopes: Iterable[str],
    now: datetime,
    *,
    expires: datetime | None = None,
) -> Store:
    """With a key for the new caller `name`. Raises StoreError if it has a key in force already."""
    known = store.get(name, ())
    if any(key.in_force(now) for key in known):
        raise StoreError(f"{name!r} has a key; rotate it, or revoke it first")
    fresh = StoredKey(
        sha256=sha256, scopes=tuple(sorted(set(scopes))), created=now, expires=expires
    )
    return {**store, name: (*known, fresh)}


def rotated(store: Store, name: str, sha256: str, now: datetime, *, overlap: timedelta) -> Store:
    """With a new key of the same scopes; those in force end after `overlap`, unless they end sooner."""
    old = _in_force(store, name, now)
    last = now + overlap
    shortened = tuple(
        msgspec.structs.replace(key, expires=min(key.expires or last, last))
        if key.in_force(now)
        else key
        for key in store[name]
    )
    fresh = StoredKey(sha256=sha256, scopes=old[-1].scopes, created=now)
    return {**store, name: (*shortened, fresh)}


def revoked(store: Store, name: str, now: datetime) -> Store:
    """With every key of `name` ended at once."""
    _in_force(store, name, now)
    ended = tuple(
        msgspec.structs.replace(key, revoked=now) if key.in_force(now) else key
        for key in store[name]
    )
    return {**store, name: ended}


def _in_force(store: Store, name: str, now: datetime) -> list[StoredKey]:
    found = [key for key in store.get(name, ()) if key.in_force(now)]
    if not found:
        raise StoreError(f"{name!r} has no key in force")
    return found
