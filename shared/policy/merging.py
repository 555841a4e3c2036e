"""A file over the packaged workflow: what it leaves out is packaged."""

from __future__ import annotations

import ast
from collections.abc import Mapping

from .names import names_in
from .sla import ANY

MERGED_BY_NAME = frozenset(
    {"conditions", "agent_roles", "actions", "audiences", "templates", "calendars"}
)
MERGED_BY_KEY = frozenset({"customers", "triage", "routing", "sla", "escalation", "notifications"})

Data = Mapping[str, object]


def merge(own: Data, packaged: Data) -> dict[str, object]:
    """`own` over the packaged sections, without the packaged actions and cells whose queue or customer
    tier is gone: whoever replaces those need not replace these.
    """
    merged = dict(packaged) | dict(own)
    for section in MERGED_BY_NAME | MERGED_BY_KEY:
        mine, theirs = own.get(section), packaged.get(section)
        if isinstance(mine, Mapping) and isinstance(theirs, Mapping):
            merged[section] = {**theirs, **mine}
    merged = _without_stale_actions(merged, own)
    return merged if "SLA_MATRIX" in own else _without_stale_cells(merged)


def _without_stale_actions(merged: dict[str, object], own: Data) -> dict[str, object]:
    """Drop packaged actions whose queue is gone."""
    actions, mine = merged.get("actions"), own.get("actions")
    if not isinstance(actions, Mapping):
        return merged
    queues = names_in(merged).tables["queue"]
    kept = {
        name: action
        for name, action in actions.items()
        if (isinstance(mine, Mapping) and name in mine)
        or not isinstance(action, Mapping)
        or action.get("queue") is None
        or str(action["queue"]).lower() in queues
    }
    return merged | {"actions": kept}


def _without_stale_cells(merged: dict[str, object]) -> dict[str, object]:
    """Drop packaged cells whose customer tier is gone. Without any tier, everybody has the targets of
    the best one (semantics A5).
    """
    cells, customers = merged.get("SLA_MATRIX"), merged.get("customers")
    if not isinstance(cells, Mapping) or not isinstance(customers, Mapping):
        return merged
    tiers = names_in(merged).tables["customer tier"]
    pairs = {ast.literal_eval(key): cell for key, cell in cells.items()}
    if customers.get("tiers") == []:
        best = {(priority, ANY): cell for (priority, _), cell in reversed(pairs.items())}
        return merged | {"SLA_MATRIX": {str(pair): cell for pair, cell in best.items()}}
    kept = {str(pair): cell for pair, cell in pairs.items() if pair[1] in {*tiers, ANY}}
    return merged | {"SLA_MATRIX": kept}
