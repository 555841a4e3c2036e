"""What stands in `deploy/kubernetes`, read as Kubernetes would."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any, Final

from ruamel.yaml import YAML

DEPLOY: Final = Path(__file__).parents[2] / "deploy"
FOLDER: Final = DEPLOY / "kubernetes"
BASE: Final = FOLDER / "base"
EXAMPLE: Final = FOLDER / "overlays" / "example"
COMPONENTS: Final = FOLDER / "components"

KUSTOMIZATION: Final = "kustomization.yaml"

#: Every label of ours that says what a pod is.
COMPONENT: Final = "app.kubernetes.io/component"


@dataclass(frozen=True, slots=True)
class Manifest:
    """One object, and the file it stands in."""

    file: Path
    body: Mapping[str, Any]

    @property
    def kind(self) -> str:
        return str(self.body["kind"])

    @property
    def name(self) -> str:
        return str(self.body["metadata"]["name"])

    @property
    def labels(self) -> Mapping[str, str]:
        return dict(self.body["metadata"].get("labels", {}))

    @property
    def pod(self) -> Mapping[str, Any]:
        """The pod template of a workload: its metadata and spec."""
        return dict(self.body["spec"]["template"])

    @property
    def containers(self) -> list[Mapping[str, Any]]:
        """All containers of a workload, those that run first included."""
        spec = self.pod["spec"]
        return [*spec.get("initContainers", []), *spec["containers"]]

    def __str__(self) -> str:
        return f"{self.kind}/{self.name}"


@cache
def objects(*folders: Path) -> tuple[Manifest, ...]:
    """Every object in the YAML files of `folders`, in a stable order; kustomizations are none."""
    return tuple(_objects(folders or (BASE, EXAMPLE, *sorted(COMPONENTS.iterdir()))))


def _objects(folders: tuple[Path, ...]) -> Iterator[Manifest]:
    for folder in folders:
        for file in sorted(folder.glob("*.yaml")):
            if file.name != KUSTOMIZATION:
                for body in YAML(typ="safe").load_all(file.read_text(encoding="utf-8")):
                    yield Manifest(file, body)


def workloads() -> list[Manifest]:
    """What runs containers."""
    return [one for one in objects(BASE) if one.kind in {"Deployment", "Job"}]


def deployments() -> list[Manifest]:
    """What keeps running."""
    return [one for one in workloads() if one.kind == "Deployment"]


def component(manifest: Manifest) -> str:
    """Which of Tierline's processes an object belongs to."""
    return manifest.labels[COMPONENT]


def matches(selector: Mapping[str, str], labels: Mapping[str, str]) -> bool:
    """Whether a selector's labels are all there."""
    return selector.items() <= labels.items()


def of_kind(kind: str) -> list[Manifest]:
    """Every object of a kind."""
    return [one for one in objects() if one.kind == kind]


@cache
def kustomization(folder: Path) -> Mapping[str, Any]:
    """A folder's `kustomization.yaml`."""
    text = (folder / KUSTOMIZATION).read_text(encoding="utf-8")
    return dict(YAML(typ="safe").load(text))


def environment_file(path: Path) -> dict[str, str]:
    """The variables of a file of NAME=value lines; comments and empty lines are none."""
    lines = [line for line in path.read_text(encoding="utf-8").splitlines() if "=" in line]
    pairs = [line.partition("=") for line in lines if not line.startswith("#")]
    return {name: value for name, _, value in pairs}
