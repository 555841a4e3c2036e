"""The Docker engine and Compose, by their command lines: what a person would type."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

ROOT: Final = Path(__file__).parents[2]

#: Of the locked development tools: Compose as a program of its own.
COMPOSE: Final = Path(sys.executable).parent / "docker-compose"

_SECONDS: Final = 900


class SmokeError(AssertionError):
    """Something is not as it should be; the message says what."""


def run(*words: str, environment: Mapping[str, str] | None = None) -> str:
    """What a command prints. Raises SmokeError with all it said when it fails."""
    done = subprocess.run(
        words,
        env={**os.environ, **(environment or {})},
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=_SECONDS,
        check=False,
    )
    if done.returncode:
        raise SmokeError(f"{' '.join(words)}: status {done.returncode}\n{done.stdout}{done.stderr}")
    return done.stdout


def inspect(what: str) -> dict[str, Any]:
    """Everything the engine knows of a container or an image."""
    found: list[dict[str, Any]] = json.loads(run("docker", "inspect", what))
    return found[0]


@dataclass(frozen=True)
class Compose:
    """One project of deploy/compose.yaml, as it stands there; `environment` is what a user would set."""

    project: str
    environment: Mapping[str, str] = field(default_factory=dict)

    def __call__(self, *words: str) -> str:
        """`docker compose … WORDS`, and what it prints."""
        file = str(ROOT / "deploy" / "compose.yaml")
        command = (str(COMPOSE), "--project-name", self.project, "--file", file, *words)
        return run(*command, environment=self.environment)

    def tierline(self, *words: str) -> str:
        """A command of Tierline's, as docs/deployment.md says to run them."""
        return self("run", "--rm", "-T", "--no-deps", "tierline", *words)

    def container(self, service: str) -> dict[str, Any]:
        """What the engine knows of a service's container."""
        return inspect(self("ps", "--all", "--quiet", service).strip())
