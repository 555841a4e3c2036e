"""What the topics say, by ticket, and the story that the facts of a ticket tell."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from functools import partial
from typing import Final, Literal
from uuid import UUID

from shared.contracts import (
    CalendarChanged,
    Event,
    SlaStarted,
    TicketClosed,
    TicketMerged,
    TicketOpened,
    TicketResolved,
)
from shared.contracts.sla import ClockPayload
from shared.contracts.topics import TICKETS
from shared.policy import WorkflowPolicy

from .calendars import Calendars
from .clock import Clock
from .hours import milliseconds
from .published import unrepeated
from .rules import Rules
from .story import Story

_FOREVER: Final = datetime.max.replace(tzinfo=UTC)

#: Why a ticket cannot be judged.
Lack = Literal["facts", "workflow", "calendar"]

_Order = tuple[datetime, str, int]

#: When a fact was written, and its number on its topic.
Written = tuple[datetime, int]


class Log:
    """The facts of tickets and what was said of their clocks. `policies`: the first one is in force for a
    clock whose `sla.started` nobody published; `begins`: from when each counts, as far as that is known.
    """

    def __init__(
        self,
        events: Iterable[Event],
        policies: Sequence[WorkflowPolicy],
        begins: Sequence[datetime | None] = (),
    ) -> None:
        self.facts: dict[UUID, list[Event]] = defaultdict(list)
        self.said: dict[UUID, list[Event]] = defaultdict(list)
        known = list(events)
        told = (event for event in known if isinstance(event.payload, CalendarChanged))
        self._calendars = Calendars(policies, begins, told)
        self._rules = {p.digest: Rules(p, self._calendars) for p in reversed(policies)}
        self._newest = self._rules[policies[0].digest]
        self._began: dict[UUID, list[tuple[datetime, str]]] = defaultdict(list)
        self._unknown_from: datetime | None = None
        for event in known:
            self._take(event)
        for ticket_id, facts in self.facts.items():
            self.facts[ticket_id] = sorted(unrepeated(facts), key=_place)

    def _take(self, event: Event) -> None:
        match event.payload:
            case TicketMerged() as merged:
                self.facts[merged.into_ticket_id].append(event)
                self.facts[merged.ticket_id].append(event)
            case ClockPayload() as said:
                self.said[said.ticket_id].append(event)
                if isinstance(said, SlaStarted):
                    self._began[said.ticket_id].append((event.time, said.workflow_digest))
                    if said.workflow_digest not in self._rules:
                        self._unknown_from = min(self._unknown_from or event.time, event.time)
            case _ if event.topic == TICKETS:
                self.facts[UUID(event.subject)].append(event)

    def tickets(self, since: datetime) -> list[UUID]:
        """Every ticket of which something was written, or can fall due, after `since`."""
        known = self.facts.keys() | self.said.keys()
        return sorted(ticket_id for ticket_id in known if not self._rests(ticket_id, since))

    def _rests(self, ticket_id: UUID, since: datetime) -> bool:
        """Was it over, and everything about it written, before `since`?"""
        facts = self.facts.get(ticket_id, [])
        over = facts and isinstance(facts[-1].payload, TicketResolved | TicketClosed)
        return bool(over) and all(
            max(event.recorded_time, event.time) <= since
            for event in (*facts, *self.said.get(ticket_id, []))
        )

    def lacks(self, ticket_id: UUID) -> Lack | None:
        """What is missing to tell a ticket's story: one of its facts, or of those of tickets merged into it,
        or a workflow. None when nothing is.
        """
        if not self._has_facts(ticket_id):
            return "facts"
        return None if self._has_workflows(ticket_id) else "workflow"

    def is_unsure(self, clock: Clock) -> bool:
        """Did it count in a calendar about which workflows differ, or which may be another one since a
        workflow was in force that was not given?
        """
        since = self._unknown_from
        late = since is not None and clock.counts_after(milliseconds(since))
        return any(self._calendars.is_unsure(name, late=late) for name in clock.calendars)

    def _has_workflows(self, ticket_id: UUID) -> bool:
        others = {UUID(fact.subject) for fact in self.facts[ticket_id]} - {ticket_id}
        return all(digest in self._rules for _, digest in self._began[ticket_id]) and all(
            self._has_workflows(other) for other in others
        )

    def _has_facts(self, ticket_id: UUID) -> bool:
        mine = [fact for fact in self.facts[ticket_id] if UUID(fact.subject) == ticket_id]
        others = {UUID(fact.subject) for fact in self.facts[ticket_id]} - {ticket_id}
        numbers = sorted({fact.sequence for fact in mine})
        return (
            any(isinstance(fact.payload, TicketOpened) for fact in mine)
            and numbers == list(range(numbers[0], numbers[0] + len(numbers)))
            and all(self._has_facts(other) for other in others)
        )

    def story(
        self,
        ticket_id: UUID,
        *,
        written_by: Written = (_FOREVER, 0),
        before: Event | None = None,
    ) -> Story:
        """What the facts written so far, and of an order before one of them, tell of a ticket."""
        until = (_FOREVER, "", 0) if before is None else _order(before)

        def absorbed(merge: Event) -> Story:
            return self.story(UUID(merge.subject), written_by=written_by, before=merge)

        story = Story(ticket_id, partial(self._in_force, ticket_id), absorbed)
        for fact in self.facts[ticket_id]:
            if written(fact) <= written_by and _order(fact) < until:
                story.hear(fact)
        return story

    def writings(self, ticket_id: UUID) -> list[Written]:
        """When facts that this ticket's clocks rest on were written, first to last."""
        facts = self.facts[ticket_id]
        others = {UUID(fact.subject) for fact in facts} - {ticket_id}
        found = {written(fact) for fact in facts}
        return sorted(found.union(*(self.writings(other) for other in others)))

    def _in_force(self, ticket_id: UUID, at: datetime) -> Rules:
        """The workflow of the clock that began last, at `at` or before; else the newest."""
        began = [(time, digest) for time, digest in self._began[ticket_id] if time <= at]
        return self._rules[max(began)[1]] if began else self._newest


def written(fact: Event) -> Written:
    """The place of a fact in the order of writing, which its readers hear it in."""
    return (fact.recorded_time, fact.sequence)


def _order(fact: Event) -> _Order:
    return (fact.time, fact.source, fact.sequence)


def _place(fact: Event) -> tuple[bool, _Order]:
    """Semantics T2; the opening before all else, whatever its time says."""
    return (not isinstance(fact.payload, TicketOpened), _order(fact))
