"""The note that is written on a ticket at risk (semantics L11)."""

from __future__ import annotations

import pytest

from services.notifier.domain.delivery import Outcome
from services.notifier.domain.ticket import Ticket
from services.notifier.notes.door import classify
from services.notifier.notes.note import Mark, Note, changes, note_of
from shared.contracts import Payload, SlaBreached, SlaWarning, SlaWithdrawn
from shared.contracts.vocabulary import JumpCause, Metric
from tests.support.builders import TICKET, a, an_event
from tests.support.telling import a_policy

KNOWN = Ticket(ticket_id=TICKET, priority="high", level="tier_1")


def body(said: Payload) -> str | None:
    note = note_of(an_event(said), KNOWN, a_policy())
    return note.body if note else None


def test_L11_the_warning_at_80_percent_is_noted() -> None:
    said = body(a(SlaWarning, threshold_percent=80, cause=None))

    assert said is not None
    assert said.startswith("80 % of the first response time is used:")
    assert "tier 2" in said


@pytest.mark.parametrize("percent", [50, 75, 90, 125])
def test_L11_no_other_threshold_is(percent: int) -> None:
    assert body(a(SlaWarning, threshold_percent=percent, cause=None)) is None


def test_P2_a_clock_that_jumps_over_it_is_noted_at_the_next() -> None:
    assert body(a(SlaWarning, threshold_percent=90, cause=JumpCause.REPRICED)) is not None


def test_L11_a_level_s_own_time_promises_nobody_anything() -> None:
    assert body(a(SlaWarning, threshold_percent=80, metric=Metric.LEVEL_WORK)) is None


def test_L11_a_breach_is_no_warning() -> None:
    assert body(a(SlaBreached)) is None


def test_L11_the_id_follows_from_the_event() -> None:
    event = an_event(a(SlaWarning, threshold_percent=80, cause=None))
    first, again = (note_of(event, KNOWN, a_policy()) for _ in range(2))

    assert first == again


def test_T3_a_warning_that_is_withdrawn_leaves_no_note_and_its_mark() -> None:
    warned = an_event(a(SlaWarning, threshold_percent=80, cause=None))
    withdrawn = an_event(a(SlaWithdrawn, threshold_percent=80), sequence=2)
    again = an_event(a(SlaWarning, threshold_percent=80, cause=None), sequence=3)
    tickets = {TICKET: KNOWN}

    assert ([], 1) == _counted(changes([warned, withdrawn], tickets, a_policy()))
    notes, marks = changes([warned, withdrawn, again], tickets, a_policy())
    assert ([note_of(again, KNOWN, a_policy())], 1) == (notes, len(marks))


def test_T3_a_breach_that_is_withdrawn_is_about_no_note() -> None:
    assert ([], set()) == changes([an_event(a(SlaWithdrawn))], {}, a_policy())


def _counted(found: tuple[list[Note], set[Mark]]) -> tuple[list[Note], int]:
    return found[0], len(found[1])


@pytest.mark.parametrize(
    ("status", "outcome"),
    [
        (202, Outcome.SENT),
        (200, Outcome.SENT),
        (404, Outcome.RETRY),
        (503, Outcome.RETRY),
        (409, Outcome.DEAD),
        (422, Outcome.DEAD),
    ],
)
def test_what_may_be_put_right_is_tried_again(status: int, outcome: Outcome) -> None:
    assert outcome is classify(status).outcome
