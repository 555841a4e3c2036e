"""The lint's codes: each names one kind of finding for good, with how grave it is."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Final


class Severity(StrEnum):
    """`error`: something promised cannot happen; `warning`: something written does not count as it is
    written; `info`: a consequence that is easily overlooked.
    """

    ERROR = "error"
    WARNING = "warning"
    INFO = "info"


@dataclass(frozen=True, slots=True)
class Kind:
    """One kind of finding. A code is never given to another kind."""

    code: str
    severity: Severity
    title: str


REFUSED: Final = "L001"
REMARKED: Final = "L002"
HOLE: Final = "L010"
UNKNOWN_THRESHOLD: Final = "L040"

_ERROR, _WARNING, _INFO = Severity

_KINDS: Final = (
    Kind(REFUSED, _ERROR, "the file does not load"),
    Kind(REMARKED, _WARNING, "what the loader points at without a code of its own"),
    Kind(HOLE, _ERROR, "a matrix cell without a target"),
    Kind("L011", _WARNING, "a matrix cell that the packaged workflow fills"),
    Kind("L012", _INFO, "a matrix cell that no ticket opens in"),
    Kind("L013", _WARNING, "a cell that promises less than a lower one"),
    Kind("L014", _INFO, "customer tiers that the matrix does not tell apart"),
    Kind("L020", _WARNING, "a level that ends at or after the response it serves"),
    Kind("L021", _WARNING, "a level that ends at or after the resolution it serves"),
    Kind("L022", _INFO, "less time to acknowledge than is configured"),
    Kind("L023", _INFO, "a level without a block in escalation_matrix"),
    Kind("L024", _ERROR, "a target too short for the ladder"),
    Kind("L030", _WARNING, "a routing rule hidden by earlier ones"),
    Kind("L031", _WARNING, "a rule that contradicts itself"),
    Kind("L032", _WARNING, "an sla_target longer than the promise it stands beside"),
    Kind("L033", _INFO, "tickets that only the catch-all takes outside a calendar's hours"),
    Kind("L034", _INFO, "rules with targets that fit the same tickets"),
    Kind("L035", _INFO, "a condition that uses another name of a category"),
    Kind("L036", _WARNING, "a queue that nothing leads to"),
    Kind(UNKNOWN_THRESHOLD, _ERROR, "a rule at a threshold that does not exist"),
    Kind("L041", _WARNING, "thresholds closer together than a second"),
    Kind("L042", _WARNING, "a trigger or notification rule that never acts"),
    Kind("L043", _INFO, "a trigger that raises no further than another"),
    Kind("L044", _WARNING, "an entry of a level that does nothing there"),
    Kind("L045", _WARNING, "a threshold at which nothing happens"),
    Kind("L050", _WARNING, "a role that nobody answers to"),
    Kind("L051", _ERROR, "a notification that reaches nobody"),
    Kind("L052", _WARNING, "a team that is to be on call without a rotation"),
    Kind("L053", _ERROR, "somebody on call who cannot be told"),
    Kind("L054", _ERROR, "no duty manager for the end of the ladder"),
    Kind("L055", _ERROR, "a level with nobody on shift"),
    Kind("L056", _WARNING, "agents who cannot be told of their own tickets"),
    Kind("L060", _ERROR, "a calendar that never opens"),
    Kind("L061", _WARNING, "a calendar that stays closed for two weeks"),
    Kind("L062", _WARNING, "a metric that counts in fewer hours than a contract has"),
    Kind("L063", _INFO, "a team that is closed while a promise counts"),
)

CATALOGUE: Final[Mapping[str, Kind]] = {kind.code: kind for kind in _KINDS}
"""Every kind by its code."""
