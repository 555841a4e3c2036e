"""Every series that Tierline exports, from the catalogues in the code; and what a query asks for."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import cache
from typing import Final

import promql_parser

from services.auditor.metrics import AuditorMetrics
from services.escalator.metrics import EscalatorMetrics
from services.intake.metrics import IntakeMetrics
from services.notifier.metrics import NotifierMetrics
from services.router.metrics import RouterMetrics
from shared.observability.metrics import Catalogue, Declared, RuntimeMetrics

#: What Prometheus puts on every series that it scrapes.
SCRAPED: Final = frozenset({"job", "instance"})

#: What a histogram's series are called after its name.
_PARTS: Final[Mapping[str, frozenset[str]]] = {
    "_bucket": frozenset({"le"}),
    "_count": frozenset(),
    "_sum": frozenset(),
}


@cache
def exported() -> dict[str, frozenset[str]]:
    """Series → its labels, with those of a scrape."""
    catalogue = Catalogue("any")
    for declare in (
        RuntimeMetrics,
        IntakeMetrics,
        RouterMetrics,
        EscalatorMetrics,
        NotifierMetrics,
        AuditorMetrics,
    ):
        declare(catalogue)
    series = dict(pair for metric in catalogue.declared for pair in _series(metric))
    return {**series, "up": SCRAPED}


def asked(query: str) -> list[tuple[str, frozenset[str]]]:
    """Every selector of a query: the series, and the labels it asks for. Raises ValueError."""
    found: list[tuple[str, frozenset[str]]] = []

    def visit(expr: promql_parser.Expr) -> bool:
        if isinstance(expr, promql_parser.VectorSelector):
            labels = frozenset(matcher.name for matcher in expr.matchers.matchers)
            found.append((expr.name or "", labels))
        return True

    promql_parser.walk(promql_parser.parse(query), visit)
    return found


def _series(metric: Declared) -> Iterator[tuple[str, frozenset[str]]]:
    labels = frozenset(metric.labels) | SCRAPED
    if metric.kind != "histogram":
        yield metric.name, labels
        return
    for part, more in _PARTS.items():
        yield metric.name + part, labels | more
