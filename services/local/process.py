"""A child process that does not outlive us, whatever ends us."""

from __future__ import annotations

import contextlib
import importlib.util
import os
import signal
import subprocess
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Final, NamedTuple

#: Waits on its stdin. End of file means that the parent is gone: stop the child named, gently, then
#: not. A line means that the parent has stopped it itself.
_GUARD: Final = """
read -r line && exit 0
kill -"$2" "$1" 2>/dev/null
n=0
while kill -0 "$1" 2>/dev/null && [ $n -lt 100 ]; do sleep 0.1; n=$((n + 1)); done
kill -KILL "$1" 2>/dev/null
"""

_LOG_TAIL_LINES: Final = 15


class MissingBackendError(RuntimeError):
    """A binary of the embedded pair is not there; the message names the alternatives."""


class BackendDiedError(RuntimeError):
    """A server of the embedded pair has ended, or did not get ready in time."""


class GuardedProcess:
    """One server: started, watched and stopped; a guard stops it when we die without doing so.

    The guard is a shell that waits for the end of a pipe of ours, so a SIGKILL of this process stops
    the server too. The server has its own session: Ctrl-C in a terminal reaches only us.
    """

    def __init__(self, name: str, *, stop_signal: signal.Signals, log: Path) -> None:
        self.name = name
        self._stop_signal = stop_signal
        self._log = log
        self._process: subprocess.Popen[bytes] | None = None
        self._guard: subprocess.Popen[bytes] | None = None

    @property
    def running(self) -> bool:
        """Whether the server is alive."""
        return self._process is not None and self._process.poll() is None

    @property
    def pid(self) -> int | None:
        """The server's process id while it is alive."""
        return self._process.pid if self.running and self._process else None

    def start(self, command: Sequence[str], *, env: Mapping[str, str], identity: Identity) -> None:
        """Start `command` as `identity`; its output goes to the log file."""
        with self._log.open("ab") as log:
            self._process = subprocess.Popen(  # noqa: S603 (our own command)
                command,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                cwd="/",
                env=dict(env),
                start_new_session=True,
                user=identity.user,
                group=identity.group,
                extra_groups=identity.extra_groups,
            )
        self._guard = subprocess.Popen(  # noqa: S603 (our own command)
            ["/bin/sh", "-c", _GUARD, "guard", str(self._process.pid), str(int(self._stop_signal))],
            stdin=subprocess.PIPE,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            cwd="/",
            start_new_session=True,
        )

    def stop(self, *, timeout_seconds: float = 20.0) -> None:
        """Stop the server gently, then by force; returns when it has ended."""
        self._end(self._stop_signal, timeout_seconds)

    def kill(self) -> None:
        """End the server at once, as a power cut would. For tests."""
        self._end(signal.SIGKILL, timeout_seconds=5.0)

    def require_running(self) -> None:
        """Raise BackendDiedError with the end of the log unless the server is alive."""
        if not self.running:
            raise BackendDiedError(f"{self.name} has ended. {self.log_tail()}")

    def log_tail(self) -> str:
        """Where the log is and what it says last."""
        lines = self._log.read_text(errors="replace").splitlines() if self._log.exists() else []
        return "\n".join([f"Its log, {self._log}, ends with:", *lines[-_LOG_TAIL_LINES:]])

    def _end(self, with_signal: signal.Signals, timeout_seconds: float) -> None:
        process, guard = self._process, self._guard
        if process is None or guard is None:
            return
        if process.poll() is None:
            process.send_signal(with_signal)
            try:
                process.wait(timeout_seconds)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()
        with contextlib.suppress(BrokenPipeError):
            guard.communicate(b"stopped\n")
        self._process = self._guard = None


class Identity(NamedTuple):
    """Whom a command runs as, in the words of `subprocess`; all None for ourselves."""

    user: int | None = None
    group: int | None = None
    extra_groups: list[int] | None = None


def unprivileged() -> Identity:
    """Whom a server runs as that refuses root: `nobody` for root, ourselves otherwise."""
    if os.geteuid() != 0:
        return Identity()
    import pwd  # there is none on Windows

    nobody = pwd.getpwnam("nobody")
    return Identity(nobody.pw_uid, nobody.pw_gid, [])


def clean_environment() -> dict[str, str]:
    """An environment without anything that a server might take for its settings."""
    return {"PATH": os.environ.get("PATH", os.defpath), "LC_ALL": "C.UTF-8", "TZ": "UTC"}


def installed_folder(package: str) -> Path | None:
    """Where `package` is installed, found without importing it; None when it is not."""
    spec = importlib.util.find_spec(package)
    if spec is None or spec.origin is None:
        return None
    return Path(spec.origin).parent
