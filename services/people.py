"""Agents, recipients and their turns on call from one file, told to router and notifier through their APIs."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

import httpx2
from ruamel.yaml import YAML
from ruamel.yaml.error import YAMLError

from .ask import path_of
from .installation import Installation

EXAMPLE: Final = Path(__file__).parents[1] / "deploy" / "people.yaml"

_SECTIONS: Final = ("agents", "recipients", "on_call")


class PeopleError(Exception):
    """The people could not be told; the message says where and why."""


async def import_file(
    where: Installation, path: Path, *, receivers: Mapping[str, str] | None = None
) -> dict[str, int]:
    """Add or change everybody `path` names, and the rotations it has; returns how many of each.

    `receivers` fills `{name}` in addresses; addresses whose name it lacks are left out. Raises
    PeopleError, and then some of them may have been told: doing it again is harmless.
    """
    people = read(path)
    recipients = [_addressed(r, receivers or {}) for r in people.get("recipients") or []]
    agents = list(people.get("agents") or [])
    rotations = dict(people.get("on_call") or {})
    return await tell(where, agents=agents, recipients=recipients, rotations=rotations)


async def tell(
    where: Installation,
    *,
    agents: list[Any],
    recipients: list[Any],
    rotations: Mapping[str, Any],
) -> dict[str, int]:
    """Tell router and notifier of them; returns how many of each. Raises PeopleError."""
    notifier = where.urls["notifier"]
    headers = {"authorization": f"Bearer {where.api_key}"}
    async with httpx2.AsyncClient(headers=headers, trust_env=False, timeout=10.0) as client:
        if agents:
            await _put(client, f"{where.urls['router']}/v1/roster", {"agents": agents})
        if recipients:
            await _put(client, f"{notifier}/v1/recipients", {"recipients": recipients})
        for team, rotation in rotations.items():
            await _put(client, f"{notifier}{path_of('on-call', str(team))}", rotation)
    return {
        "agents": len(agents),
        "recipients": len(recipients),
        "rotations": len(rotations),
    }


def read(path: Path) -> dict[str, Any]:
    """The people of a YAML file. Raises PeopleError."""
    try:
        document = YAML(typ="safe").load(path)
    except (OSError, YAMLError) as error:
        raise PeopleError(f"{path}: {error}") from error
    if not isinstance(document, dict) or document.keys() - set(_SECTIONS):
        raise PeopleError(
            f"{path}: it takes a list `agents`, a list `recipients` and a mapping `on_call`"
        )
    told: dict[str, Any] = _plain(document)
    return told


def _plain(value: Any) -> Any:
    """What YAML reads, as JSON has it: an instant is text, in UTC where it names no zone."""
    match value:
        case datetime():
            return (value if value.tzinfo else value.replace(tzinfo=UTC)).isoformat()
        case dict():
            return {key: _plain(inner) for key, inner in value.items()}
        case list():
            return [_plain(inner) for inner in value]
    return value


def _addressed(recipient: Mapping[str, Any], receivers: Mapping[str, str]) -> dict[str, Any]:
    channels = {}
    for channel, address in recipient.get("channels", {}).items():
        name = str(address)[1:-1] if str(address).startswith("{") else None
        if name is None:
            channels[channel] = address
        elif name in receivers:
            channels[channel] = receivers[name]
    return {**recipient, "channels": channels}


async def _put(client: httpx2.AsyncClient, url: str, body: Any) -> None:
    try:
        answer = await client.put(url, json=body)
    except httpx2.TransportError as error:
        raise PeopleError(f"{url}: {type(error).__name__}") from error
    if not answer.is_success:
        raise PeopleError(f"{url}: {answer.status_code} {answer.text}")
