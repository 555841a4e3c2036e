"""The pods of Kubernetes run what the image has, unprivileged, and have time to stop."""

from __future__ import annotations

import re
from typing import Final

import pytest
from ruamel.yaml import YAML

from services.auditor.config import PORT as AUDITOR_PORT
from services.installation import PORTS
from shared.http.limits import ALWAYS_SERVED
from shared.runtime.service import HARD_EXIT_SECONDS
from tests.support.manifests import (
    COMPONENT,
    DEPLOY,
    EXAMPLE,
    Manifest,
    component,
    deployments,
    kustomization,
    of_kind,
    workloads,
)

SERVED: Final = {**PORTS, "auditor": AUDITOR_PORT}
SERVICES: Final = [one for one in deployments() if one.labels[COMPONENT] in PORTS]

each_deployment = pytest.mark.parametrize("manifest", deployments(), ids=str)
each_service = pytest.mark.parametrize("manifest", SERVICES, ids=str)
each_workload = pytest.mark.parametrize("manifest", workloads(), ids=str)


def test_every_process_of_tierline_has_its_workload() -> None:
    assert {*SERVED, "setup"} == {component(one) for one in workloads()}


@each_workload
def test_the_image_is_the_one_that_compose_builds(manifest: Manifest) -> None:
    compose = YAML(typ="safe").load((DEPLOY / "compose.yaml").read_text(encoding="utf-8"))
    images = re.findall(r"\$\{TIERLINE_IMAGE:-(\w+)", str(compose))

    assert {"tierline"} == set(images)
    assert {"tierline"} == {container["image"] for container in manifest.containers}
    assert "tierline" in {image["name"] for image in kustomization(EXAMPLE)["images"]}


@each_service
def test_a_service_runs_itself_and_nothing_migrates_but_the_job(manifest: Manifest) -> None:
    assert [["run", component(manifest)]] == [one["args"] for one in manifest.containers]


def test_the_job_migrates_and_then_makes_topics_and_no_service_does() -> None:
    [job] = of_kind("Job")

    assert [["migrate"], ["topics", "apply"]] == [one["args"] for one in job.containers]


@each_workload
def test_every_container_is_unprivileged_and_can_write_to_tmp_only(manifest: Manifest) -> None:
    pod = manifest.pod["spec"]
    expected = {
        "allowPrivilegeEscalation": False,
        "readOnlyRootFilesystem": True,
        "capabilities": {"drop": ["ALL"]},
    }

    assert pod["securityContext"]["runAsNonRoot"] is True
    assert {"type": "RuntimeDefault"} == pod["securityContext"]["seccompProfile"]
    assert pod["automountServiceAccountToken"] is False
    for container in manifest.containers:
        assert expected == container["securityContext"]
        writable = [m["mountPath"] for m in container["volumeMounts"] if not m.get("readOnly")]
        assert ["/tmp"] == writable


@each_workload
def test_the_user_is_the_images(manifest: Manifest) -> None:
    dockerfile = (DEPLOY / "Dockerfile").read_text(encoding="utf-8")
    [(user, group)] = re.findall(r"^USER (\d+):(\d+)$", dockerfile, re.MULTILINE)
    context = manifest.pod["spec"]["securityContext"]

    assert (int(user), int(group)) == (context["runAsUser"], context["runAsGroup"])


@each_workload
def test_no_variable_comes_from_the_names_of_services(manifest: Manifest) -> None:
    """`tierline-intake` would give TIERLINE_INTAKE_PORT and more of the kind."""
    assert manifest.pod["spec"]["enableServiceLinks"] is False


@each_workload
def test_memory_has_a_limit_and_what_is_asked_for_is_within_it(manifest: Manifest) -> None:
    for container in manifest.containers:
        resources = container["resources"]
        assert {"cpu", "memory"} == set(resources["requests"])
        assert {"memory"} == set(resources["limits"])
        assert mebibytes(resources["requests"]["memory"]) <= mebibytes(
            resources["limits"]["memory"]
        )


def mebibytes(text: str) -> int:
    number, unit = int(text[:-2]), text[-2:]
    return number * {"Mi": 1, "Gi": 1024}[unit]


@each_service
def test_a_pod_has_time_for_its_orderly_stop(manifest: Manifest) -> None:
    pod = manifest.pod["spec"]
    [container] = pod["containers"]
    before = container["lifecycle"]["preStop"]["sleep"]["seconds"]

    assert 5 == before
    assert pod["terminationGracePeriodSeconds"] > before + HARD_EXIT_SECONDS


@each_deployment
def test_every_probe_asks_what_is_served(manifest: Manifest) -> None:
    [container] = manifest.containers
    ports = {port["name"]: port["containerPort"] for port in container["ports"]}
    asked = {kind: container[kind]["httpGet"] for kind in container if kind.endswith("Probe")}

    assert {"startupProbe", "livenessProbe", "readinessProbe"} == set(asked)
    for where in asked.values():
        assert where["path"] in ALWAYS_SERVED
        assert SERVED[component(manifest)] == ports[where["port"]]


@each_service
def test_only_readiness_asks_for_what_is_around_a_service(manifest: Manifest) -> None:
    """A database that is away must not restart anything."""
    [container] = manifest.containers
    paths = {k: container[k]["httpGet"]["path"] for k in container if k.endswith("Probe")}

    assert {
        "startupProbe": "/healthz",
        "livenessProbe": "/healthz",
        "readinessProbe": "/readyz",
    } == paths
