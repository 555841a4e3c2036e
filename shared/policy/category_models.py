"""The category models that a workflow names: packaged ones, and files beside it."""

from __future__ import annotations

import functools
from collections.abc import Collection
from pathlib import Path
from typing import Final

from .categories import CategoryModel
from .category_file import read_model
from .names import Names
from .problems import Problem, WorkflowError, nearest
from .source import read_text
from .triage_document import TriageSection
from .trouble import Finding, Places

#: What a workflow writes for the packaged model of a language.
PACKAGED: Final = "packaged"

_DATA: Final = Path(__file__).parent / "data"
_PACKAGED_CATEGORIES: Final = ("technical", "billing", "account", "product", "integration")


def read_models(
    triage: TriageSection, names: Names, places: Places, folder: Path
) -> tuple[dict[str, CategoryModel], list[Problem]]:
    """The models by language, in the order of the workflow, and what is wrong with their files.

    A packaged model says nothing about categories that the workflow does not have.
    """
    models: dict[str, CategoryModel] = {}
    problems: list[Problem] = []
    for language, named in triage.category_models.items():
        if named == PACKAGED and language in packaged_languages():
            model = _without_others(_packaged_model(language), triage.categories)
            if model is not None:
                models[language] = model
        elif named == PACKAGED:
            message = f'there is no packaged model for "{language}"'
            near = nearest(language, packaged_languages())
            path = ("triage", "category_models", language)
            problems.append(places.problem(Finding(path, message, near, key=True)))
        else:
            try:
                text = read_text(folder / named)
                models[language] = read_model(text, named, names.tables["category"])
            except WorkflowError as error:
                problems += error.problems
    return models, problems


@functools.cache
def packaged_languages() -> tuple[str, ...]:
    """The languages with a packaged model."""
    return tuple(sorted(path.name.split(".")[1] for path in _DATA.glob("categories.*.yaml")))


@functools.cache
def _packaged_model(language: str) -> CategoryModel:
    path = _DATA / f"categories.{language}.yaml"
    return read_model(read_text(path), path.name, {name: name for name in _PACKAGED_CATEGORIES})


def _without_others(model: CategoryModel, categories: Collection[str]) -> CategoryModel | None:
    """The model with words for `categories` only; None when too few are left to choose between."""
    bias = {name: value for name, value in model.bias.items() if name in categories}
    if len(bias) < 2:
        return None
    weights = {name: model.weights[name] for name in bias}
    return CategoryModel(model.threshold, bias, weights)
