"""The names that a workflow defines, so that every reference to one can be checked where it stands."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from shared.contracts.vocabulary import (
    Complexity,
    Grade,
    Metric,
    Priority,
    SentimentLabel,
    Status,
)

from .notification import CHANNELS
from .routing import GENERAL
from .vocabulary import Vocabulary

ROLES = (
    "assignee",
    "customer",
    "on_call",
    "account_manager",
    "team_managers",
    "team_lead",
    "queue_lead",
    "duty_manager",
    "support_manager",
    "customer_success_director",
    "watchers",
)
"""What a recipient can be without the workflow naming it under `roles`."""

ON_CALL_OF = "on_call:"
"""Before the name of a level: who is on call for its team, whatever level the ticket is at."""

TEAM_ROLES: Mapping[str, frozenset[str]] = {
    "team_managers": frozenset({"manager", "team_managers"}),
    "team_lead": frozenset({"team_lead"}),
}
"""Roles that are looked for within a team, and what their holders may be called."""


@dataclass(frozen=True, slots=True)
class Names:
    """`tables` hold, by kind of thing, the canonical name of every spelling."""

    tables: Mapping[str, Mapping[str, str]]
    vocabulary: Vocabulary


def names_in(data: Mapping[str, object]) -> Names:
    """What `data`, the file over the packaged defaults, gives names to. Never fails: a section of the
    wrong shape names nothing, and is complained about elsewhere.
    """
    triage, customers = _mapping(data, "triage"), _mapping(data, "customers")
    levels = {name.lower(): name for name in _mapping(data, "levels")}
    for name, level in _mapping(data, "levels").items():
        levels |= dict.fromkeys((a.lower() for a in _texts(_dig(level, "aliases"))), name)
    teams = (_dig(level, "team") for level in _mapping(data, "levels").values())
    tiers = _texts(customers.get("tiers"))
    categories = _same(_texts(triage.get("categories")))
    categories |= {
        alias.lower(): str(name).lower()
        for alias, name in _mapping(triage, "category_aliases").items()
    }
    on_call = (f"{ON_CALL_OF}{name}" for name in _mapping(data, "levels"))
    roles = (*ROLES, *on_call, *_texts(data.get("roles")), *_mapping(data, "audiences"))
    queues = (GENERAL, *_mapping(data, "queues"))
    tables = {
        "level": levels,
        "queue": _same(queues),
        "action": _same([*queues, *_mapping(data, "actions")]),
        "agent role": _same(_mapping(data, "agent_roles")),
        "calendar": _same(_mapping(data, "calendars")),
        "audience": _same(roles),
        "template": _same(_mapping(data, "templates")),
        "team": _same(str(team) for team in teams if team),
        "channel": _same(CHANNELS),
        "customer tier": _same(tiers),
        "category": categories,
        "word group": _same(_mapping(triage, "signals")),
    }
    words = _words(tables, triage)
    return Names(tables, Vocabulary(words, _conditions(data), tables["calendar"]))


def distinct(names: Iterable[str]) -> list[str]:
    """The names, a repeated one with its number."""
    seen: dict[str, int] = {}
    result = []
    for name in names:
        seen[name] = seen.get(name, 0) + 1
        result.append(name if seen[name] == 1 else f"{name}_{seen[name]}")
    return result


def _words(
    tables: Mapping[str, Mapping[str, str]], triage: Mapping[str, object]
) -> dict[str, Mapping[str, str]]:
    """The words each fact may be compared with."""
    return {
        "priority": _same(Priority),
        "impact": _same(Grade),
        "urgency": _same(Grade),
        "complexity": _same(Complexity),
        "status": _same(Status),
        "metric": _same(Metric),
        "sentiment_label": _same(SentimentLabel),
        "channel": _same(_texts(triage.get("channels"))),
        "category": tables["category"],
        "customer_tier": tables["customer tier"],
        "signals": {word: word for word in tables["word group"]},
        "level": {spelling: name.lower() for spelling, name in tables["level"].items()},
    }


def _conditions(data: Mapping[str, object]) -> dict[str, str]:
    """The texts behind the names."""
    named = _mapping(data, "conditions").items()
    return {name: text for name, text in named if isinstance(text, str)}


def _same(names: Iterable[str]) -> dict[str, str]:
    """Each name under its own spelling in lower case."""
    return {str(name).lower(): str(name) for name in names}


def _mapping(data: Mapping[str, object], key: str) -> Mapping[str, object]:
    """The mapping under `key`, empty when it is something else."""
    value = data.get(key)
    return value if isinstance(value, Mapping) else {}


def _dig(value: object, key: str) -> object:
    """The value under `key` of what may be a mapping."""
    return value.get(key) if isinstance(value, Mapping) else None


def _texts(value: object) -> list[str]:
    """The texts of what may be a list."""
    return [item for item in value if isinstance(item, str)] if isinstance(value, list) else []
