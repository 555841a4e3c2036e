"""Four kinds of panel, each with a title, a description, a unit and what it shows when there is nothing."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final, TypeVar

from grafana_foundation_sdk.builders import bargauge, common, prometheus, stat, text, timeseries
from grafana_foundation_sdk.builders import dashboard as build
from grafana_foundation_sdk.models import common as looks
from grafana_foundation_sdk.models import dashboard as model
from grafana_foundation_sdk.models.text import TextMode

Panel = stat.Panel | timeseries.Panel | bargauge.Panel | text.Panel
P = TypeVar("P", stat.Panel, timeseries.Panel, bargauge.Panel)

#: A query and its legend; labels stand in double braces.
Query = tuple[str, str]

SOURCE: Final = model.DataSourceRef(type_val="prometheus", uid="${datasource}")

#: Units as Grafana names them.
COUNT: Final = "short"
SECONDS: Final = "s"
SHARE: Final = "percentunit"
PER_HOUR: Final = "suffix: /h"
PER_SECOND: Final = "suffix: /s"
SCORE: Final = "none"

#: What a panel shows when its query finds no series.
NOTHING_YET: Final = "nothing in this period"


def number(
    title: str,
    expr: str,
    says: str,
    *,
    unit: str = COUNT,
    good: float | None = None,
    bad: float | None = None,
    alert: str = "",
    empty: str = NOTHING_YET,
) -> stat.Panel:
    """One figure. Green from `good` on (red below), or red from `bad` on (green below)."""
    panel = stat.Panel().with_target(_query(expr, "", at_once=True))
    panel = panel.graph_mode(looks.BigValueGraphMode.NONE).reduce_options(
        common.ReduceDataOptions().calcs(["lastNotNull"])
    )
    if good is not None:
        panel = panel.thresholds(_steps("red", "green", good))
    if bad is not None:
        panel = panel.thresholds(_steps("green", "red", bad))
    return _described(panel, title, says, unit=unit, empty=empty, alert=alert)


def lines(
    title: str,
    queries: Sequence[Query],
    says: str,
    *,
    unit: str = COUNT,
    stacked: bool = False,
    alert: str = "",
    empty: str = NOTHING_YET,
) -> timeseries.Panel:
    """A development over time."""
    panel = timeseries.Panel()
    for n, (expr, legend) in enumerate(queries):
        panel = panel.with_target(_query(expr, legend).ref_id(chr(ord("A") + n)))
    if stacked:
        panel = panel.fill_opacity(30).stacking(
            common.StackingConfig().mode(looks.StackingMode.NORMAL).group("A")
        )
    panel = panel.min(0)
    return _described(panel, title, says, unit=unit, empty=empty, alert=alert)


def bars(
    title: str,
    expr: str,
    legend: str,
    says: str,
    *,
    unit: str = COUNT,
    alert: str = "",
    empty: str = NOTHING_YET,
) -> bargauge.Panel:
    """A figure for each of several, over the whole period."""
    panel = bargauge.Panel().with_target(_query(expr, legend, at_once=True))
    panel = panel.orientation(looks.VizOrientation.HORIZONTAL).min(0)
    panel = panel.reduce_options(common.ReduceDataOptions().calcs(["lastNotNull"]))
    return _described(panel, title, says, unit=unit, empty=empty, alert=alert)


def words(title: str, content: str) -> text.Panel:
    """Sentences, in Markdown."""
    panel = text.Panel().title(title).description("What this board does not show, and why.")
    return panel.mode(TextMode.MARKDOWN).content(content)


def _query(expr: str, legend: str, *, at_once: bool = False) -> prometheus.Dataquery:
    query = prometheus.Dataquery().expr(expr).legend_format(legend).datasource(SOURCE)
    return query.ref_id("A").instant() if at_once else query.range()


def _described(
    panel: P,
    title: str,
    says: str,
    *,
    unit: str,
    empty: str,
    alert: str,
) -> P:
    if alert:
        says += f"\n\nAlert {alert}: see docs/operations.md."
        link = build.DashboardLink(f"What to do about {alert}")
        link = link.type(model.DashboardLinkType.LINK).url(f"${{runbook}}#{alert.lower()}")
        panel = panel.links([link.target_blank(target_blank=True)])
    return panel.title(title).description(says).unit(unit).no_value(empty).datasource(SOURCE)


def _steps(below: str, above: str, mark: float) -> build.ThresholdsConfig:
    steps = [model.Threshold(value=None, color=below), model.Threshold(value=mark, color=above)]
    return build.ThresholdsConfig().mode(model.ThresholdsMode.ABSOLUTE).steps(steps)
