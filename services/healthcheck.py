"""What a container's health check runs: `python -m services.healthcheck [/readyz]`.

It asks the process it shares the container with, on whatever port that one serves, and needs nothing
but the standard library, for it is started every few seconds.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping, Sequence
from http.client import HTTPConnection, HTTPException
from pathlib import Path
from typing import Final

from services.installation import PORTS

#: The auditor serves nothing but metrics, under every path.
_AUDITOR_PORT: Final = 8085

_TIMEOUT_SECONDS: Final = 8.0


def port(arguments: Sequence[str], environment: Mapping[str, str]) -> int | None:
    """The port that a process with these arguments and this environment serves; None if it serves none."""
    for name, default in {**PORTS, "audit": _AUDITOR_PORT}.items():
        if name in arguments:
            return int(environment.get("TIERLINE_HTTP__PORT", default))
    return None


def healthy(number: int, path: str) -> bool:
    """Whether whoever serves port `number` of this machine answers a GET of `path` with 200."""
    connection = HTTPConnection("127.0.0.1", number, timeout=_TIMEOUT_SECONDS)
    try:
        connection.request("GET", path)
        return connection.getresponse().status == 200
    except (OSError, HTTPException):
        return False
    finally:
        connection.close()


def main(path: str = "/healthz") -> int:
    """0 when process 1 of this container answers, or serves nothing, as a job does; else 1."""
    number = port(Path("/proc/1/cmdline").read_text().split("\0"), os.environ)
    return 0 if number is None or healthy(number, path) else 1


if __name__ == "__main__":
    raise SystemExit(main(*sys.argv[1:2]))
