"""The handful of forms that the boards' queries have. `by`: labels to tell apart; `where`: matchers.

A counter is summed over replicas. A gauge that is read from PostgreSQL is exported alike by every replica, so the
largest of them is taken, never the sum.
"""

from __future__ import annotations

from typing import Final

#: The period of the board, and the shortest window in which a rate can be told.
PERIOD: Final = "$__range"
WINDOW: Final = "$__rate_interval"

#: The promises to customers; the other metrics of the SLA clocks bind a level's people.
CUSTOMERS: Final = 'metric=~"first_response|next_response|resolution|periodic_update"'


def total(metric: str, by: str = "", where: str = "", *, over: str = PERIOD) -> str:
    """How much a counter grew in the period."""
    return f"{_sum(by)}(increase({metric}{_where(where)}[{over}]))"


def per_hour(metric: str, by: str = "", where: str = "") -> str:
    """How fast a counter grows now, an hour."""
    return f"3600 * {per_second(metric, by, where)}"


def per_second(metric: str, by: str = "", where: str = "") -> str:
    """How fast a counter grows now, a second."""
    return f"{_sum(by)}(rate({metric}{_where(where)}[{WINDOW}]))"


def within(
    quantile: float, metric: str, by: str = "", where: str = "", *, over: str = PERIOD
) -> str:
    """The value of a histogram that this share of its observations does not exceed."""
    bounds = f"le, {by}" if by else "le"
    grown = f"increase({metric}_bucket{_where(where)}[{over}])"
    return f"histogram_quantile({quantile}, sum by ({bounds}) ({grown})) >= 0"


def mean(metric: str, by: str = "", where: str = "") -> str:
    """The mean of a histogram's observations in the period."""
    return share(total(f"{metric}_sum", by, where), total(f"{metric}_count", by, where))


def share(part: str, whole: str) -> str:
    """One through the other; nothing where there is no whole."""
    return f"({part}) / ({whole} > 0)"


def now(metric: str, labels: str, by: str | None = None, where: str = "") -> str:
    """A gauge over a table as it stands. `labels` are all of its own, `by` those to tell apart (default: all)."""
    told = (
        f"max by ({labels}) ({metric}{_where(where)})"
        if labels
        else f"max({metric}{_where(where)})"
    )
    return told if by is None else f"{_sum(by)}({told})"


def compliance(by: str = "", where: str = "") -> str:
    """Promises kept, of those that were judged (semantics K13): withdrawn misses are taken off again."""
    verdicts = "tierline_sla_verdicts_total"
    kept = total(verdicts, by, _and(where, 'verdict="met"'))
    judged = total(verdicts, by, _and(where, 'verdict=~"met|missed"'))
    taken_back = total(verdicts, by, _and(where, 'verdict="withdrawn"'))
    return share(kept, f"({judged} - {taken_back})")


def _sum(by: str) -> str:
    return f"sum by ({by}) " if by else "sum"


def _where(where: str) -> str:
    return f"{{{where}}}" if where else ""


def _and(*matchers: str) -> str:
    return ",".join(matcher for matcher in matchers if matcher)
