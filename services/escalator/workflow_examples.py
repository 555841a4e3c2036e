"""A change of workflow for the API's documentation: an office that closes early, and a target that is halved."""

from __future__ import annotations

from typing import Final

from pydantic import JsonValue

Example = dict[str, JsonValue]

_TEXT: Final = """\
version: 1
calendars:
  office:
    zone: Europe/Berlin
    hours: {mon-fri: ["09:00-18:00"]}
    exceptions: {2026-06-02: ["09:00-15:00"]}
sla: {calendar: office}
SLA_MATRIX:
  high/any: {first_response: 60, resolution: 480}
"""

_NOTE: Final = "closed for the works council on 2 June"

_OLD: Final[Example] = {
    "number": 1,
    "digest": "71468f86e0fc",
    "tzdata": "2025b",
    "state": "past",
    "effective_from": "2026-05-04T07:00:00Z",
    "applied_at": "2026-05-04T07:00:00Z",
    "applied_by": "escalator",
    "note": "the file it was started with",
    "calendars": ["always", "office"],
}

_NEW: Final[Example] = {
    **_OLD,
    "number": 2,
    "digest": "5e0a44c1b9d2",
    "state": "in_force",
    "effective_from": "2026-06-02T12:00:00Z",
    "applied_at": "2026-06-02T11:58:20Z",
    "applied_by": "operations",
    "note": _NOTE,
}

BODY: Final[Example] = {
    "text": _TEXT,
    "name": "workflow.yaml",
    "files": {},
    "effective_from": "2026-06-02T12:00:00Z",
    "note": _NOTE,
}

VERSIONS: Final[Example] = {"versions": [_OLD, _NEW]}

TEXT: Final[Example] = {"number": 2, "text": _TEXT}

APPLIED: Final[Example] = {"version": _NEW, "is_new": True}

PLAN: Final[Example] = {
    "running_digest": "71468f86e0fc",
    "digest": "5e0a44c1b9d2",
    "nothing_to_do": False,
    "effective_from": "2026-06-02T12:00:00Z",
    "replaces": [],
    "targets": [
        {
            "cell": "high/standard",
            "metric": "first_response",
            "before_seconds": 10800.0,
            "after_seconds": 3600.0,
        }
    ],
    "changes": ["sla calendars: changed"],
    "calendars": [{"name": "office", "moved": 2}],
    "open_tickets": 48,
    "looked_at": 48,
    "running_clocks": 61,
    "moved_clocks": 2,
    "most_earlier_seconds": 0.0,
    "most_later_seconds": 64800.0,
    "first": [
        {
            "ticket_id": "01970b5a-6c00-7000-8000-000000000001",
            "metric": "resolution",
            "before": "2026-06-02T14:00:00Z",
            "after": "2026-06-03T08:00:00Z",
        }
    ],
    "warnings": [],
}
