"""Workflows from the outside: planned, put in force, installed as the file the services start with."""

from __future__ import annotations

import asyncio
import os
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any, Final

import httpx2

from shared.policy.named_files import named_files
from shared.policy.source import read_text

from .ask import ask_json
from .installation import Installation

#: Every open ticket may have to be looked at before a plan is told.
PLAN_SECONDS: Final = 300.0

_DIGEST: Final = re.compile(r'^\w*workflow_info\{.*?digest="(\w+)"', re.MULTILINE)


@dataclass(frozen=True, slots=True)
class WorkflowFile:
    """A workflow's text, and the files it names."""

    path: Path
    text: str
    files: Mapping[str, str]

    @classmethod
    def read(cls, path: Path) -> WorkflowFile:
        """The workflow at `path`. Raises WorkflowError."""
        text = read_text(path)
        return cls(path, text, named_files(text, path.parent))

    def install(self, target: Path) -> None:
        """Let services that start with `target` find this workflow there, whole or not at all."""
        for name, text in self.files.items():
            _replace(target.parent / name, text)
        _replace(target, self.text)


async def plan(where: Installation, file: WorkflowFile, begin: datetime | None) -> dict[str, Any]:
    """What the workflow would do to open tickets. Raises ServiceError."""
    body = _body(file, begin)
    return await ask_json(
        where, "escalator", "POST", "/v1/workflow:plan", json=body, timeout=PLAN_SECONDS
    )


async def put_in_force(
    where: Installation, file: WorkflowFile, begin: datetime | None, note: str
) -> dict[str, Any]:
    """Keep the workflow as the next version. Raises ServiceError."""
    body = {**_body(file, begin), "note": note}
    return await ask_json(where, "escalator", "POST", "/v1/workflow", json=body)


async def history(where: Installation) -> list[dict[str, Any]]:
    """Every version, oldest first. Raises ServiceError."""
    told = await ask_json(where, "escalator", "GET", "/v1/workflow/versions")
    versions: list[dict[str, Any]] = told["versions"]
    return versions


async def text_of(where: Installation, number: int) -> str:
    """The file that version was. Raises ServiceError."""
    told = await ask_json(where, "escalator", "GET", f"/v1/workflow/versions/{number}")
    return str(told["text"])


async def digests(where: Installation) -> dict[str, str | None]:
    """Which workflow each service runs, by its own metrics; None for one that does not answer."""
    async with httpx2.AsyncClient(trust_env=False, timeout=5.0) as client:
        asked = [_digest(client, url) for url in where.urls.values()]
        return dict(zip(where.urls, await asyncio.gather(*asked), strict=True))


async def _digest(client: httpx2.AsyncClient, url: str) -> str | None:
    try:
        answer = await client.get(f"{url}/metrics")
    except httpx2.TransportError:
        return None
    found = _DIGEST.search(answer.text)
    return found[1] if found else None


def _body(file: WorkflowFile, begin: datetime | None) -> dict[str, Any]:
    body = {"text": file.text, "name": file.path.name, "files": dict(file.files)}
    return body if begin is None else {**body, "effective_from": begin.isoformat()}


def _replace(path: Path, text: str) -> None:
    """Write a file so that a reader sees the old one or the new one."""
    path.parent.mkdir(parents=True, exist_ok=True)
    new = path.with_name(f".{path.name}.new")
    new.write_text(text, encoding="utf-8")
    os.replace(new, path)  # noqa: PTH105 - the one that is atomic
