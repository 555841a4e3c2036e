"""A board: rows of panels, the variables all boards have, and links to the others."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final

from grafana_foundation_sdk.builders import dashboard as build
from grafana_foundation_sdk.builders import stat, text
from grafana_foundation_sdk.models import dashboard as model

from .panels import SOURCE, Panel

TAG: Final = "tierline"

#: Grafana's grid is so wide; so many figures stand beside each other.
_WIDE: Final = 24
_FIGURES: Final = 6

#: Where the runbook is read; whoever publishes it elsewhere says so at the top of a board.
RUNBOOK: Final = "docs/operations.md"


def made(
    name: str,
    title: str,
    description: str,
    rows: Mapping[str, Sequence[Panel]],
    choices: Sequence[tuple[str, str]] = (),
) -> build.Dashboard:
    """A dashboard `tierline-<name>`. `choices`: labels to choose by, each with a metric that has it."""
    sheet = (
        build.Dashboard(f"Tierline: {title}")
        .uid(f"tierline-{name}")
        .description(description)
        .tags([TAG])
        .time("now-24h", "now")
        .timezone("browser")
        .refresh("1m")
        .readonly()
        .tooltip(model.DashboardCursorSync.CROSSHAIR)
        .link(_others())
        .with_variable(
            build.DatasourceVariable("datasource").label("Prometheus").type("prometheus")
        )
    )
    for label, metric in choices:
        sheet = sheet.with_variable(_choice(label, metric))
    runbook = build.TextBoxVariable("runbook").label("Runbook at").default_value(RUNBOOK)
    sheet = sheet.with_variable(runbook)
    y = 0
    for row, panels in rows.items():
        sheet = sheet.with_row(build.Row(row).grid_pos(model.GridPos(h=1, w=_WIDE, x=0, y=y)))
        y += 1
        for line in in_lines(panels):
            for n, panel in enumerate(line):
                width = _WIDE // len(line)
                place = model.GridPos(h=_height(line[0]), w=width, x=n * width, y=y)
                sheet = sheet.with_panel(panel.grid_pos(place))
            y += _height(line[0])
    return sheet


def in_lines(panels: Sequence[Panel]) -> list[list[Panel]]:
    """The panels of a row, line by line: up to six figures, two pictures, or one text; never mixed."""
    lines: list[list[Panel]] = []
    for panel in panels:
        last = lines[-1] if lines else []
        fits = last and type(last[0]) is type(panel) is stat.Panel and len(last) < _FIGURES
        pair = len(last) == 1 and not {stat.Panel, text.Panel} & {type(last[0]), type(panel)}
        if fits or pair:
            last.append(panel)
        else:
            lines.append([panel])
    return lines


def _height(panel: Panel) -> int:
    return {stat.Panel: 4, text.Panel: 5}.get(type(panel), 8)


def _choice(label: str, metric: str) -> build.QueryVariable:
    return (
        build.QueryVariable(label)
        .label(label.capitalize())
        .datasource(SOURCE)
        .query(f"label_values({metric}, {label})")
        .refresh(model.VariableRefresh.ON_TIME_RANGE_CHANGED)
        .multi(multi=True)
        .include_all(include_all=True)
        .all_value(".*")
        .current(model.VariableOption(selected=True, text="All", value="$__all"))
    )


def _others() -> build.DashboardLink:
    link = build.DashboardLink("Tierline").type(model.DashboardLinkType.DASHBOARDS).tags([TAG])
    return link.as_dropdown(as_dropdown=True).keep_time(keep_time=True)
