"""The boards as they stand in files."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Final

from grafana_foundation_sdk.cog.encoder import JSONEncoder

from . import escalation, key_metrics, notification, operations, routing, sla

BOARDS: Final = (operations, sla, escalation, routing, notification, key_metrics)

FOLDER: Final = Path(__file__).parents[1] / "dashboards"


def written() -> dict[str, str]:
    """The content of each file of `deploy/grafana/dashboards`, by its name."""
    files = {}
    for module in BOARDS:
        made = module.board().build()
        for number, panel in enumerate(made.panels or [], 1):
            panel.id_val = number  # so that a panel can be linked to
        name = str(made.uid).removeprefix("tierline-")
        files[f"{name}.json"] = json.dumps(made, cls=JSONEncoder, indent=2, sort_keys=True) + "\n"
    return files
