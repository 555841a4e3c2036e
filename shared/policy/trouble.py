"""From pydantic's errors to problems with a place, a path and a suggestion."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from types import UnionType
from typing import Any, Union, get_args, get_origin

from pydantic import BaseModel, ValidationError

from .conditions import ConditionError, check_condition
from .document import Document
from .facts import Stage
from .names import Names
from .problems import Problem, nearest
from .source import Source
from .vocabulary import Complaint

_KEY = "[key]"
_FORMS = frozenset({"[inline]", "[named]"})
_UNIONS = (UnionType, Union)
_SENTENCES = {
    "missing": "is missing",
    "int_type": "a whole number is expected",
    "int_parsing": "a whole number is expected",
    "int_from_float": "a whole number is expected",
    "float_type": "a number is expected",
    "float_parsing": "a number is expected",
    "string_type": "a text is expected",
    "bool_parsing": "true or false is expected",
    "bool_type": "true or false is expected",
    "dict_type": "a mapping of keys to values is expected",
    "model_type": "a mapping of keys to values is expected",
    "model_attributes_type": "a mapping of keys to values is expected",
    "tuple_type": "a list is expected",
    "list_type": "a list is expected",
    "too_short": "at least one entry is expected",
}


@dataclass(frozen=True, slots=True)
class Finding:
    """A complaint about what stands at `path` of the effective workflow; `code` is the lint's name for it."""

    path: tuple[str | int, ...]
    message: str
    suggestion: str | None = None
    key: bool = False
    offset: int | None = None
    value: str = ""
    code: str = ""


@dataclass(frozen=True, slots=True)
class Places:
    """Finds where a value stands: in the file, or in the packaged workflow."""

    own: Source
    packaged: Source

    def problem(self, finding: Finding) -> Problem:
        """The finding with file, line and column."""
        source = self.own if self._is_own(finding.path) else self.packaged
        line, column = source.place(finding.path, key=finding.key) if finding.path else (0, 0)
        if finding.offset is not None:
            column = source.column_in(line, column, finding.value, finding.offset)
        name = source.name if source is self.own else f"packaged {source.name}"
        path = dotted(finding.path)
        return Problem(name, line, column, path, finding.message, finding.suggestion, finding.code)

    def _is_own(self, path: Sequence[str | int]) -> bool:
        """Whether the file itself, not the packaged workflow, says what stands at `path`."""
        if self.own.text == self.packaged.text or not path or path[0] not in self.packaged.data:
            return True
        section = self.own.data.get(str(path[0]))
        if len(path) > 1 and isinstance(section, Mapping):
            theirs = self.packaged.data[str(path[0])]
            return path[1] in section or not (isinstance(theirs, Mapping) and path[1] in theirs)
        return section is not None


def problems_of(error: ValidationError, places: Places) -> list[Problem]:
    """Every error of a validation as one or more problems."""
    return [
        places.problem(finding)
        for details in error.errors(include_url=False)
        for finding in _findings(details)
    ]


def own_conditions(own: Source, names: Names) -> list[Finding]:
    """What is wrong with the conditions that the file gives names to, used or not."""
    named = own.data.get("conditions")
    findings: list[Finding] = []
    for name, text in named.items() if isinstance(named, Mapping) else ():
        if not isinstance(text, str):
            continue
        try:
            check_condition(text, names.vocabulary, Stage.NOTIFICATIONS)
        except ConditionError as error:
            findings += [_told(("conditions", name), c, text, key=False) for c in error.complaints]
    return findings


def dotted(path: Sequence[str | int]) -> str:
    """`routing_rules[0].condition`"""
    text = "".join(f"[{part}]" if isinstance(part, int) else f".{part}" for part in path)
    return text.removeprefix(".")


def _findings(details: Mapping[str, Any]) -> list[Finding]:
    """The findings of one of pydantic's errors."""
    loc = tuple(part for part in details["loc"] if part not in _FORMS)
    key = bool(loc) and loc[-1] == _KEY
    path = loc[:-1] if key else loc
    value = details.get("input")
    text = value if isinstance(value, str) else ""
    if details["type"] == "workflow":
        return [_told(path, c, text, key=key) for c in details["ctx"]["complaints"]]
    if details["type"] == "extra_forbidden":
        known = fields_at(path[:-1])
        message = f'no {"field" if len(path) > 1 else "section"} "{path[-1]}"'
        return [Finding(path, message, nearest(str(path[-1]), known), key=True)]
    if details["type"] == "missing":
        return [Finding(path, _SENTENCES["missing"])]
    if details["type"] == "literal_error":
        expected = details["ctx"]["expected"]
        near = nearest(str(value), re.findall(r"'(\w+)'", expected))
        return [Finding(path, f"{expected} is expected, not {value!r}", near)]
    message = _SENTENCES.get(details["type"]) or _lowered(details["msg"])
    shown = f", not {value!r}" if value is None or isinstance(value, str | int | float) else ""
    return [Finding(path, message + shown, key=key)]


def _told(path: tuple[str | int, ...], complaint: Complaint, text: str, *, key: bool) -> Finding:
    """A complaint as a finding at `path`."""
    return Finding(path, complaint.message, complaint.suggestion, key, complaint.offset, text)


def fields_at(path: Sequence[str | int]) -> list[str]:
    """The keys that are known where `path` leads, none where any key may stand."""
    annotation: Any = Document
    for part in path:
        model = _model(annotation)
        if model is not None and isinstance(part, str):
            field = model.model_fields.get(part)
            annotation = field.annotation if field else None
        else:
            annotation = _element(annotation)
    model = _model(annotation)
    return list(model.model_fields) if model else []


def _model(annotation: Any) -> type[BaseModel] | None:
    """The model that an annotation is, or may be beside other things."""
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return annotation
    if get_origin(annotation) in _UNIONS or hasattr(annotation, "__metadata__"):
        return next((m for m in map(_model, get_args(annotation)) if m), None)
    return None


def _element(annotation: Any) -> Any:
    """What a mapping's values or a list's items are."""
    while hasattr(annotation, "__metadata__"):
        annotation = get_args(annotation)[0]
    parts = [part for part in get_args(annotation) if part is not Ellipsis]
    return parts[-1] if parts else None


def _lowered(message: str) -> str:
    """The library's sentence, to follow a path."""
    return message[:1].lower() + message[1:]
