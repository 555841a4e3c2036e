"""Every dashboard is fresh, asks only for what the services report, and says what it shows."""

from __future__ import annotations

import importlib
import re
from pathlib import Path
from typing import Any, Final

import promql_parser
import pytest
from ruamel.yaml import YAML

from deploy.grafana.source.written import written
from services.installation import PORTS
from shared.observability.metrics import Catalogue, RuntimeMetrics
from tests.load.dashboards import SILENT
from tests.support.boards import FOLDER, Asked, asked, boards, panels, variables

DEPLOY: Final = Path(__file__).parents[2] / "deploy"

#: What Grafana itself puts into queries, and labels that Prometheus gives to what it scrapes.
BUILT_IN: Final = frozenset({"__range", "__rate_interval"})
SCRAPED: Final = frozenset({"instance", "job"})


def read(path: Path) -> Any:
    """A YAML file."""
    return YAML(typ="safe").load(path)


QUERIES: Final = {board: [query for query in asked() if query.board == board] for board in boards()}
ALERTS: Final = {
    rule["alert"]
    for group in read(DEPLOY / "prometheus/rules/alerts.yml")["groups"]
    for rule in group["rules"]
}


def served() -> dict[str, set[str]]:
    """Every series that a service or the auditor may serve, with its labels."""
    found: dict[str, set[str]] = {}
    for service in [*PORTS, "auditor"]:
        catalogue = Catalogue(service)
        RuntimeMetrics(catalogue)
        module = importlib.import_module(f"services.{service}.metrics")
        getattr(module, f"{service.title()}Metrics")(catalogue)
        for one in catalogue.declared:
            labels = {*one.labels, *SCRAPED}
            found[one.name] = labels
            if one.kind == "histogram":
                del found[one.name]
                found[f"{one.name}_bucket"] = {*labels, "le"}
                found[f"{one.name}_sum"] = found[f"{one.name}_count"] = labels
    return found


SERVED: Final = served()


def selectors(node: Any) -> list[Any]:
    """What an expression reads."""
    found: list[Any] = []

    def visit(one: Any) -> None:
        if isinstance(one, promql_parser.VectorSelector):
            found.append(one)

    promql_parser.walk(node, visit)
    return found


def groupings(node: Any) -> list[tuple[list[str], list[Any]]]:
    """The labels by which an expression tells apart, each with what is read below."""
    found: list[tuple[list[str], list[Any]]] = []

    def visit(one: Any) -> None:
        if isinstance(one, promql_parser.AggregateExpr) and one.modifier is not None:
            found.append((one.modifier.labels, selectors(one.expr)))

    promql_parser.walk(node, visit)
    return found


def parsed(query: Asked) -> Any:
    return promql_parser.parse(query.resolved(period="1h", window="1m"))


each_board = pytest.mark.parametrize("board", boards())


def test_the_dashboards_are_fresh() -> None:
    there = {path.name: path.read_text("utf-8") for path in FOLDER.iterdir()}

    assert written() == there, "make dashboards"


def unknown(query: Asked) -> list[str]:
    """What a query names that nothing serves: series, labels of matchers, labels to tell apart by."""
    read_by = selectors(parsed(query))
    named = [str(one.name) for one in read_by if one.name not in SERVED]
    pairs = [(matcher.name, one) for one in read_by for matcher in one.matchers.matchers]
    pairs += [
        (label, one)
        for labels, below in groupings(parsed(query))
        for label in labels
        for one in below
    ]
    return named + [label for label, one in pairs if label not in SERVED.get(one.name, set())]


@each_board
def test_every_query_reads_only_what_is_served(board: str) -> None:
    wrong = {query.panel: found for query in QUERIES[board] if (found := unknown(query))}

    assert {} == wrong


def test_a_made_up_series_and_a_made_up_label_are_found() -> None:
    query = "sum by (colour) (rate(tierline_sla_breaches_total{size='1'}[5m]))"

    assert ["size", "colour"] == unknown(Asked("sla", "", query))
    assert "tierline_made_up" in unknown(Asked("sla", "", "tierline_made_up"))


@each_board
def test_every_variable_resolves(board: str) -> None:
    used = {name for query in QUERIES[board] for name in re.findall(r"\$\{?(\w+)", query.expr)}

    assert used <= BUILT_IN | variables(board).keys()


@each_board
def test_a_variable_chooses_by_a_label_that_there_is(board: str) -> None:
    for variable in variables(board).values():
        if variable["type"] == "query":
            metric, label = re.fullmatch(
                r"label_values\((\w+), (\w+)\)", variable["query"]
            ).groups()  # type: ignore[union-attr]
            assert label in SERVED[metric]


@each_board
def test_no_two_panels_of_a_board_have_the_same_title(board: str) -> None:
    titles = [panel["title"] for panel in panels(board)]

    assert sorted(set(titles)) == sorted(titles)


@each_board
def test_a_panel_says_what_it_shows_in_what_unit_and_what_when_there_is_nothing(board: str) -> None:
    for panel in panels(board):
        assert panel["description"].strip().endswith("."), panel["title"]
        if panel["type"] != "text":
            defaults = panel["fieldConfig"]["defaults"]
            assert defaults["unit"], panel["title"]
            assert defaults["noValue"], panel["title"]


@each_board
def test_a_panel_reads_the_prometheus_that_was_chosen(board: str) -> None:
    sources = {
        target["datasource"]["uid"]
        for panel in panels(board)
        for target in panel.get("targets", [])
    }

    assert {"${datasource}"} == sources


@each_board
def test_a_panel_leads_to_the_runbook_of_an_alert_that_there_is(board: str) -> None:
    for panel in panels(board):
        for link in panel.get("links", []):
            named = re.fullmatch(r"What to do about (\w+)", link["title"])
            assert named is not None
            assert named[1] in ALERTS
            assert link["url"] == f"${{runbook}}#{named[1].lower()}"


@each_board
def test_no_panel_covers_another(board: str) -> None:
    cells = [
        (x, y)
        for panel in boards()[board]["panels"]
        for place in [panel["gridPos"]]
        for x in range(place["x"], place["x"] + place["w"])
        for y in range(place["y"], place["y"] + place["h"])
    ]

    assert len(set(cells)) == len(cells)
    assert max(x for x, _ in cells) < 24


def test_the_boards_are_provisioned_where_compose_mounts_them() -> None:
    [provider] = read(DEPLOY / "grafana/provisioning/dashboards/tierline.yaml")["providers"]
    [source] = read(DEPLOY / "grafana/provisioning/datasources/prometheus.yaml")["datasources"]
    grafana = read(DEPLOY / "compose.yaml")["services"]["grafana"]

    mounted = {volume.split(":")[0]: volume.split(":")[1] for volume in grafana["volumes"]}
    assert provider["options"]["path"] == mounted["./grafana/dashboards"]
    assert "/etc/grafana/provisioning" == mounted["./grafana/provisioning"]
    assert "http://prometheus:9090" == source["url"]


def test_what_the_evidence_excuses_is_served_and_asked_for() -> None:
    asked_for = {
        one.name for found in QUERIES.values() for q in found for one in selectors(parsed(q))
    }

    assert SILENT.keys() <= SERVED.keys() & asked_for
