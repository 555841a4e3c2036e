"""Which variables a process of Tierline knows: what its settings say, and nothing else."""

from __future__ import annotations

import importlib
from collections.abc import Mapping, Sequence
from typing import Any, get_args, get_origin

from pydantic import BaseModel

from shared.settings import ServiceSettings

PREFIX = "TIERLINE_"


def settings_of(component: str) -> type[ServiceSettings]:
    """The settings that a process reads; those of every service for one that has none of its own."""
    if component == "setup":
        return ServiceSettings
    package = {"auditor": "services.auditor"}.get(component, f"services.{component}")
    module = importlib.import_module(f"{package}.config")
    kind: type[ServiceSettings] = getattr(module, f"{component.title()}Settings")
    return kind


def knows(component: str, variable: str) -> bool:
    """Whether the process would read `variable`, or the file that it names."""
    if not variable.startswith(PREFIX):
        return False
    path = variable.removeprefix(PREFIX).lower().split("__")
    kind = settings_of(component)
    return _leads(kind, path) or _leads(kind, [*path[:-1], path[-1].removesuffix("_file")])


def _leads(kind: Any, path: Sequence[str]) -> bool:
    """Whether `path` leads from a type to a value in it."""
    if not path:
        return True
    if get_origin(kind) in {dict, Mapping}:
        return _leads(get_args(kind)[1], path[1:])
    for choice in (kind, *get_args(kind)):
        if isinstance(choice, type) and issubclass(choice, BaseModel):
            field = choice.model_fields.get(path[0])
            return field is not None and _leads(field.annotation, path[1:])
    return False
