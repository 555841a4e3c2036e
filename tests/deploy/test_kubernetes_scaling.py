"""What scales by lag knows the groups, topics and partitions there really are."""

from __future__ import annotations

import pytest

from shared.kafka import topics
from tests.support.manifests import (
    Manifest,
    component,
    deployments,
    objects,
    of_kind,
)
from tests.support.variables import knows

each_scaled = pytest.mark.parametrize("manifest", of_kind("ScaledObject"), ids=str)


@each_scaled
def test_lag_is_that_of_the_group_and_the_topics_that_the_service_reads(
    manifest: Manifest,
) -> None:
    service = component(manifest)
    read = [name for name, topic in topics.load().items() if service in topic.consumers]
    triggers = [trigger["metadata"] for trigger in manifest.body["spec"]["triggers"]]

    assert {f"tierline.{service}"} == {one["consumerGroup"] for one in triggers}
    assert sorted(read) == sorted(one["topic"] for one in triggers)
    for one in triggers:
        assert "false" == one["allowIdleConsumers"]
        assert knows(service, one["bootstrapServersFromEnv"])


@each_scaled
def test_no_more_replicas_than_partitions_are_asked_for(manifest: Manifest) -> None:
    spec = manifest.body["spec"]
    fewest = min(
        topics.load()[trigger["metadata"]["topic"]].partitions for trigger in spec["triggers"]
    )

    assert 2 <= spec["minReplicaCount"] <= spec["maxReplicaCount"] <= fewest
    assert 0 == fewest % spec["maxReplicaCount"]


def test_whatever_scales_scales_a_deployment_that_exists() -> None:
    names = {one.name for one in deployments()}
    scaled = [*of_kind("ScaledObject"), *of_kind("HorizontalPodAutoscaler")]

    assert {one.body["spec"]["scaleTargetRef"]["name"] for one in scaled} == names - {
        "tierline-auditor"
    }


def test_a_deployment_has_either_a_number_of_replicas_or_an_autoscaler_of_its_own() -> None:
    automatic = {
        one.body["spec"]["scaleTargetRef"]["name"] for one in of_kind("HorizontalPodAutoscaler")
    }
    fixed = {one.name for one in deployments() if "replicas" in one.body["spec"]}

    assert {one.name for one in deployments()} == automatic | fixed
    assert set() == automatic & fixed


def test_the_objects_were_found() -> None:
    assert len(objects()) > 20
