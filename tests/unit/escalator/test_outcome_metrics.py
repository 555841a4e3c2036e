"""What is counted of promises and escalations, from the facts that make it so."""

from __future__ import annotations

from datetime import datetime

from services.escalator.domain.items import Deescalate, Heard, Request, Said
from services.escalator.metrics import EscalatorMetrics
from shared.contracts import Payload, TicketRated, TicketResolved
from shared.observability.metrics import Catalogue
from shared.policy import WorkflowPolicy, load_workflow
from tests.support.builders import AGENT, TICKET
from tests.support.cases import Story, at


class Counted(Story):
    """A story whose every step is counted."""

    def __init__(self, policy: WorkflowPolicy | None = None, *, levels: bool = False) -> None:
        super().__init__(policy, levels=levels)
        catalogue = Catalogue("escalator")
        self.registry = catalogue.registry
        self.outcomes = EscalatorMetrics(catalogue).outcomes

    def hear(self, heard: Heard, now: datetime) -> list[Said]:
        before = self.case
        said = super().hear(heard, now)
        self.outcomes.count(before, heard, self.case, said, self.policy)
        return said

    def value(self, name: str, **labels: str) -> float | None:
        """One series as it would be served; None for one that is not there."""
        found = {"service": "escalator", **labels}
        return self.registry.get_sample_value(f"tierline_{name}", found)

    def verdicts(self, verdict: str, *, cycle: str = "first") -> float | None:
        """Of first responses to critical tickets."""
        labels = {"metric": "first_response", "priority": "critical"}
        return self.value("sla_verdicts_total", cycle=cycle, verdict=verdict, **labels)

    def tell(self, payload: Payload, clock: str, *, heard: str | None = None) -> list[Said]:
        """As in every story; then the log is heard to that instant, so that nothing is held back."""
        said = super().tell(payload, clock, heard=heard)
        return [*said, *self.pass_to(heard or clock)]

    def escalate(self, clock: str) -> list[Said]:
        """Somebody asks for the next level."""
        wish = Request(by="a-1", reason="outside_authority", at=at(clock), key=clock)
        return self.hear(wish, at(clock))


def critical(policy: WorkflowPolicy | None = None) -> Counted:
    story = Counted(policy)
    story.open("critical", "enterprise")
    return story


def test_K13_a_promise_that_was_kept_counts_as_met() -> None:
    story = critical()
    story.agent_replies("10:10")

    assert (1, None) == (story.verdicts("met"), story.verdicts("missed"))


def test_K13_a_promise_that_was_broken_counts_as_missed_and_never_as_met() -> None:
    story = critical()
    story.pass_to("10:16")
    story.agent_replies("10:20")

    assert (None, 1) == (story.verdicts("met"), story.verdicts("missed"))


def test_K13_a_miss_that_a_late_fact_disproved_is_withdrawn_and_met() -> None:
    story = critical()
    story.pass_to("10:16")
    story.agent_replies("10:14", heard="10:17")

    counted = [story.verdicts(word) for word in ("met", "missed", "withdrawn")]
    assert [1, 1, 1] == counted


def test_K13_a_cancelled_promise_counts_nowhere() -> None:
    story = critical()
    story.resolved("10:05")

    assert [None, None] == [story.verdicts(word) for word in ("met", "missed")]


def test_R3_the_promises_of_a_reopened_ticket_are_told_apart() -> None:
    story = critical()
    story.agent_replies("10:05")
    story.resolved("10:10")
    story.reopened("10:20")
    story.resolved("10:30")
    labels = {"metric": "resolution", "priority": "critical", "verdict": "met"}

    counted = [story.value("sla_verdicts_total", cycle=c, **labels) for c in ("first", "later")]
    assert [1, 1] == counted


def test_a_first_response_is_timed_as_the_customer_waits() -> None:
    story = critical()
    story.agent_replies("10:10")

    assert 600 == story.value("first_response_seconds_sum", priority="critical")


def test_what_a_promise_used_leaves_pauses_out() -> None:
    story = critical()
    story.agent_replies("10:10")
    story.pending("10:10")
    story.customer_writes("10:40")
    story.resumed("10:40")
    story.resolved("10:50")

    used = story.value("sla_used_seconds_sum", metric="resolution", priority="critical")
    assert 20 * 60 == used


def test_a_ticket_enters_at_the_level_of_its_rule() -> None:
    assert 1 == critical().value("level_entered_total", level="tier_1", by="opening")


def test_G11_a_starting_level_is_where_a_ticket_enters_and_no_escalation() -> None:
    story = critical(load_workflow(None))

    assert 1 == story.value("level_entered_total", level="tier_2", by="opening")
    assert story.value("level_escalated_total", level="tier_1") is None
    assert story.value("time_to_escalate_seconds_count", level="tier_2") is None


def test_an_escalation_is_counted_where_the_ticket_left_and_where_it_came_to() -> None:
    story = critical()
    story.escalate("10:06")

    assert 1 == story.value("level_escalated_total", level="tier_1")
    assert 1 == story.value("level_entered_total", level="tier_2", by="escalation")


def test_the_time_to_escalate_is_that_of_the_first_escalation() -> None:
    story = critical()
    story.escalate("10:06")
    story.escalate("10:09")

    assert 360 == story.value("time_to_escalate_seconds_sum", level="tier_2")
    assert story.value("time_to_escalate_seconds_sum", level="tier_3") is None


def test_the_end_of_an_escalation_says_how_long_it_took_and_how_it_ended() -> None:
    story = critical()
    story.escalate("10:06")
    story.resolved("10:16")

    labels = {"level": "tier_2", "outcome": "ticket_resolved"}
    assert 600 == story.value("escalation_open_seconds_sum", **labels)


def test_an_escalation_that_somebody_ended_has_another_outcome() -> None:
    story = critical()
    story.escalate("10:06")
    story.hear(Deescalate(reason="understood", at=at("10:07")), at("10:07"))

    labels = {"level": "tier_2", "outcome": "de_escalated"}
    assert 1 == story.value("escalation_open_seconds_count", **labels)


def test_a_solution_counts_for_the_level_that_has_the_ticket() -> None:
    story = critical()
    story.escalate("10:06")
    story.tell(TicketResolved(ticket_id=TICKET, by=AGENT, first_contact=False), "10:10")

    assert 1 == story.value("level_resolved_total", level="tier_2", first_contact="no")


def test_a_solution_by_the_first_answer_says_so() -> None:
    story = critical()
    story.tell(TicketResolved(ticket_id=TICKET, by=AGENT, first_contact=True), "10:10")

    assert 1 == story.value("level_resolved_total", level="tier_1", first_contact="yes")


def rate(story: Counted, score: int) -> None:
    story.tell(TicketRated(ticket_id=TICKET, score=score, comment_given=False), "11:00")


def test_a_rating_says_whether_the_ticket_had_been_escalated() -> None:
    plain, escalated = critical(), critical()
    escalated.escalate("10:06")
    for story in (plain, escalated):
        story.resolved("10:10")
        rate(story, 2)

    assert 2 == plain.value("rating_by_escalation_score_sum", escalated="no")
    assert 2 == escalated.value("rating_by_escalation_score_sum", escalated="yes")


def test_V13_an_escalation_that_a_bad_rating_raises_was_none_when_it_was_given() -> None:
    story = critical()
    story.resolved("10:10")
    rate(story, 1)

    assert story.case.open_escalation is not None
    assert 1 == story.value("rating_by_escalation_score_count", escalated="no")


def test_what_has_not_happened_yet_is_served_as_0() -> None:
    catalogue = Catalogue("escalator")
    EscalatorMetrics(catalogue).promise(load_workflow(None))

    def value(name: str, **labels: str) -> float | None:
        return catalogue.registry.get_sample_value(name, {"service": "escalator", **labels})

    assert 0 == value("tierline_level_escalated_total", level="tier_1")
    assert 0 == value(
        "tierline_sla_breaches_total", metric="resolution", priority="low", tier="standard"
    )
