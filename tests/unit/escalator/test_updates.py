"""Regular updates to the customer (K8): off unless a cell of the matrix names how often."""

from __future__ import annotations

from shared.contracts.vocabulary import Metric
from tests.support.cases import Story, a_policy, of_clocks

UPDATE = Metric.PERIODIC_UPDATE


def hourly() -> Story:
    """High/professional, where an update is owed every 60 minutes; answered at 10:10."""
    story = Story(
        a_policy(
            """
            version: 1
            conditions: {vip: customer_vip}
            routing_rules: [{action: assign_to_frontline}]
            SLA_MATRIX:
              high/professional: {first_response: 120, resolution: 720, periodic_update: 60}
            """
        )
    )
    story.open("high", "professional")
    story.agent_replies("10:10")
    return story


def test_K8_nobody_is_owed_an_update_by_default() -> None:
    story = Story()
    story.open("high", "professional")

    assert [] == of_clocks(story.agent_replies("10:10"), UPDATE)


def test_K8_each_public_reply_is_the_last_update_and_promises_the_next() -> None:
    story = hourly()
    story.pass_to("10:49")

    assert [
        "10:50:00 sla.met periodic_update",
        "10:50:00 sla.started periodic_update",
    ] == of_clocks(story.agent_replies("10:50"), UPDATE)
    assert ["11:50:00 sla.breached periodic_update"] == [
        line for line in of_clocks(story.pass_to("11:55"), UPDATE) if "breached" in line
    ]


def test_K8_solving_ends_it() -> None:
    story = hourly()
    story.pass_to("10:39")

    assert ["10:40:00 sla.met periodic_update"] == of_clocks(story.resolved("10:40"), UPDATE)
    assert [] == of_clocks(story.pass_to("18:00"), UPDATE)


def test_K8_Z1_it_stands_while_the_ticket_waits_for_the_customer() -> None:
    story = hourly()

    assert ["10:40:00 sla.paused periodic_update"] == of_clocks(story.pending("10:40"), UPDATE)
    assert [] == of_clocks(story.pass_to("20:00"), UPDATE)
    assert ["20:00:00 sla.resumed periodic_update"] == of_clocks(
        story.customer_writes("20:00"), UPDATE
    )
