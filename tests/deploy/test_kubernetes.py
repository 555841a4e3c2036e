"""Every manifest is one that the API server would take, as far as that is known without a cluster."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

import jsonschema_rs
import kubernetes_validate  # type: ignore[import-untyped] # it has no types
import pytest

from tests.support.manifests import (
    BASE,
    COMPONENTS,
    EXAMPLE,
    KUSTOMIZATION,
    Manifest,
    kustomization,
    objects,
)

OLDEST: Final = "1.33"
SCHEMAS: Final = Path(__file__).parent / "schemas"

#: Objects of others' operators, which Kubernetes itself has no schema of.
CUSTOM: Final[Mapping[str, str]] = {
    "ScaledObject": "scaledobject.json",
    "PodMonitor": "podmonitor.json",
}

BUILT_IN: Final = [one for one in objects() if one.kind not in CUSTOM]
OTHERS: Final = [one for one in objects() if one.kind in CUSTOM]
FOLDERS: Final = [BASE, EXAMPLE, *sorted(COMPONENTS.iterdir())]


@pytest.mark.parametrize("version", [OLDEST, kubernetes_validate.latest_version()])
@pytest.mark.parametrize("manifest", BUILT_IN, ids=str)
def test_a_built_in_object_is_as_its_schema_says(manifest: Manifest, version: str) -> None:
    kubernetes_validate.validate(dict(manifest.body), version, strict=True)


def test_the_check_is_one() -> None:
    """An unknown field is refused, or all of the above would say nothing."""
    deployment = next(one for one in BUILT_IN if one.kind == "Deployment")
    spoilt = {**deployment.body, "spec": {**deployment.body["spec"], "replcas": 2}}

    with pytest.raises(kubernetes_validate.ValidationError, match="replcas"):
        kubernetes_validate.validate(spoilt, OLDEST, strict=True)


@pytest.mark.parametrize("manifest", OTHERS, ids=str)
def test_an_object_of_an_operator_has_only_documented_fields(manifest: Manifest) -> None:
    assert [] == list(schema_of(manifest.kind).iter_errors(manifest.body))


def schema_of(kind: str) -> jsonschema_rs.Draft202012Validator:
    schema: Any = json.loads((SCHEMAS / CUSTOM[kind]).read_text(encoding="utf-8"))
    return jsonschema_rs.Draft202012Validator(schema)


def test_the_operators_objects_are_all_there() -> None:
    found = sorted(str(one) for one in OTHERS)

    assert [
        "PodMonitor/tierline",
        "ScaledObject/tierline-escalator",
        "ScaledObject/tierline-notifier",
        "ScaledObject/tierline-router",
    ] == found


@pytest.mark.parametrize("folder", FOLDERS, ids=lambda folder: folder.name)
def test_a_kustomization_lists_every_file_beside_it_and_nothing_that_is_not_there(
    folder: Path,
) -> None:
    listed = kustomization(folder)["resources"]
    beside = {file.name for file in folder.glob("*.yaml")} - {KUSTOMIZATION}

    assert beside == {name for name in listed if name.endswith(".yaml")}
    assert [] == [name for name in listed if not (folder / name).exists()]


@pytest.mark.parametrize("folder", [BASE, EXAMPLE], ids=lambda folder: folder.name)
def test_what_a_generator_reads_exists(folder: Path) -> None:
    generators = kustomization(folder)["configMapGenerator"]
    files = [
        entry.partition("=")[2] or entry
        for generator in generators
        for entry in (*generator.get("files", []), *generator.get("envs", []))
    ]

    assert [] == [file for file in files if not (folder / file).exists()]


def test_every_object_has_one_place() -> None:
    names = [str(one) for one in objects()]

    assert len(set(names)) == len(names)


def test_the_base_names_no_namespace() -> None:
    assert [] == [str(one) for one in objects(BASE) if "namespace" in one.body["metadata"]]
    assert "namespace" not in kustomization(BASE)
