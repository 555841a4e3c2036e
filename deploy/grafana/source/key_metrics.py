"""The managers' board of key metrics: operational, quality, efficiency, business impact; then escalation."""

from __future__ import annotations

from typing import Final

from grafana_foundation_sdk.builders.dashboard import Dashboard

from . import escalation
from .board import made
from .panels import PER_HOUR, SCORE, SECONDS, SHARE, Panel, bars, lines, number, words
from .promql import CUSTOMERS, compliance, mean, now, per_hour, share, total, within

_OPENED: Final = "tierline_tickets_opened_total"
_SOLVED: Final = "tierline_tickets_resolved_total"
_REPLY: Final = "tierline_first_response_seconds"
_SOLUTION: Final = "tierline_resolution_seconds"
_RATING: Final = "tierline_rating_score"

#: What the services do not know, and so nobody can draw from them.
_UNKNOWN: Final = """\
The four services see tickets, promises, people and messages. Whether a customer stays and what they pay is not among
their facts, so **customer retention** and **revenue impact** are not on this board: a correlation needs renewals and
revenue from the systems that know them. What the services do know about tickets that matter to the business is below:
broken promises, returning tickets and ratings by customer tier.
"""


def board() -> Dashboard:
    """The board."""
    rows = {
        "Operational: volume, response, resolution": _operational(),
        "Quality: satisfaction, first contact, escalation": _quality(),
        "Efficiency: people, backlog, promises": _efficiency(),
        "Business impact": _business(),
        "Escalation: the six metrics": escalation.six(),
    }
    return made("key-metrics", "Key metrics", "The figures a support manager asks for.", rows)


def _operational() -> list[Panel]:
    customers = "As the customer waits: nights and pauses included."
    return [
        number("New tickets", total(_OPENED), "Tickets opened in the period, over all channels."),
        number("Solved tickets", total(_SOLVED), "Solutions in the period; a ticket that came back and was solved again counts twice."),
        number(
            "Solved for each new one",
            share(total(_SOLVED), total(_OPENED)),
            "Solutions divided by new tickets. Below 100 % the backlog grows.",
            unit=SHARE,
            good=1.0,
        ),
        number(
            "Came back after the solution",
            share(total("tierline_tickets_reopened_total"), total(_SOLVED)),
            "Reopened tickets, divided by solutions.",
            unit=SHARE,
        ),
        number(
            "Typical first response",
            within(0.5, _REPLY),
            f"Half of the customers had a person's first answer within this time, in seconds. {customers}",
            unit=SECONDS,
        ),
        number(
            "Typical solution",
            within(0.5, _SOLUTION),
            f"Half of the tickets were solved within this time after their opening, in seconds. {customers}",
            unit=SECONDS,
        ),
        lines("New tickets, by channel", [(per_hour(_OPENED, "channel"), "{{channel}}")], "Tickets opened, an hour.", unit=PER_HOUR, stacked=True),
        lines("New and solved", [(per_hour(_OPENED), "new"), (per_hour(_SOLVED), "solved")], "Tickets opened and solved, an hour.", unit=PER_HOUR),
        bars("New tickets, by category", total(_OPENED, "category"), "{{category}}", "Tickets opened in the period, by what they are about."),
        bars("New tickets, by priority", total(_OPENED, "priority"), "{{priority}}", "Tickets opened in the period, by their priority at the opening (rule P6)."),
        bars("New tickets, by customer tier", total(_OPENED, "tier"), "{{tier}}", "Tickets opened in the period, by the customer's tier."),
        bars(
            "First response, by priority",
            within(0.9, _REPLY, "priority"),
            "{{priority}}, nine of ten within",
            f"Nine of ten customers had a first answer within this time, in seconds. {customers}",
            unit=SECONDS,
        ),
        bars(
            "Solution, by priority",
            within(0.9, _SOLUTION, "priority"),
            "{{priority}}, nine of ten within",
            f"Nine of ten tickets were solved within this time, in seconds. {customers}",
            unit=SECONDS,
        ),
        bars(
            "Wait for an agent, by queue",
            within(0.9, "tierline_assignment_wait_seconds", "queue"),
            "{{queue}}, nine of ten within",
            "Nine of ten tickets had an agent within this time, in seconds.",
            unit=SECONDS,
        ),
    ]  # fmt: skip


def _quality() -> list[Panel]:
    all_of_them, up_to_3 = total(f"{_RATING}_count"), total(f"{_RATING}_bucket", "", 'le=~"3|3.0"')
    satisfied = f"{all_of_them} - {up_to_3}"
    return [
        number("Rating, mean", mean(_RATING), "Mean of the customers' ratings in the period, from 1 to 5.", unit=SCORE, good=4.0),
        number(
            "Satisfied customers",
            share(satisfied, all_of_them),
            "Of all ratings, those of 4 or 5.",
            unit=SHARE,
        ),
        number("Ratings", total(f"{_RATING}_count"), "How many ratings the figures rest on."),
        number(
            "Solved at first contact",
            share(total(_SOLVED, "", 'first_contact="yes"'), total(_SOLVED)),
            "Of all solutions, those by the first answer, without an escalation (rule V18).",
            unit=SHARE,
            good=0.75,
        ),
        number(
            "Escalated tickets",
            share(total("tierline_time_to_escalate_seconds_count"), total(_OPENED)),
            "Tickets escalated for the first time, divided by new tickets. A starting level is no escalation (rule G11).",
            unit=SHARE,
        ),
        number("Escalations", total("tierline_level_escalated_total"), "Times that a ticket was raised from a level; one ticket may be raised more than once."),
        bars("Rating, by customer tier", mean(_RATING, "tier"), "{{tier}}", "Mean of the ratings in the period, by the customer's tier.", unit=SCORE),
        bars(
            "Solved at first contact, by category",
            share(total(_SOLVED, "category", 'first_contact="yes"'), total(_SOLVED, "category")),
            "{{category}}",
            "Of the solutions in a category, those by the first answer, without an escalation.",
            unit=SHARE,
        ),
    ]  # fmt: skip


def _efficiency() -> list[Panel]:
    labels = "status, priority, age"
    backlog = "tierline_tickets_open"
    rule = (
        "Promises met, divided by those met and missed; cancelled ones count nowhere, withdrawn misses are taken off"
        " (rule K13)."
    )
    return [
        number("Backlog", now(backlog, labels, ""), "Tickets that nobody has settled: new, open, pending or on hold."),
        number(
            "Older than three days",
            now(backlog, labels, "", 'age=~"3d_to_7d|over_7d"'),
            "Tickets of the backlog that were opened more than three days ago.",
            bad=1,
        ),
        number("First responses in time", compliance("", 'metric="first_response"'), rule, unit=SHARE, good=0.9),
        number("Solutions in time", compliance("", 'metric="resolution"'), rule, unit=SHARE, good=0.9),
        number(
            "Solutions in time, first try",
            compliance("", 'metric="resolution",cycle="first"'),
            f"Without what came after a ticket was reopened (rule R3). {rule}",
            unit=SHARE,
            good=0.9,
        ),
        number(
            "Busiest team",
            "max(tierline_agent_utilisation)",
            "Load divided by capacity, of the team that is fullest now.",
            unit=SHARE,
            bad=1.0,
        ),
        lines("How full the desks are", [(now("tierline_agent_utilisation", "team"), "{{team}}")], "Load divided by capacity of the agents at work, by team.", unit=SHARE),
        lines("Backlog, by age", [(now(backlog, labels, "age"), "{{age}}")], "Tickets that nobody has settled, by the time since their opening.", stacked=True),
        lines("Backlog, by status", [(now(backlog, labels, "status"), "{{status}}")], "Pending ones wait for the customer, those on hold for a third party.", stacked=True),
        bars("Backlog, by priority", now(backlog, labels, "priority"), "{{priority}}", "Tickets that nobody has settled, now."),
        bars("Promises kept, by priority", compliance("priority", 'metric=~"first_response|resolution"'), "{{priority}}", rule, unit=SHARE),
    ]  # fmt: skip


def _business() -> list[Panel]:
    return [
        words("What is not shown here", _UNKNOWN),
        bars(
            "Broken promises, by customer tier",
            total("tierline_sla_breaches_total", "tier", CUSTOMERS),
            "{{tier}}",
            "Deadlines to customers that passed in the period, by the customer's tier.",
        ),
        bars(
            "Returning tickets, by customer tier",
            share(total("tierline_tickets_reopened_total", "tier"), total(_SOLVED, "tier")),
            "{{tier}}",
            "Reopened tickets divided by solutions, by the customer's tier.",
            unit=SHARE,
        ),
    ]
