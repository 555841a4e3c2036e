"""Agents and recipients from one file, told to router and notifier through their APIs."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

import httpx2
from ruamel.yaml import YAML
from ruamel.yaml.error import YAMLError

from .installation import Installation

EXAMPLE: Final = Path(__file__).parents[1] / "deploy" / "people.yaml"


class PeopleError(Exception):
    """The people could not be told; the message says where and why."""


async def import_file(
    where: Installation, path: Path, *, receivers: Mapping[str, str] | None = None
) -> dict[str, int]:
    """Add or change everybody `path` names; returns how many agents and recipients.

    `receivers` fills `{name}` in addresses; addresses whose name it lacks are left out. Raises
    PeopleError, and then some of them may have been told: doing it again is harmless.
    """
    people = read(path)
    recipients = [_addressed(r, receivers or {}) for r in people.get("recipients", [])]
    agents = list(people.get("agents", []))
    headers = {"authorization": f"Bearer {where.api_key}"}
    async with httpx2.AsyncClient(headers=headers, trust_env=False, timeout=10.0) as client:
        await _put(client, f"{where.urls['router']}/v1/roster", {"agents": agents})
        await _put(client, f"{where.urls['notifier']}/v1/recipients", {"recipients": recipients})
    return {"agents": len(agents), "recipients": len(recipients)}


def read(path: Path) -> dict[str, Any]:
    """The people of a YAML file. Raises PeopleError."""
    try:
        document = YAML(typ="safe").load(path)
    except (OSError, YAMLError) as error:
        raise PeopleError(f"{path}: {error}") from error
    if not isinstance(document, dict) or document.keys() - {"agents", "recipients"}:
        raise PeopleError(f"{path}: it takes a list `agents` and a list `recipients`")
    return document


def _addressed(recipient: Mapping[str, Any], receivers: Mapping[str, str]) -> dict[str, Any]:
    channels = {}
    for channel, address in recipient.get("channels", {}).items():
        name = str(address)[1:-1] if str(address).startswith("{") else None
        if name is None:
            channels[channel] = address
        elif name in receivers:
            channels[channel] = receivers[name]
    return {**recipient, "channels": channels}


async def _put(client: httpx2.AsyncClient, url: str, body: Mapping[str, Any]) -> None:
    try:
        answer = await client.put(url, json=body)
    except httpx2.TransportError as error:
        raise PeopleError(f"{url}: {type(error).__name__}") from error
    if not answer.is_success:
        raise PeopleError(f"{url}: {answer.status_code} {answer.text}")
