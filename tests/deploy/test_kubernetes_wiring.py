"""Labels, ports, settings and secrets of the manifests agree with each other and with the code."""

from __future__ import annotations

import re
from typing import Any, Final

import pytest

from services.auditor.config import PORT as AUDITOR_PORT
from services.installation import PORTS
from shared.http.limits import ALWAYS_SERVED
from tests.support.manifests import (
    BASE,
    COMPONENT,
    EXAMPLE,
    Manifest,
    component,
    deployments,
    environment_file,
    kustomization,
    matches,
    of_kind,
    workloads,
)
from tests.support.variables import knows

SERVED: Final = {**PORTS, "auditor": AUDITOR_PORT}
NAME: Final = {"app.kubernetes.io/name": "tierline"}
SERVICES: Final = [one for one in deployments() if one.labels[COMPONENT] in PORTS]

each_deployment = pytest.mark.parametrize("manifest", deployments(), ids=str)
each_service = pytest.mark.parametrize("manifest", SERVICES, ids=str)
each_workload = pytest.mark.parametrize("manifest", workloads(), ids=str)


@each_deployment
def test_a_workload_selects_its_own_pods_and_nobody_elses(manifest: Manifest) -> None:
    selector = manifest.body["spec"]["selector"]["matchLabels"]
    selected = [str(one) for one in workloads() if matches(selector, one.pod["metadata"]["labels"])]

    assert [str(manifest)] == selected


@pytest.mark.parametrize("manifest", of_kind("Service"), ids=str)
def test_a_service_leads_to_its_pods_and_the_port_they_serve(manifest: Manifest) -> None:
    [deployment] = [one for one in deployments() if one.name == manifest.name]
    [port] = manifest.body["spec"]["ports"]

    assert manifest.body["spec"]["selector"] == deployment.pod["metadata"]["labels"]
    assert SERVED[component(manifest)] == port["port"]
    assert port["targetPort"] in {one["name"] for one in deployment.containers[0]["ports"]}


def test_every_service_of_tierline_may_lose_one_pod_at_a_time() -> None:
    budgets = of_kind("PodDisruptionBudget")

    assert set(PORTS) == {component(one) for one in budgets}
    for one in budgets:
        assert 1 == one.body["spec"]["maxUnavailable"]
        assert {**NAME, COMPONENT: component(one)} == one.body["spec"]["selector"]["matchLabels"]


@each_service
def test_pods_are_spread_over_zones_and_nodes(manifest: Manifest) -> None:
    spread = manifest.pod["spec"]["topologySpreadConstraints"]

    assert ["topology.kubernetes.io/zone", "kubernetes.io/hostname"] == [
        one["topologyKey"] for one in spread
    ]
    for one in spread:
        assert manifest.pod["metadata"]["labels"] == one["labelSelector"]["matchLabels"]


def test_the_pod_monitor_finds_every_process_that_serves() -> None:
    [monitor] = of_kind("PodMonitor")
    spec = monitor.body["spec"]
    [endpoint] = spec["podMetricsEndpoints"]

    assert endpoint["path"] in ALWAYS_SERVED
    for one in deployments():
        labels = one.pod["metadata"]["labels"]
        assert matches(spec["selector"]["matchLabels"], labels)
        assert labels[spec["jobLabel"]] in SERVED
        assert endpoint["port"] in {port["name"] for port in one.containers[0]["ports"]}


def settings_files() -> dict[str, str]:
    """What the example tells every process."""
    [merged] = [one for one in kustomization(EXAMPLE)["configMapGenerator"] if "literals" in one]
    literals = dict(line.split("=", 1) for line in merged["literals"])
    return {**environment_file(BASE / "settings.env"), **literals}


@pytest.mark.parametrize("variable", sorted(settings_files()))
def test_every_common_setting_is_one_that_somebody_reads(variable: str) -> None:
    assert any(knows(name, variable) for name in SERVED)


@each_workload
def test_every_variable_of_its_own_is_one_that_the_process_reads(manifest: Manifest) -> None:
    for container in manifest.containers:
        own = [entry["name"] for entry in container.get("env", [])]
        assert [] == [name for name in own if not knows(component(manifest), name)]


@each_deployment
def test_a_process_listens_where_its_port_says(manifest: Manifest) -> None:
    [container] = manifest.containers
    env = {entry["name"]: entry["value"] for entry in container["env"]}

    assert str(SERVED[component(manifest)]) == env["TIERLINE_HTTP__PORT"]
    assert "0.0.0.0" == settings_files()["TIERLINE_HTTP__HOST"]


@each_workload
def test_the_example_has_every_secret_and_only_variables_that_its_process_reads(
    manifest: Manifest,
) -> None:
    for container in manifest.containers:
        [name] = [e["secretRef"]["name"] for e in container["envFrom"] if "secretRef" in e]
        given = environment_file(
            EXAMPLE / "secrets" / f"{name.removeprefix('tierline-')}.env.example"
        )
        assert given
        assert [] == [variable for variable in given if not knows(component(manifest), variable)]


@each_workload
def test_every_config_map_is_generated_or_may_be_absent(manifest: Manifest) -> None:
    made = {generator["name"] for generator in kustomization(BASE)["configMapGenerator"]}
    volumes = [v["configMap"] for v in manifest.pod["spec"]["volumes"] if "configMap" in v]
    told = [
        e["configMapRef"] for c in manifest.containers for e in c["envFrom"] if "configMapRef" in e
    ]

    assert {one["name"] for one in (*volumes, *told) if not one.get("optional")} <= made


@each_deployment
def test_files_that_settings_name_are_mounted(manifest: Manifest) -> None:
    mounted = {m["mountPath"] for c in manifest.containers for m in c["volumeMounts"]}
    told = settings_files()

    assert told["TIERLINE_WORKFLOW_FILE"].rpartition("/")[0] in mounted
    assert told["TIERLINE_KAFKA__SECURITY__CA_FILE"].rpartition("/")[0] in mounted
    if component(manifest) in PORTS:
        assert told["TIERLINE_KEY_STORE"].rpartition("/")[0] in mounted


@pytest.mark.parametrize(
    "file", sorted((EXAMPLE / "secrets").glob("*.example")), ids=lambda f: f.name
)
def test_an_example_of_a_secret_cannot_be_applied_by_accident(file: Any) -> None:
    """Its first line is no variable: kubectl refuses the file until somebody removes it."""
    first = file.read_text(encoding="utf-8").splitlines()[0]

    assert first.startswith("REMOVE THIS LINE")
    assert re.fullmatch(r"[-._a-zA-Z][-._a-zA-Z0-9]*", first.partition("=")[0]) is None


def test_no_secret_is_part_of_what_is_applied() -> None:
    assert [] == of_kind("Secret")
    assert [] == [f for f in (BASE, EXAMPLE) if "secretGenerator" in kustomization(f)]
