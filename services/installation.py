"""Where a running Tierline is: what `tierline up` leaves behind for the other commands to find.

The environment wins: a command that is told `TIERLINE_DATABASE__URL` or
`TIERLINE_KAFKA__BOOTSTRAP_SERVERS` uses them and looks nowhere else. `TIERLINE_INTAKE_URL` and its three
like say where services are that do not run on this machine.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, Final

#: The services in the order in which work passes through them, with their default ports.
PORTS: Final[Mapping[str, int]] = {
    "intake": 8081,
    "router": 8082,
    "escalator": 8083,
    "notifier": 8084,
}

FILE: Final = "running.json"

#: The workflow in the data folder, which an installation runs that is told no other.
OWN_WORKFLOW: Final = "workflow.yaml"


class NotRunningError(Exception):
    """No Tierline was found; the message says where it was looked for and what to do."""


@dataclass(frozen=True, slots=True)
class Installation:
    """The addresses and credentials of one running Tierline."""

    database_url: str
    bootstrap_servers: str
    urls: Mapping[str, str]
    api_key: str | None = None
    webhook_secret: str | None = None
    kafka: Mapping[str, Any] = field(default_factory=dict)
    workflow_file: str | None = None

    def write(self, data_dir: Path) -> None:
        """Let other commands find this installation; the file is for its owner's eyes only."""
        path = data_dir / FILE
        path.touch(mode=0o600)
        path.write_text(json.dumps(asdict(self), indent=2))

    @staticmethod
    def forget(data_dir: Path) -> None:
        """It runs no longer."""
        (data_dir / FILE).unlink(missing_ok=True)


def find(data_dir: Path, *, environment: Mapping[str, str]) -> Installation:
    """The installation that `environment` names, else the one `tierline up` runs in `data_dir`.

    Raises NotRunningError when there is neither.
    """
    path = data_dir / FILE
    running = json.loads(path.read_text()) if path.exists() else {}
    known = running | {name: value for name, value in _named_by(environment).items() if value}
    if "database_url" not in known or "bootstrap_servers" not in known:
        raise NotRunningError(
            f"No Tierline runs here (looked for {path}). Start one with `tierline up`, or set "
            "TIERLINE_DATABASE__URL and TIERLINE_KAFKA__BOOTSTRAP_SERVERS."
        )
    urls = {**known.get("urls", default_urls()), **_urls_named_by(environment)}
    return Installation(**{**known, "urls": urls})


def default_urls() -> dict[str, str]:
    """Where the services listen unless told otherwise."""
    return {name: f"http://127.0.0.1:{port}" for name, port in PORTS.items()}


def _named_by(environment: Mapping[str, str]) -> dict[str, str | None]:
    from shared.settings import named  # late: the health check wants the ports alone, and at once

    return {
        "database_url": named(environment, "TIERLINE_DATABASE__URL"),
        "bootstrap_servers": named(environment, "TIERLINE_KAFKA__BOOTSTRAP_SERVERS"),
        "api_key": named(environment, "TIERLINE_API_KEY"),
        "webhook_secret": named(environment, "TIERLINE_WEBHOOK_SECRET"),
    }


def _urls_named_by(environment: Mapping[str, str]) -> dict[str, str]:
    variables = {service: f"TIERLINE_{service.upper()}_URL" for service in PORTS}
    return {
        service: environment[variable].rstrip("/")
        for service, variable in variables.items()
        if environment.get(variable)
    }
