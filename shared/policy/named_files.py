"""The files a workflow names: they belong to it wherever it goes."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path

from .category_models import PACKAGED
from .source import read_source, read_text


def named_files(text: str, folder: Path) -> dict[str, str]:
    """The files beside the workflow `text`, by the names it has for them; `folder` is where it lies.

    What is missing or misshapen is left out: reading the workflow says so. Raises WorkflowError for a
    text that is no workflow at all.
    """
    data = read_source(text, "workflow.yaml").data
    names = [name for name in _names(data) if (folder / name).is_file()]
    return {name: read_text(folder / name) for name in names}


def _names(data: Mapping[str, object]) -> Iterator[str]:
    models = _section(_section(data, "triage"), "category_models")
    yield from (name for name in models.values() if isinstance(name, str) and name != PACKAGED)
    for calendar in _section(data, "calendars").values():
        if isinstance(calendar, Mapping) and isinstance(name := calendar.get("import_file"), str):
            yield name


def _section(data: Mapping[str, object], name: str) -> Mapping[str, object]:
    found = data.get(name)
    return found if isinstance(found, Mapping) else {}
