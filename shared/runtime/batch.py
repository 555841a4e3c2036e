"""A batch: what one transaction of a consumer handles, and the function that handles it."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import TypeAlias
from uuid import UUID

from shared.contracts import Event, FollowUp
from shared.db.engine import Transaction

from .traced import Traced


@dataclass(frozen=True, slots=True)
class Batch:
    """Events nobody here has handled before, in partition order, and the one `now` they share.

    `partitions` says for every subject which partition its events came from. The same ticket may
    stand in it several times, with events of several topics; within a topic they are in sequence.
    `traced` takes the spans of what the handler does.
    """

    events: tuple[Event, ...]
    now: datetime
    partitions: Mapping[str, int]
    traced: Traced = field(default_factory=Traced, compare=False)

    @property
    def subjects(self) -> list[str]:
        """Whom the batch is about: each once, in id order, which is the order to lock rows in."""
        return sorted({event.subject for event in self.events})

    @property
    def ticket_ids(self) -> list[UUID]:
        """The subjects as ticket ids. For handlers of ticket topics."""
        return [UUID(subject) for subject in self.subjects]


#: Applies a batch inside the transaction it is given and says what follows.
#:
#: It awaits nothing but the database, writes no event itself and never commits. Events are facts: a
#: handler refuses none of them for business reasons. What it raises is either transient (the batch
#: is tried again) or parks the events that raise it alone.
Handler: TypeAlias = Callable[[Transaction, Batch], Awaitable[Sequence[FollowUp]]]
