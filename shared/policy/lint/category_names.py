"""Conditions that call a category by another name (semantics A18)."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

from .subject import Remark, Subject

#: `category == 'api'`, `category IN ['api', 'billing']`
_COMPARED: Final = re.compile(
    r"\bcategory\s*(?:[=!]=|(?:not\s+)?in\b)\s*(\[[^\]]*\]|'[^']*'|\"[^\"]*\")", re.IGNORECASE
)
_WORD: Final = re.compile(r"[^'\"\[\],\s][^'\"\[\],]*")


def other_names(subject: Subject) -> Iterator[Remark]:
    """L035: the rule acts on all tickets of the category, not only on those called so."""
    aliases = subject.policy.triage.category_aliases
    for index, rule in enumerate(subject.document.routing_rules):
        text = rule.condition.text if rule.condition else ""
        words = {w.lower() for found in _COMPARED.findall(text) for w in _WORD.findall(found)}
        for alias in sorted(word for word in words if aliases.get(word, word) != word):
            yield Remark(
                "L035",
                "routing rules",
                ("routing_rules", index, "condition"),
                f"'{alias}' is no category but another name of {aliases[alias]}: the rule takes all of "
                "its tickets",
                f"write '{aliases[alias]}', or make {alias} one of triage.categories",
            )
