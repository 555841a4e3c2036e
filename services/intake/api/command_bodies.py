"""What callers may send about a ticket that is there: one body a command."""

from __future__ import annotations

from typing import Annotated, Final, Self

from pydantic import AfterValidator, AwareDatetime, Field, JsonValue, model_validator

from services.intake.domain.commands import (
    AddMessage,
    Close,
    Pause,
    Rate,
    Reopen,
    RequestEscalation,
    Resolve,
    Resume,
    SetPriority,
)
from shared.contracts.vocabulary import AuthorKind, CloseReason, Grade, PauseReason, Priority

from .bodies import Body, By, CommandBody, Text, Word, example_of, some

_AGENT: Final[JsonValue] = {"kind": "agent", "id": "ana"}


class MessageBody(Body):
    """Something written. `automatic`: by no person, so it answers nothing (semantics K3)."""

    model_config = example_of(author=_AGENT, body="Have you tried it again since noon?")

    occurred_at: AwareDatetime | None = None
    author: By
    body: Annotated[Text, AfterValidator(some)]
    public: bool = True
    automatic: bool = False

    @property
    def by(self) -> By:
        """Who wrote it."""
        return self.author

    def command(self) -> AddMessage:
        """Add it."""
        return AddMessage(body=self.body, public=self.public, automatic=self.automatic)


class PauseBody(CommandBody):
    """Wait for somebody else; for a third party, `note` says for whom (semantics Z2)."""

    model_config = example_of(
        reason="waiting_on_third_party", note="The carrier looks into it.", by=_AGENT
    )

    reason: PauseReason
    note: Text | None = None

    @model_validator(mode="after")
    def _says_for_whom(self) -> Self:
        if self.reason is PauseReason.WAITING_ON_THIRD_PARTY and not self.note:
            raise ValueError("note: say for whom the ticket waits")
        return self

    def command(self) -> Pause:
        """Pause."""
        return Pause(reason=self.reason, note=self.note)


class ResumeBody(CommandBody):
    """The waiting is over."""

    model_config = example_of(by=_AGENT)

    def command(self) -> Resume:
        """Resume."""
        return Resume()


class ResolutionBody(CommandBody):
    """It is solved."""

    model_config = example_of(resolution_code="fixed", by=_AGENT)

    resolution_code: Word | None = None

    def command(self) -> Resolve:
        """Resolve."""
        return Resolve(resolution_code=self.resolution_code)


class ReopeningBody(CommandBody):
    """It was not solved."""

    model_config = example_of(by={"kind": "customer", "id": "customer-1"})

    def command(self) -> Reopen:
        """Reopen."""
        return Reopen()


class ClosingBody(CommandBody):
    """The end; a ticket that is not resolved is resolved by it."""

    model_config = example_of(reason="confirmed")

    reason: CloseReason = CloseReason.CONFIRMED

    def command(self) -> Close:
        """Close."""
        return Close(reason=self.reason)


class RatingBody(CommandBody):
    """The customer's rating."""

    model_config = example_of(score=5, comment="That was quick.")

    by: By = By(kind=AuthorKind.CUSTOMER)
    score: Annotated[int, Field(ge=1, le=5)]
    comment: Text | None = None

    def command(self) -> Rate:
        """Rate."""
        return Rate(score=self.score, comment=self.comment)


class PriorityBody(CommandBody):
    """Another priority, or another impact or urgency; an agent who lowers gives a reason (P3)."""

    model_config = example_of(impact="high", urgency="high", by=_AGENT)

    priority: Priority | None = None
    impact: Grade | None = None
    urgency: Grade | None = None
    reason: Text | None = None

    def command(self) -> SetPriority:
        """Set it."""
        return SetPriority(
            priority=self.priority, impact=self.impact, urgency=self.urgency, note=self.reason
        )


class EscalationBody(CommandBody):
    """A higher level is asked for; `reason` is one of the workflow's manual reasons (V16)."""

    model_config = example_of(reason="manager_requested", to_level="management", by=_AGENT)

    by: By = By(kind=AuthorKind.AGENT)
    reason: Word
    to_level: Word | None = None

    def command(self) -> RequestEscalation:
        """Ask."""
        return RequestEscalation(reason=self.reason, to_level=self.to_level)
