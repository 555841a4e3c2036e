"""Recipients as they are sent and shown over HTTP."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from functools import cache
from typing import Annotated, Any, Final, Self
from zoneinfo import ZoneInfo, available_timezones

from pydantic import (
    AfterValidator,
    AwareDatetime,
    BaseModel,
    ConfigDict,
    Field,
    StringConstraints,
    field_validator,
    model_validator,
)
from pydantic_core import PydanticCustomError

from shared.policy.notification import CHANNELS
from shared.policy.problems import nearest

from .domain.notification import Urgency
from .domain.recipient import Away, Quiet, Recipient
from .senders.forms import fault_of, shown

_CLOCK: Final = r"^([01][0-9]|2[0-3]):[0-5][0-9]$"

#: What has a resource of its own: left out of a recipient that is sent, it stays as it is.
_OWN: Final = ("away", "muted_until", "no_digests")


def refusal(message: str) -> PydanticCustomError:
    """What is wrong, in our own words."""
    return PydanticCustomError("refused", "{message}", {"message": message})


def unknown(what: str, word: str, known: Iterable[str]) -> str:
    """`no WHAT "word"`, with what was probably meant."""
    near = nearest(word, known)
    return f'no {what} "{word}"' + (f', did you mean "{near}"?' if near else "")


@cache
def _zones() -> frozenset[str]:
    return frozenset(available_timezones())


def _channel(name: str) -> str:
    if name not in CHANNELS:
        raise refusal(unknown("channel", name, CHANNELS))
    return name


def _zone(name: str) -> str:
    if name not in _zones():
        raise refusal(unknown("time zone", name, _zones()))
    return name


Name = Annotated[str, StringConstraints(min_length=1, max_length=100, pattern=r"^[^\x00-\x1f]+$")]
Channel = Annotated[str, AfterValidator(_channel)]
Zone = Annotated[str, AfterValidator(_zone)]
ClockTime = Annotated[str, StringConstraints(pattern=_CLOCK)]
Language = Annotated[str, StringConstraints(pattern=r"^[a-z]{2,3}(-[A-Za-z0-9]{2,8}){0,2}$")]


class QuietBody(BaseModel):
    """Every day from `since` to `until`, over midnight when it ends before it begins; local time."""

    model_config = ConfigDict(extra="forbid")

    since: ClockTime
    until: ClockTime

    @field_validator("until")
    @classmethod
    def _ends(cls, until: str, info: Any) -> str:
        if until == info.data.get("since"):
            raise refusal("ends when it begins")
        return until


class AbsenceBody(BaseModel):
    """Out of office from `since`, now if it is not said, to `until`; `delegate` is told instead."""

    model_config = ConfigDict(extra="forbid")

    since: AwareDatetime | None = None
    until: AwareDatetime
    delegate: Name | None = None

    @field_validator("until")
    @classmethod
    def _is_later(cls, until: datetime, info: Any) -> datetime:
        since = info.data.get("since")
        if since is not None and until <= since:
            raise refusal("lies before since" if until < since else "ends when it begins")
        return until

    def away(self, now: datetime) -> Away:
        """The absence, for one that is told now."""
        return Away(since=self.since or now, until=self.until, delegate=self.delegate)


class AwayBody(AbsenceBody):
    """The same within a recipient, where it is said when it begins."""

    since: AwareDatetime


class RecipientBody(BaseModel):
    """Who can be told, in which roles, how they are reached, and when they would rather not be.

    `away`, `muted_until` and `no_digests` have resources of their own: left out here, they stay as they are.
    """

    model_config = ConfigDict(extra="forbid")

    name: Name
    roles: list[Name] = Field(default=[], max_length=50)
    team: Name | None = None
    channels: dict[Channel, str | bool] = Field(min_length=1)
    prefer: dict[Urgency, Annotated[list[Channel], Field(max_length=len(CHANNELS))]] = Field(
        default={}, description="urgency → channels that are tried first, in their order"
    )
    language: Language | None = None
    zone: Zone | None = None
    quiet: QuietBody | None = None
    away: AwayBody | None = None
    muted_until: AwareDatetime | None = None
    no_digests: bool = Field(
        default=False, description="they have stopped bundles and digests by mail"
    )

    @field_validator("channels")
    @classmethod
    def _can_be_reached(cls, channels: dict[str, str | bool]) -> dict[str, str | bool]:
        for channel, address in channels.items():
            if address is False or (fault := fault_of(channel, _address(address))) is not None:
                said = fault if address is not False else "leave it out instead of saying false"
                raise refusal(f"{channel}: {said}")
        return channels

    @model_validator(mode="after")
    def _prefers_what_they_have(self) -> Self:
        for urgency, wanted in self.prefer.items():
            for channel in wanted:
                if channel not in self.channels:
                    raise refusal(
                        f"prefer.{urgency}: {channel} is none of their channels,"
                        f" which are {', '.join(self.channels)}"
                    )
        return self

    def recipient(self, recipient_id: str, known: Recipient | None) -> Recipient:
        """The recipient that is meant; `known` is who they were."""
        kept = {name for name in _OWN if known and name not in self.model_fields_set}
        return Recipient(
            recipient_id=recipient_id,
            name=self.name,
            roles=frozenset(self.roles),
            team=self.team,
            channels={name: _address(address) for name, address in self.channels.items()},
            prefer={urgency.value: tuple(wanted) for urgency, wanted in self.prefer.items()},
            language=self.language,
            zone=ZoneInfo(self.zone) if self.zone else None,
            quiet=Quiet(since=_minutes(self.quiet.since), until=_minutes(self.quiet.until))
            if self.quiet
            else None,
            away=known.away if known and "away" in kept else self._away(),
            muted_until=known.muted_until if known and "muted_until" in kept else self.muted_until,
            no_digests=known.no_digests if known and "no_digests" in kept else self.no_digests,
        )

    def _away(self) -> Away | None:
        return self.away.away(self.away.since) if self.away else None


class NamedRecipientBody(RecipientBody):
    """A recipient with their id, for sending many at once."""

    recipient_id: Name


class RecipientsBody(BaseModel):
    """Many recipients, each once."""

    model_config = ConfigDict(extra="forbid")

    recipients: list[NamedRecipientBody] = Field(min_length=1, max_length=1000)

    @field_validator("recipients")
    @classmethod
    def _each_once(cls, given: list[NamedRecipientBody]) -> list[NamedRecipientBody]:
        ids = [named.recipient_id for named in given]
        if twice := sorted({name for name in ids if ids.count(name) > 1}):
            raise refusal(f"{twice[0]!r} stands in the list twice")
        return given


class MuteBody(BaseModel):
    """Not to be told anything before `until`."""

    model_config = ConfigDict(extra="forbid")

    until: AwareDatetime


class QuietAnswer(BaseModel):
    """Quiet hours as they are known."""

    since: str
    until: str


class AwayAnswer(BaseModel):
    """An absence as it is known."""

    since: datetime
    until: datetime
    delegate: str | None


class RecipientAnswer(BaseModel):
    """A recipient as it is known. An address that is a secret is only shown to who may write it."""

    recipient_id: str
    name: str
    roles: list[str]
    team: str | None
    channels: dict[str, str | bool]
    prefer: dict[str, list[str]]
    language: str | None
    zone: str | None
    quiet: QuietAnswer | None
    away: AwayAnswer | None
    muted_until: datetime | None
    no_digests: bool

    @classmethod
    def of(cls, known: Recipient, *, secrets: bool) -> RecipientAnswer:
        """The answer about `known`, with addresses that are secrets or without."""
        away, quiet = known.away, known.quiet
        return cls(
            recipient_id=known.recipient_id,
            name=known.name,
            roles=sorted(known.roles),
            team=known.team,
            channels={
                channel: (address if secrets else shown(channel, address)) or True
                for channel, address in known.channels.items()
            },
            prefer={urgency: list(wanted) for urgency, wanted in known.prefer.items()},
            language=known.language,
            zone=known.zone.key if known.zone else None,
            quiet=QuietAnswer(since=_clock(quiet.since), until=_clock(quiet.until))
            if quiet
            else None,
            away=AwayAnswer(since=away.since, until=away.until, delegate=away.delegate)
            if away
            else None,
            muted_until=known.muted_until,
            no_digests=known.no_digests,
        )


def _address(given: str | bool) -> str:  # noqa: FBT001  # true stands for a channel that needs none
    return given if isinstance(given, str) else ""


def _minutes(clock: str) -> int:
    hour, _, minute = clock.partition(":")
    return int(hour) * 60 + int(minute)


def _clock(minutes: int) -> str:
    return f"{minutes // 60:02}:{minutes % 60:02}"
