"""The roster as a file, CSV or YAML: told to the router, and written from what it tells."""

from __future__ import annotations

import json
from io import StringIO
from pathlib import Path
from typing import Any, Final

from ruamel.yaml import YAML
from ruamel.yaml.comments import CommentedMap

from .ask_router import ask, ask_json
from .installation import Installation
from .people import read

_HEAD: Final = """\
# The roster, for `tierline agents import`. Capacity in weight units, skills from 1 to 5. What an agent
# does not say here is: no skills, every channel, capacity 8, always on shift, the workflow's own caps.
"""


async def import_file(where: Installation, path: Path, *, dry_run: bool = False) -> dict[str, Any]:
    """Tell the router the agents of a `.csv` or a YAML file; its answer says what changed.

    Raises RouterError with every fault, PeopleError for a YAML file that is none.
    """
    kind, content = _content(path)
    told = {"dry_run": str(dry_run).lower()}
    headers = {"content-type": kind}
    return await ask_json(where, "PUT", "/v1/roster", params=told, content=content, headers=headers)


def _content(path: Path) -> tuple[str, bytes]:
    """The file as it is sent."""
    if path.suffix.lower() == ".csv":
        return "text/csv", path.read_bytes()
    roster = {"agents": read(path).get("agents", [])}
    return "application/json", json.dumps(roster, default=str).encode()


async def export_csv(where: Installation) -> str:
    """The roster as a CSV table. Raises RouterError."""
    return (await ask(where, "GET", "/v1/roster", params={"format": "csv"})).text


async def export_yaml(where: Installation) -> str:
    """The roster as YAML, an agent a line. Raises RouterError."""
    roster = await ask_json(where, "GET", "/v1/roster", params={"format": "json"})
    return as_yaml(roster["agents"])


def as_yaml(agents: list[dict[str, Any]]) -> str:
    """The agents with what distinguishes them from an agent that says nothing."""
    yaml, text = YAML(), StringIO()
    yaml.width = 10_000
    yaml.indent(sequence=4, offset=2)
    yaml.dump({"agents": [_line(agent) for agent in agents]}, text)
    return _HEAD + text.getvalue()


def _line(agent: dict[str, Any]) -> CommentedMap:
    said = {name: value for name, value in agent.items() if value not in ({}, [], None, False)}
    line = CommentedMap({"agent_id": said.pop("agent_id"), **said})
    line.fa.set_flow_style()
    return line
