"""A priority that is lowered when time is nearly up is counted and shown (semantics P3)."""

from __future__ import annotations

from services.escalator.domain.items import Said
from services.escalator.metrics import EscalatorMetrics
from shared.contracts import Author, Change, SlaSuspiciousDowngrade, TicketReclassified
from shared.contracts.vocabulary import AuthorKind
from shared.observability.metrics import Catalogue
from tests.support.builders import AGENT, SYSTEM, TICKET
from tests.support.cases import Story, at


def lowered(story: Story, clock: str, to: str = "low", by: Author = AGENT) -> list[Said]:
    changes = {"priority": Change(from_="", to=to)}
    payload = TicketReclassified(ticket_id=TICKET, changes=changes, reason="priority", by=by)
    return story.tell(payload, clock)


def shown(said: list[Said]) -> list[SlaSuspiciousDowngrade]:
    return [one.payload for one in said if isinstance(one.payload, SlaSuspiciousDowngrade)]


def high() -> Story:
    """First response within 120 minutes of 10:00."""
    story = Story()
    story.open("high", "professional")
    return story


def test_P3_three_quarters_of_a_promise_make_it_suspicious() -> None:
    story = high()
    story.pass_to("11:30")

    [told] = shown(lowered(story, "11:30"))

    assert (told.metric, told.cycle, told.used_percent) == ("first_response", 1, 75)
    assert (told.from_priority, told.to_priority, told.by) == ("high", "low", "ana")


def test_P3_less_than_that_is_nobodys_business() -> None:
    assert shown(lowered(high(), "11:29:59.999")) == []


def test_P3_only_people_are_suspected() -> None:
    assert shown(lowered(high(), "11:50", by=SYSTEM)) == []
    assert shown(lowered(high(), "11:50", by=Author(kind=AuthorKind.CUSTOMER, id="acme"))) == []


def test_P3_raising_is_never_suspicious() -> None:
    assert shown(lowered(high(), "11:50", to="critical")) == []


def test_P3_a_promise_that_was_kept_is_none_to_escape() -> None:
    story = high()
    story.agent_replies("11:40")

    assert shown(lowered(story, "11:50")) == []


def test_P3_it_is_told_of_a_broken_promise_too_and_takes_nothing_back() -> None:
    story = high()
    story.pass_to("12:00")

    [told] = shown(lowered(story, "12:30"))

    assert told.used_percent == 125
    assert story.case.timeline.clocks[0].state == "breached_running"


def test_P3_the_same_fact_heard_again_has_the_same_id() -> None:
    first, second = high(), high()

    assert [one.id for one in lowered(first, "11:50")] == [
        one.id for one in lowered(second, "11:50")
    ]


def test_P3_it_is_counted() -> None:
    catalogue = Catalogue("escalator")
    metrics = EscalatorMetrics(catalogue)
    for one in lowered(high(), "11:50"):
        metrics.count(one, at("11:50"))

    name = "tierline_sla_suspicious_downgrades_total"
    labels = {"service": "escalator", "metric": "first_response"}
    assert catalogue.registry.get_sample_value(name, labels) == 1
