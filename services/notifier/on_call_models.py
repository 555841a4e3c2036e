"""On-call duty as it is sent and shown over HTTP."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any
from uuid import UUID
from zoneinfo import ZoneInfo

from pydantic import (
    AwareDatetime,
    BaseModel,
    ConfigDict,
    Field,
    TypeAdapter,
    ValidationError,
    field_validator,
)

from shared.policy import Rotation
from shared.policy.calendars import WEEKDAYS, Handover

from .domain.on_call import Override, Source, Turn
from .recipient_models import Name, Zone, refusal

_HANDOVER: TypeAdapter[tuple[int, int, int]] = TypeAdapter(Handover)


class RotationBody(BaseModel):
    """Who takes turns: a week each with a `handover` like `mon 09:00`, a day each with one like `09:00`."""

    model_config = ConfigDict(extra="forbid")

    members: list[Name] = Field(min_length=1, max_length=100, description="recipients, in order")
    handover: str = Field(max_length=20, examples=["mon 09:00", "09:00"])
    zone: Zone = "UTC"

    @field_validator("handover")
    @classmethod
    def _is_one(cls, handover: str) -> str:
        try:
            _HANDOVER.validate_python(handover)
        except ValidationError as error:
            raise refusal(_sentence(error)) from None
        return handover

    def rotation(self) -> Rotation:
        """The rotation that is meant."""
        days, weekday, minute = _HANDOVER.validate_python(self.handover)
        return Rotation(tuple(self.members), ZoneInfo(self.zone), days, weekday, minute)


class OverrideBody(BaseModel):
    """Somebody is on call from `since` to before `until`, whoever's turn it is."""

    model_config = ConfigDict(extra="forbid")

    recipient_id: Name
    since: AwareDatetime
    until: AwareDatetime

    @field_validator("until")
    @classmethod
    def _is_later(cls, until: datetime, info: Any) -> datetime:
        since = info.data.get("since")
        if since is not None and until <= since:
            raise refusal("lies before since" if until < since else "ends when it begins")
        return until


class RotationAnswer(BaseModel):
    """A rotation as it is in force, from the directory or from the workflow."""

    members: list[str]
    handover: str
    zone: str
    source: Source

    @classmethod
    def of(cls, rotation: Rotation, source: Source) -> RotationAnswer:
        """The answer about `rotation`."""
        clock = f"{rotation.minute // 60:02}:{rotation.minute % 60:02}"
        day = f"{WEEKDAYS[rotation.weekday]} " if rotation.days > 1 else ""
        return cls(
            members=list(rotation.members),
            handover=f"{day}{clock}",
            zone=rotation.zone.key,
            source=source,
        )


class OverrideAnswer(BaseModel):
    """An override, or an imported shift."""

    override_id: UUID
    recipient_id: str
    since: datetime
    until: datetime
    source: Source

    @classmethod
    def of(cls, override: Override) -> OverrideAnswer:
        """The answer about `override`."""
        return cls(
            override_id=override.override_id,
            recipient_id=override.recipient_id,
            since=override.since,
            until=override.until,
            source=override.source,
        )


class TurnAnswer(BaseModel):
    """One person's time on call; without `until`, nothing that is known ends it."""

    recipient_id: str
    source: Source
    since: datetime
    until: datetime | None

    @classmethod
    def of(cls, turn: Turn) -> TurnAnswer:
        """The answer about `turn`."""
        return cls(
            recipient_id=turn.recipient_id, source=turn.source, since=turn.since, until=turn.until
        )


class OnCallAnswer(BaseModel):
    """Who is told when a team's on-call people are: `recipient_id`, who may stand in for whoever's turn it
    is; None where it is nobody's. `next` are the turns after this one.
    """

    team: str
    at: datetime
    recipient_id: str | None
    turn: TurnAnswer | None
    next_handover: datetime | None
    next: list[TurnAnswer]
    rotation: RotationAnswer | None
    overrides: list[OverrideAnswer]


class ImportedAnswer(BaseModel):
    """How many shifts were read."""

    shifts: int


Count = Annotated[int, Field(ge=0, le=50)]


def _sentence(error: ValidationError) -> str:
    """What is wrong with a handover, as a sentence."""
    (details, *_) = error.errors(include_url=False)
    complaints = details.get("ctx", {}).get("complaints")
    if not complaints:
        return str(details["msg"])
    first = complaints[0]
    return (
        f'{first.message}, did you mean "{first.suggestion}"?'
        if first.suggestion
        else first.message
    )
