"""The directory as a file: everybody as YAML, recipients as a CSV table as well."""

from __future__ import annotations

import csv
from collections.abc import Coroutine, Iterable, Mapping
from io import StringIO
from pathlib import Path
from typing import Any, Final

from ruamel.yaml import YAML
from ruamel.yaml.comments import CommentedMap

from shared.policy.notification import CHANNELS

from .ask import ask
from .installation import Installation
from .people import PeopleError, import_file, tell

_HEAD: Final = """\
# Agents who work tickets, recipients who are told, and turns on call, for `tierline people import`.
# Channels that need no address say true. Addresses may be secrets: keep this file as one.
"""

_URGENCIES: Final = ("page", "normal", "calm")

#: What channels without an address say.
_YES: Final = "true"

COLUMNS: Final = (
    *("recipient_id", "name", "roles", "team", "language", "zone", "quiet"),
    *CHANNELS,
    *(f"prefer_{urgency}" for urgency in _URGENCIES),
    *("away_since", "away_until", "delegate", "muted_until", "no_digests"),
)


def import_people(where: Installation, path: Path) -> Coroutine[Any, Any, dict[str, int]]:
    """Tell what a `.csv` or a YAML file names; the work returns how many of each. Raises PeopleError."""
    if path.suffix.lower() != ".csv":
        return import_file(where, path)
    recipients = read_csv(path.read_text(encoding="utf-8-sig"), str(path))
    return tell(where, agents=[], recipients=recipients, rotations={})


async def everybody(where: Installation) -> dict[str, Any]:
    """Everybody there is, and the stored rotations. Raises ServiceError."""
    roster = (await ask(where, "router", "GET", "/v1/roster", params={"format": "json"})).json()
    recipients = (await ask(where, "notifier", "GET", "/v1/recipients")).json()
    duties = (await ask(where, "notifier", "GET", "/v1/on-call")).json()
    stored = {
        duty["team"]: {name: duty["rotation"][name] for name in ("members", "handover", "zone")}
        for duty in duties
        if duty["rotation"] and duty["rotation"]["source"] == "rotation"
    }
    return {"agents": roster["agents"], "on_call": stored, "recipients": recipients}


def as_yaml(people: Mapping[str, Any]) -> str:
    """Everybody as YAML, one a line, with what they say and nothing else."""
    yaml, text = YAML(), StringIO()
    yaml.width = 10_000
    yaml.indent(sequence=4, offset=2)
    document = {
        "agents": [_line(agent) for agent in people["agents"]],
        "on_call": {team: _line(rotation) for team, rotation in people["on_call"].items()},
        "recipients": [_line(recipient) for recipient in people["recipients"]],
    }
    yaml.dump({name: held for name, held in document.items() if held}, text)
    return _HEAD + text.getvalue()


def as_csv(recipients: Iterable[Mapping[str, Any]]) -> str:
    """The recipients as a table."""
    text = StringIO()
    table = csv.DictWriter(text, COLUMNS, lineterminator="\n")
    table.writeheader()
    table.writerows(_row(recipient) for recipient in recipients)
    return text.getvalue()


def read_csv(text: str, name: str) -> list[dict[str, Any]]:
    """The recipients of a table. Raises PeopleError for one with other columns."""
    table = csv.DictReader(StringIO(text))
    given = list(table.fieldnames or ())
    if "recipient_id" not in given or (strange := set(given) - set(COLUMNS)):
        fault = f"no column {min(strange)!r}" if "recipient_id" in given else "no recipient_id"
        raise PeopleError(f"{name}: {fault}; the columns are {', '.join(COLUMNS)}")
    return [_recipient({key: value or "" for key, value in row.items() if key}) for row in table]


def _line(entry: Mapping[str, Any]) -> CommentedMap:
    said = {name: value for name, value in entry.items() if value not in ({}, [], None, False)}
    said.pop("source", None)
    line = CommentedMap(said)
    line.fa.set_flow_style()
    return line


def _row(recipient: Mapping[str, Any]) -> dict[str, str]:
    away, quiet = recipient.get("away") or {}, recipient.get("quiet")
    row = {name: recipient.get(name) or "" for name in ("recipient_id", "name", "team")}
    row |= {name: recipient.get(name) or "" for name in ("language", "zone", "muted_until")}
    row["roles"] = ";".join(recipient.get("roles", ()))
    row["quiet"] = f"{quiet['since']}-{quiet['until']}" if quiet else ""
    for channel, address in recipient["channels"].items():
        row[channel] = _YES if address is True else address
    for urgency, wanted in recipient.get("prefer", {}).items():
        row[f"prefer_{urgency}"] = ";".join(wanted)
    row["away_since"], row["away_until"] = away.get("since") or "", away.get("until") or ""
    row["delegate"] = away.get("delegate") or ""
    row["no_digests"] = _YES if recipient.get("no_digests") else ""
    return row


def _recipient(row: Mapping[str, str]) -> dict[str, Any]:
    """What a row says; an empty cell says nothing."""
    names = ("recipient_id", "name", "team", "language", "zone", "muted_until")
    told: dict[str, Any] = {name: row[name] for name in names if row.get(name)}
    told["roles"] = _listed(row.get("roles"))
    told["channels"] = {
        channel: True if row[channel] == _YES else row[channel]
        for channel in CHANNELS
        if row.get(channel)
    }
    told["prefer"] = {
        urgency: _listed(row[f"prefer_{urgency}"])
        for urgency in _URGENCIES
        if row.get(f"prefer_{urgency}")
    }
    if quiet := row.get("quiet"):
        since, _, until = quiet.partition("-")
        told["quiet"] = {"since": since.strip(), "until": until.strip()}
    if row.get("away_until"):
        told["away"] = {"since": row.get("away_since"), "until": row["away_until"]}
        told["away"]["delegate"] = row.get("delegate") or None
    if row.get("no_digests") == _YES:
        told["no_digests"] = True
    return told


def _listed(cell: str | None) -> list[str]:
    return [part.strip() for part in (cell or "").split(";") if part.strip()]
