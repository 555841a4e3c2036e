"""Reading a workflow: the file over the packaged defaults, validated, checked, built."""

from __future__ import annotations

import functools
import hashlib
import json
import zoneinfo
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from importlib import resources
from pathlib import Path

from pydantic import BaseModel, TypeAdapter, ValidationError

import shared

from .asking import asked_calendars
from .building import (
    build_customers,
    build_escalation,
    build_levels,
    build_notification,
    build_sla,
)
from .calendar_import import ImportFaultError, with_imported
from .categories import CategoryModel
from .category_models import read_models
from .checks import Findings, check
from .conditions import Condition
from .document import Document
from .matrix import CellKey, CellSection, MatrixCells
from .merging import merge
from .names import Names, names_in
from .opening import never_open
from .problems import Problem, WorkflowError
from .routing_building import build_routing
from .source import Source, read_source, read_text
from .tree import render
from .triage_building import build_triage
from .trouble import Finding, Places, own_conditions, problems_of
from .workflow import WorkflowPolicy

PACKAGED = Path(shared.__file__).parent.parent / "deploy" / "workflow.yaml"
"""The workflow that is in force where a file says nothing."""


def load_workflow(path: Path | None, *, now: datetime | None = None) -> WorkflowPolicy:
    """The workflow of the file at `path`; None is the packaged one. With `now`, a calendar without open
    time in the 366 days after it is refused (semantics C6).

    Raises WorkflowError, listing every problem found, for a file that is missing, unreadable or wrong.
    """
    if path is None:
        return _packaged_policy()
    return parse_workflow(read_text(path), name=path.name, folder=path.parent, now=now)


def parse_workflow(
    text: str,
    *,
    name: str = "workflow.yaml",
    folder: Path = Path(),
    now: datetime | None = None,
) -> WorkflowPolicy:
    """The workflow that `text` describes; `name` stands before every problem, and the files it names are
    in `folder`; `now` as in `load_workflow`. Raises WorkflowError.
    """
    draft = read_draft(text, name=name, folder=folder)
    if draft.problems:
        raise WorkflowError(draft.problems)
    policy = build_policy(draft)
    if now is not None and (closed := never_open(policy.calendars, now)):
        raise WorkflowError(_in_order([draft.places.problem(finding) for finding in closed]))
    return policy


@dataclass(frozen=True, slots=True)
class Draft:
    """A workflow whose every value is valid by itself. `problems` are what keeps it from being used."""

    document: Document
    names: Names
    findings: Findings
    places: Places
    models: Mapping[str, CategoryModel]
    problems: tuple[Problem, ...]


def read_draft(text: str, *, name: str, folder: Path = Path()) -> Draft:
    """Read and check `text` without building it. Raises WorkflowError when a value is not valid."""
    own, packaged = read_source(text, name), _packaged()
    data = merge(own.data, packaged.data)
    names = names_in(data)
    places = Places(own, packaged)
    problems = [places.problem(finding) for finding in own_conditions(own, names)]
    try:
        document = Document.model_validate(data, context=names)
    except ValidationError as error:
        problems += problems_of(error, places)
        raise WorkflowError(_in_order(problems)) from None
    document, unread = _with_imported_days(document, folder)
    problems += [places.problem(finding) for finding in unread]
    findings = check(document, own.data, _packaged_matrix())
    problems += [places.problem(finding) for finding in findings.errors]
    models, faults = read_models(document.triage, names, places, folder)
    problems += faults
    return Draft(document, names, findings, places, models, tuple(_in_order(problems)))


def _with_imported_days(document: Document, folder: Path) -> tuple[Document, list[Finding]]:
    """The document with what the files say that its calendars name, and what is wrong with them."""
    calendars, findings = dict(document.calendars), []
    for name, section in document.calendars.items():
        try:
            calendars[name] = with_imported(section, folder)
        except ImportFaultError as fault:
            findings.append(Finding(("calendars", name, "import_file"), str(fault)))
    return document.model_copy(update={"calendars": calendars}), findings


def build_policy(draft: Draft) -> WorkflowPolicy:
    """The values of a draft without problems."""
    document, names, findings = draft.document, draft.names, draft.findings
    customers = build_customers(document)
    calendars = {name: section.build(name) for name, section in document.calendars.items()}
    return WorkflowPolicy(
        digest=_digest(document, findings, draft.models),
        tzdata=_tzdata_version(),
        company=document.company,
        currency=document.currency,
        calendars=calendars,
        business_hours=calendars[document.business_hours],
        asked={name: calendars[of] for name, of in asked_calendars(document).items()},
        customers=customers,
        levels=build_levels(document),
        triage=build_triage(document, names, draft.models),
        routing=build_routing(document),
        sla=build_sla(document, findings.matrix, customers),
        escalation=build_escalation(document, names),
        notification=build_notification(document, calendars),
        warnings=tuple(_in_order([draft.places.problem(one) for one in findings.warnings])),
    )


def _digest(document: Document, findings: Findings, models: Mapping[str, CategoryModel]) -> str:
    """Twelve hex digits that name the effective content, however it was written."""
    cells = {f"{p}/{tier}": targets for (p, tier), targets in findings.matrix.items()}
    words = {language: [m.threshold, m.bias, m.weights] for language, m in models.items()}
    effective = dict(document) | {"SLA_MATRIX": cells, "category_models": words}
    content = [list(document.levels), _canonical(effective)]
    text = json.dumps(content, sort_keys=True, ensure_ascii=False)
    return hashlib.sha256(text.encode()).hexdigest()[:12]


def _canonical(value: object) -> object:
    """`value` as JSON can hold it: a condition as what it means, however it was spelt."""
    if isinstance(value, Condition):
        return render(value.tree)
    if isinstance(value, BaseModel):
        return {name: _canonical(item) for name, item in value}
    if isinstance(value, Mapping):
        return {str(key): _canonical(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_canonical(item) for item in value]
    return value if isinstance(value, bool | int | float | None) else str(value)


def _tzdata_version() -> str:
    """The version of the time-zone rules in use: the system's where it has them, else the package's."""
    for folder in zoneinfo.TZPATH:
        listing = Path(folder) / "tzdata.zi"
        if listing.is_file():
            with listing.open(encoding="utf-8") as lines:
                return lines.readline().removeprefix("# version").strip()
    package = resources.files("tzdata").joinpath("zoneinfo", "tzdata.zi")
    return package.read_text(encoding="utf-8").split("\n", 1)[0].removeprefix("# version").strip()


def _in_order(problems: list[Problem]) -> list[Problem]:
    """By place in the file, each once."""
    return sorted(dict.fromkeys(problems), key=lambda p: (p.file, p.line, p.column, p.path))


@functools.cache
def _packaged() -> Source:
    return read_source(read_text(PACKAGED), PACKAGED.name)


@functools.cache
def _packaged_policy() -> WorkflowPolicy:
    return parse_workflow(_packaged().text, name=PACKAGED.name)


@functools.cache
def _packaged_matrix() -> Mapping[CellKey, CellSection]:
    data = _packaged().data
    cells = TypeAdapter[dict[CellKey, CellSection]](MatrixCells)
    return cells.validate_python(data["SLA_MATRIX"], context=names_in(data))
