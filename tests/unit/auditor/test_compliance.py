"""Shares of kept promises (semantics K13, R3)."""

from __future__ import annotations

from services.auditor.compliance import compliance
from services.auditor.shares import Compliance, Share
from shared.contracts import Event, SlaBreached, SlaCancelled, SlaClosedLate, SlaMet, SlaWithdrawn
from shared.contracts.vocabulary import JumpCause, Metric
from tests.support.builders import a, an_event


def ticket(*said: tuple[type, int] | tuple[type, int, dict[str, object]]) -> list[Event]:
    """What was published of one ticket's resolution clocks: `(type, cycle)`."""
    return [
        an_event(
            a(one[0], metric=Metric.RESOLUTION, cycle=one[1], **(one[2] if len(one) > 2 else {})),
            sequence=n,
        )
        for n, one in enumerate(said, 1)
    ]


def of(*tickets: list[Event]) -> Compliance | None:
    return next(iter(compliance(tickets)), None)


def every(*tickets: list[Event]) -> Share | None:
    found = of(*tickets)
    return found.every if found else None


def test_K13_met_by_met_and_breached() -> None:
    kept, late = ticket((SlaMet, 1)), ticket((SlaBreached, 1), (SlaClosedLate, 1))

    assert every(kept, kept, kept, late) == Share(met=3, breached=1)
    assert Share(met=3, breached=1).percent == 75


def test_K13_a_breach_of_a_clock_that_still_runs_is_one() -> None:
    assert every(ticket((SlaBreached, 1))) == Share(breached=1)


def test_K13_cancelled_clocks_and_withdrawn_breaches_count_nowhere() -> None:
    withdrawn = ticket((SlaBreached, 1), (SlaWithdrawn, 1, {"threshold_percent": None}))

    assert of(ticket((SlaCancelled, 1)), withdrawn) is None
    assert of() is None


def test_K13_a_breach_withdrawn_because_it_was_met_is_met() -> None:
    told = ticket((SlaBreached, 1), (SlaWithdrawn, 1, {"threshold_percent": None}), (SlaMet, 1))

    assert every(told) == Share(met=1)


def test_K13_a_breach_that_a_merge_brought_is_its_sources() -> None:
    source = ticket((SlaBreached, 1), (SlaCancelled, 1))
    target = ticket((SlaBreached, 1, {"cause": JumpCause.MERGED}), (SlaClosedLate, 1))

    assert every(source, target) == Share(breached=1)


def test_K13_without_a_verdict_there_is_no_share() -> None:
    assert Share().percent is None


def test_R3_both_readings_of_a_chain_of_cycles() -> None:
    late_at_last = ticket((SlaMet, 1), (SlaMet, 2), (SlaBreached, 3))
    late_at_first = ticket((SlaBreached, 1), (SlaClosedLate, 1), (SlaMet, 2))
    once = ticket((SlaMet, 1))

    found = of(late_at_last, late_at_first, once)

    assert found is not None
    assert found.first == Share(met=2, breached=1)
    assert found.last == Share(met=2, breached=1)
    assert found.every == Share(met=4, breached=2)
