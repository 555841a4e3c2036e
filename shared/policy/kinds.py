"""The kinds of values a workflow holds, as pydantic types: durations, references, conditions.

Every validator is handed the workflow's `Names` as context and complains with a suggestion, so that one
pass over a file finds everything that is wrong with it.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import replace
from datetime import date, timedelta
from enum import StrEnum
from functools import partial
from typing import Annotated

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    PlainValidator,
    StringConstraints,
    ValidationInfo,
)
from pydantic_core import PydanticCustomError

from shared.contracts import PAYLOADS
from shared.contracts.vocabulary import Metric

from .conditions import Condition, ConditionError, check_condition
from .durations import DurationError, parse_duration, parse_minutes
from .escalation import NEXT_LEVEL
from .facts import Stage
from .names import Names
from .notification import OVERDUE, TEMPLATE_FIELDS
from .problems import nearest
from .vocabulary import Complaint

NO_RESPONSE = "no_response"
_CLOCK = re.compile(r"(\d{1,2}):(\d{2})\s*[-–]\s*(\d{1,2}):(\d{2})")
_LANGUAGE = re.compile("[a-z]{2,3}")
_PLACEHOLDER = re.compile(
    r"\{\{\s*(?P<field>\w+)\s*\}\}|\{%\s*if\s+(?:not\s+)?(?P<tested>\w+)\s*%\}"
    r"|\{%\s*(?P<word>else|endif)\s*%\}|\{\{|\{%|\{#"
)


class Section(BaseModel):
    """A part of the file: frozen, and unknown keys are errors."""

    model_config = ConfigDict(frozen=True, extra="forbid", arbitrary_types_allowed=True)


def complaint(*complaints: Complaint) -> PydanticCustomError:
    """An error that carries complaints with suggestions and offsets through pydantic."""
    return PydanticCustomError("workflow", "complaints", {"complaints": list(complaints)})


def _duration(parse: Callable[[object], timedelta], value: object) -> timedelta:
    try:
        found = parse(value)
    except DurationError as error:
        raise complaint(Complaint(str(error))) from None
    if found <= timedelta(0):
        raise complaint(Complaint("a duration above zero is expected"))
    return found


def _grace(value: object) -> timedelta:
    return timedelta(0) if value == 0 else parse_duration(value)


def _immediately_or(value: object) -> timedelta | None:
    try:
        return parse_duration(value) or None
    except DurationError as error:
        raise complaint(Complaint(str(error))) from None


def _known(kind: str, value: object, info: ValidationInfo) -> str:
    """The canonical name of the `kind` of thing that `value` names."""
    if not isinstance(value, str):
        article = "an" if kind[0] in "aeiou" else "a"
        raise complaint(Complaint(f"the name of {article} {kind} is expected, not {value!r}"))
    table = names_of(info).tables[kind]
    if value.lower() not in table:
        raise complaint(Complaint(f'no {kind} "{value}"', nearest(value, table)))
    return table[value.lower()]


def _condition(stage: Stage, value: object, info: ValidationInfo) -> Condition:
    return _condition_of(stage, value, names_of(info))


def _condition_of(stage: Stage, value: object, names: Names) -> Condition:
    if not isinstance(value, str):
        raise complaint(Complaint(f"a condition is a text, not {value!r}"))
    try:
        return check_condition(value, names.vocabulary, stage)
    except ConditionError as error:
        raise complaint(*error.complaints) from None


def names_of(info: ValidationInfo) -> Names:
    """The workflow's names, which every validation is given."""
    if not isinstance(info.context, Names):
        raise TypeError("a workflow is validated with its Names as context")
    return info.context


def _level_condition(value: object, info: ValidationInfo) -> Condition:
    """A condition of a level's block, where `no_response` stands for its timeout (semantics X6)."""
    vocabulary = names_of(info).vocabulary
    built_in = {**vocabulary.conditions, NO_RESPONSE: "false"}
    names = replace(names_of(info), vocabulary=replace(vocabulary, conditions=built_in))
    return _condition_of(Stage.TRIGGERS, value, names)


def _raise_to(value: object, info: ValidationInfo) -> str:
    """`next_level`, or a level."""
    return NEXT_LEVEL if value == NEXT_LEVEL else _known("level", value, info)


def _event(value: object) -> str:
    """An event's short name: `sla.warning`."""
    known = [described.name for described in PAYLOADS.values()]
    if value not in known:
        raise complaint(Complaint(f'no event "{value}"', nearest(str(value), known)))
    return str(value)


def word_of(words: type[StrEnum], kind: str) -> Callable[[object], StrEnum]:
    """A validator for one of `words` in any case."""

    def check(value: object) -> StrEnum:
        try:
            return words(str(value).lower())
        except ValueError:
            raise complaint(Complaint(f'no {kind} "{value}"', nearest(str(value), words))) from None

    return check


def _promise(value: object) -> Metric:
    """What a customer is promised; a level's own time is its team's (semantics C5)."""
    metrics = [metric for metric in Metric if not metric.of_level]
    name = str(value).lower()
    if name not in metrics:
        raise complaint(Complaint(f'no promise "{value}"', nearest(name, metrics)))
    return Metric(name)


def listed(value: object) -> object:
    """One thing may be written without brackets."""
    return [value] if isinstance(value, str) else value


def _interval(value: object) -> tuple[int, int]:
    """`09:00-12:30` as minutes of the day."""
    found = _CLOCK.fullmatch(value.strip()) if isinstance(value, str) else None
    if not found:
        raise complaint(Complaint(f'an interval like "09:00-17:30" is expected, not {value!r}'))
    start, end = (int(found[n]) * 60 + int(found[n + 1]) for n in (1, 3))
    if int(found[2]) > 59 or int(found[4]) > 59 or not 0 <= start < end <= 1440:
        raise complaint(Complaint(f'"{value}" is no interval of one day; over midnight, write two'))
    return start, end


def _template_text(value: str) -> str:
    """A text with `{{ field }}` and `{% if field %}…{% endif %}`, of fields we can fill."""
    complaints = []
    for found in _PLACEHOLDER.finditer(value):
        name = found["field"] or found["tested"]
        if name is None and not found["word"]:
            complaints.append(
                Complaint("only {{ field }} and {% if field %} are understood", None, found.start())
            )
        elif name and name not in TEMPLATE_FIELDS:
            near = nearest(name, TEMPLATE_FIELDS)
            complaints.append(Complaint(f'no field "{name}" for templates', near, found.start()))
    opened = [found for found in _PLACEHOLDER.finditer(value) if found["tested"]]
    if len(opened) != sum(found["word"] == "endif" for found in _PLACEHOLDER.finditer(value)):
        complaints.append(Complaint("every {% if %} needs its {% endif %}"))
    if complaints:
        raise complaint(*complaints)
    return value


def _percent_or_overdue(value: object) -> int | str:
    """A percent of a target, or all reminders after the breach."""
    percent = isinstance(value, int) and not isinstance(value, bool) and 1 <= value <= 1000
    if not percent and value != OVERDUE:
        raise complaint(
            Complaint(f"a percent from 1 to 1000 or {OVERDUE} is expected, not {value!r}")
        )
    return value if isinstance(value, int) else OVERDUE


def _day(value: object) -> date:
    try:
        return date.fromisoformat(str(value))
    except ValueError:
        raise complaint(Complaint(f"a date like 2026-12-24 is expected, not {value!r}")) from None


def _language(value: object) -> str:
    """A language as texts are told apart by it: `en`, not `en-GB`."""
    if not _LANGUAGE.fullmatch(str(value)):
        raise complaint(Complaint(f'a language is written like en or de, not "{value}"'))
    return str(value)


Duration = Annotated[timedelta, BeforeValidator(partial(_duration, parse_duration))]
Minutes = Annotated[timedelta, BeforeValidator(partial(_duration, parse_minutes))]
Grace = Annotated[timedelta, BeforeValidator(_grace)]
ImmediatelyOr = Annotated[timedelta | None, PlainValidator(_immediately_or)]

LevelName = Annotated[str, BeforeValidator(partial(_known, "level"))]
QueueName = Annotated[str, BeforeValidator(partial(_known, "queue"))]
ActionName = Annotated[str, BeforeValidator(partial(_known, "action"))]
AgentRoleName = Annotated[str, BeforeValidator(partial(_known, "agent role"))]
CalendarName = Annotated[str, BeforeValidator(partial(_known, "calendar"))]
TemplateName = Annotated[str, BeforeValidator(partial(_known, "template"))]
TeamName = Annotated[str, BeforeValidator(partial(_known, "team"))]
ChannelName = Annotated[str, BeforeValidator(partial(_known, "channel"))]
TierName = Annotated[str, BeforeValidator(partial(_known, "customer tier"))]
CategoryName = Annotated[str, BeforeValidator(partial(_known, "category"))]
SignalName = Annotated[str, BeforeValidator(partial(_known, "word group"))]
AudienceName = Annotated[str, BeforeValidator(partial(_known, "audience"))]
Audiences = Annotated[tuple[AudienceName, ...], BeforeValidator(listed)]
CalendarByMetric = dict[Annotated[Metric, BeforeValidator(_promise)], CalendarName]

TriageCondition = Annotated[Condition, PlainValidator(partial(_condition, Stage.TRIAGE))]
RoutingCondition = Annotated[Condition, PlainValidator(partial(_condition, Stage.ROUTING))]
BoostCondition = Annotated[Condition, PlainValidator(partial(_condition, Stage.BOOSTS))]
TriggerCondition = Annotated[Condition, PlainValidator(partial(_condition, Stage.TRIGGERS))]
NotificationCondition = Annotated[
    Condition, PlainValidator(partial(_condition, Stage.NOTIFICATIONS))
]

LevelCondition = Annotated[Condition, PlainValidator(_level_condition)]
RaiseTo = Annotated[str, PlainValidator(_raise_to)]
EventName = Annotated[str, BeforeValidator(_event)]

Word = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=100)]
Slug = Annotated[str, StringConstraints(pattern=r"^[A-Za-z_][A-Za-z0-9_.-]{0,99}$")]
LowerSlug = Annotated[Slug, AfterValidator(str.lower)]
Language = Annotated[str, PlainValidator(_language)]
Interval = Annotated[tuple[int, int], PlainValidator(_interval)]
Day = Annotated[date, BeforeValidator(_day)]
TemplateText = Annotated[str, AfterValidator(_template_text)]
Share = Annotated[float, Field(gt=0, le=1)]
Percent = Annotated[int, Field(ge=1, le=1000)]
PercentOrOverdue = Annotated[int | str, PlainValidator(_percent_or_overdue)]
Thresholds = Annotated[tuple[Percent, ...], Field(min_length=1)]
Proficiency = Annotated[int, Field(ge=1, le=5)]
Skills = dict[Slug, Proficiency]
