"""Hand-off documents from the outside: read, and written field by field or from a YAML file."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

from ruamel.yaml import YAML
from ruamel.yaml.error import YAMLError

from .ask import ask, path_of
from .installation import Installation

FIELDS: Final = ("summary", "tried", "sentiment", "expectation", "next_steps")


class HandoffFileError(Exception):
    """The file says nothing that can be written; the message says why."""


async def page(where: Installation, ticket_id: str, *, form: str) -> str:
    """The document in `form`, `json` or `markdown`. Raises ServiceError."""
    path = path_of("tickets", ticket_id, "handoff")
    return (await ask(where, "escalator", "GET", path, params={"format": form})).text


async def write(
    where: Installation, ticket_id: str, fields: Mapping[str, Any], *, anew: bool
) -> dict[str, Any]:
    """Write `fields`; `anew`: instead of all that was written. Returns the document.

    What somebody else writes between reading and writing is not lost: it is refused then, as everything
    else is with a ServiceError.
    """
    path = path_of("tickets", ticket_id, "handoff")
    answer = await ask(where, "escalator", "GET", path)
    before = answer.json()
    kept = {} if anew else {name: before[name] for name in before["written"]}
    seen = {"if-match": answer.headers["etag"]}
    body = {**kept, **fields}
    written: dict[str, Any] = (
        await ask(where, "escalator", "PUT", path, json=body, headers=seen)
    ).json()
    return written


def read_file(path: Path) -> dict[str, Any]:
    """The fields of a YAML file. Raises HandoffFileError."""
    try:
        document = YAML(typ="safe").load(path)
    except (OSError, UnicodeDecodeError, YAMLError) as error:
        raise HandoffFileError(f"{path}: {error}") from error
    if not isinstance(document, dict) or document.keys() - set(FIELDS):
        raise HandoffFileError(f"{path}: it takes {', '.join(FIELDS)}")
    return document
