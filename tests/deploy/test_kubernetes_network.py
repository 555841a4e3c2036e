"""Who may talk to whom in Kubernetes, and nobody else."""

from __future__ import annotations

from typing import Final

import pytest

from services.auditor.config import PORT as AUDITOR_PORT
from services.installation import PORTS
from tests.support.manifests import (
    COMPONENT,
    Manifest,
    component,
    deployments,
    matches,
    of_kind,
    workloads,
)

SERVED: Final = {**PORTS, "auditor": AUDITOR_PORT}

each_workload = pytest.mark.parametrize("manifest", workloads(), ids=str)


def policies_for(labels: dict[str, str], direction: str) -> list[Manifest]:
    return [
        one
        for one in of_kind("NetworkPolicy")
        if matches(one.body["spec"]["podSelector"]["matchLabels"], labels)
        and direction in one.body["spec"]["policyTypes"]
    ]


@each_workload
def test_nobody_reaches_a_pod_and_it_reaches_nobody_unless_a_policy_says_so(
    manifest: Manifest,
) -> None:
    labels = manifest.pod["metadata"]["labels"]
    deny = [
        one.body["spec"].keys() & {"ingress", "egress"}
        for one in policies_for(labels, "Ingress")
        if one.name == "tierline-deny"
        and {"Ingress", "Egress"} == set(one.body["spec"]["policyTypes"])
    ]

    assert [set()] == deny


def test_only_the_notifier_and_the_auditor_reach_the_world() -> None:
    worldly = [
        one
        for one in of_kind("NetworkPolicy")
        if "ipBlock" in str(one.body["spec"].get("egress", ""))
    ]

    assert {"notifier", "auditor"} == {component(one) for one in worldly}


@pytest.mark.parametrize("name", ["tierline-notifier", "tierline-auditor"])
@pytest.mark.parametrize(
    "block", ["10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "169.254.0.0/16", "100.64.0.0/10"]
)
def test_the_world_is_not_the_metadata_service_nor_a_private_range(name: str, block: str) -> None:
    [policy] = [one for one in of_kind("NetworkPolicy") if one.name == name]
    blocks = [
        peer["ipBlock"]
        for rule in policy.body["spec"]["egress"]
        for peer in rule["to"]
        if "ipBlock" in peer and peer["ipBlock"]["cidr"] == "0.0.0.0/0"
    ]

    assert [True] == [block in one["except"] for one in blocks]


def test_the_notifier_reaches_whom_it_is_told_to_ask() -> None:
    [notifier] = [one for one in deployments() if component(one) == "notifier"]
    env = {entry["name"]: entry["value"] for entry in notifier.containers[0]["env"]}
    services = {f"http://{one.name}:{SERVED[component(one)]}" for one in of_kind("Service")}
    [policy] = [one for one in of_kind("NetworkPolicy") if one.name == "tierline-notifier"]
    reached = {
        peer["podSelector"]["matchLabels"][COMPONENT]
        for rule in policy.body["spec"]["egress"]
        for peer in rule["to"]
        if "podSelector" in peer
    }

    assert {
        env["TIERLINE_NOTIFIER__INTAKE_URL"],
        env["TIERLINE_NOTIFIER__ESCALATOR_URL"],
    } <= services
    assert {"intake", "escalator"} == reached
