"""Bodies of the requests about workflows, and their answers. Durations are in seconds."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Annotated
from uuid import UUID

from pydantic import AwareDatetime, BaseModel, Field, StringConstraints

from services.escalator.domain.effects import Effects
from services.escalator.domain.versions import Version
from services.escalator.models import Body, example_of
from services.escalator.workflow_examples import APPLIED, BODY, PLAN, TEXT, VERSIONS
from shared.contracts.vocabulary import Metric
from shared.policy.differences import TargetChange

_PART = r"[A-Za-z0-9_][A-Za-z0-9_. -]*"

#: A file beside the workflow, as the workflow names it: below its folder, as no part begins with a dot.
FileName = Annotated[str, StringConstraints(pattern=rf"^{_PART}(/{_PART})*$", max_length=200)]

#: A few words for those who ask later why it was changed.
Note = Annotated[str, StringConstraints(pattern=r"^[^\x00]{0,500}$", strip_whitespace=True)]


class WorkflowBody(Body):
    """A workflow file with the files it names; `effective_from` is now when it is missing."""

    model_config = example_of(**BODY)

    text: str
    name: Annotated[str, StringConstraints(min_length=1, max_length=200)] = "workflow.yaml"
    files: Annotated[dict[FileName, str], Field(max_length=50, default_factory=dict)]
    effective_from: AwareDatetime | None = None
    note: Note = ""


class VersionView(BaseModel):
    """A version of the workflow. `state` is in_force, to_come, or past: it was replaced."""

    number: int
    digest: str
    tzdata: str
    state: str
    effective_from: datetime
    applied_at: datetime
    applied_by: str
    note: str
    calendars: list[str]

    @classmethod
    def of(cls, version: Version, state: str) -> VersionView:
        """The view of `version`."""
        return cls(
            number=version.number,
            digest=version.digest,
            tzdata=version.tzdata,
            state=state,
            effective_from=version.effective_from,
            applied_at=version.applied_at,
            applied_by=version.applied_by,
            note=version.note,
            calendars=list(version.calendars),
        )


class VersionsView(BaseModel):
    """All versions, oldest first."""

    model_config = example_of(**VERSIONS)

    versions: list[VersionView]


class TextView(BaseModel):
    """The file that a version was."""

    model_config = example_of(**TEXT)

    number: int
    text: str


class AppliedView(BaseModel):
    """The version with that content; `is_new` is false when there was nothing to do."""

    model_config = example_of(**APPLIED)

    version: VersionView
    is_new: bool


class TargetView(BaseModel):
    """One metric of a cell of the SLA matrix that promises something else."""

    cell: str
    metric: str
    before_seconds: float | None
    after_seconds: float | None

    @classmethod
    def of(cls, change: TargetChange) -> TargetView:
        """The view of `change`."""
        return cls(
            cell=change.cell,
            metric=change.metric,
            before_seconds=_seconds(change.before),
            after_seconds=_seconds(change.after),
        )


class MovedView(BaseModel):
    """A running clock whose deadline moves."""

    ticket_id: UUID
    metric: Metric
    before: datetime
    after: datetime


class CalendarView(BaseModel):
    """A calendar that answers differently, and how many running clocks' deadlines that moves."""

    name: str
    moved: int


class PlanView(BaseModel):
    """What a workflow would do. Running clocks keep their targets, thresholds and ladder; calendars
    count for them, too. `looked_at` of `open_tickets` were looked at, the oldest first.
    """

    model_config = example_of(**PLAN)

    running_digest: str
    digest: str
    nothing_to_do: bool
    effective_from: datetime
    replaces: list[VersionView]
    targets: list[TargetView]
    changes: list[str]
    calendars: list[CalendarView]
    open_tickets: int
    looked_at: int
    running_clocks: int
    moved_clocks: int
    most_earlier_seconds: float
    most_later_seconds: float
    first: list[MovedView]
    warnings: list[str]


def moved_views(effects: Effects) -> list[MovedView]:
    """The clocks that are named."""
    return [
        MovedView(ticket_id=m.ticket_id, metric=m.metric, before=m.before, after=m.after)
        for m in effects.first
    ]


def _seconds(duration: timedelta | None) -> float | None:
    return None if duration is None else duration.total_seconds()
