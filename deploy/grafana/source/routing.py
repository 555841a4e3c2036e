"""The board of routing: who waits, for how long, and how full the desks are."""

from __future__ import annotations

from grafana_foundation_sdk.builders.dashboard import Dashboard

from .board import made
from .panels import PER_HOUR, PER_SECOND, SECONDS, SHARE, Panel, bars, lines, number
from .promql import now, per_hour, per_second, total, within

_CHOSEN = 'queue=~"$queue"'
_WAIT = "tierline_assignment_wait_seconds"


def board() -> Dashboard:
    """The board."""
    rows = {"The line": _line(), "The desks": _desks(), "What did not fit": _odd()}
    return made(
        "routing",
        "Routing",
        "Tickets that wait for an agent, and the agents who take them.",
        rows,
        [("queue", "tierline_queue_depth")],
    )


def _line() -> list[Panel]:
    depth, oldest = "tierline_queue_depth", "tierline_queue_oldest_seconds"
    return [
        number("Waiting for an agent", now(depth, "queue", "", _CHOSEN), "Tickets in a queue that nobody has."),
        number(
            "Longest wait",
            now(oldest, "", where=_CHOSEN),
            "How long the oldest ticket of all queues has waited, in seconds.",
            unit=SECONDS,
        ),
        number("Given out", total(f"{_WAIT}_count", "", _CHOSEN), "Tickets that the dispatcher gave to an agent."),
        number(
            "Given out within",
            within(0.9, _WAIT, "", _CHOSEN),
            "Nine of ten waited no longer, in seconds from having nobody to having an agent.",
            unit=SECONDS,
        ),
        number(
            "Nobody could take",
            total("tierline_unroutable_total", "", _CHOSEN),
            "Tickets announced as unroutable: nobody on shift has the skills, even with an empty desk (rule G5).",
            bad=1,
        ),
        lines("Queues", [(now(depth, "queue", where=_CHOSEN), "{{queue}}")], "Tickets that wait, by queue.", stacked=True),
        lines(
            "Oldest ticket, by queue",
            [(now(oldest, "queue", where=_CHOSEN), "{{queue}}")],
            "How long the first in line has waited, in seconds.",
            unit=SECONDS,
        ),
        lines(
            "Wait until given out",
            [
                (within(0.5, _WAIT, "queue", _CHOSEN, over="15m"), "{{queue}}, half"),
                (within(0.9, _WAIT, "queue", _CHOSEN, over="15m"), "{{queue}}, nine of ten"),
            ],
            "Seconds from a ticket having nobody to its assignment, of the last quarter of an hour.",
            unit=SECONDS,
        ),
        lines(
            "Given out over time",
            [(per_hour(f"{_WAIT}_count", "queue", _CHOSEN), "{{queue}}")],
            "Tickets that the dispatcher gave to an agent, an hour.",
            unit=PER_HOUR,
            stacked=True,
        ),
    ]  # fmt: skip


def _desks() -> list[Panel]:
    return [
        lines(
            "How full the desks are",
            [(now("tierline_agent_utilisation", "team"), "{{team}}")],
            "Load divided by capacity of a team's agents who are at work now; 100 % is full.",
            unit=SHARE,
        ),
        lines(
            "Agents",
            [(now("tierline_agents", "standing"), "{{standing}}")],
            "People by how they stand: online, busy, away, suspect (nobody has heard of them), off shift, offline.",
            stacked=True,
        ),
    ]


def _odd() -> list[Panel]:
    return [
        lines(
            "Not accepted in time",
            [(per_hour("tierline_acceptances_timed_out_total", "level"), "{{level}}")],
            "Assignments that nobody accepted within the level's time and that were taken back, an hour.",
            unit=PER_HOUR,
        ),
        bars(
            "Asked for less",
            total("tierline_relaxations_total", "step"),
            "{{step}}",
            "Steps by which tickets that waited long came to ask for less skill, or for other teams.",
        ),
        bars(
            "Wishes not followed",
            total("tierline_assignment_requests_refused_total", "reason"),
            "{{reason}}",
            "Assignments made in the ticket's own channel, or taken from a page, that were not followed.",
            empty="none was refused",
        ),
        bars(
            "Unroutable, by queue",
            total("tierline_unroutable_total", "queue", _CHOSEN),
            "{{queue}}",
            "Tickets that nobody could take even with an empty desk.",
            empty="none was unroutable",
        ),
        lines(
            "A round of the dispatcher",
            [(within(0.99, "tierline_worker_step_seconds", "", 'worker="dispatcher"', over="5m"), "99 of 100")],
            "Seconds that one round of matching takes; 99 of 100 took no longer.",
            unit=SECONDS,
        ),
        lines(
            "Rounds that gave out tickets",
            [(per_second("tierline_dispatch_matches_count"), "rounds")],
            "Rounds of matching that gave out at least one ticket, a second.",
            unit=PER_SECOND,
        ),
    ]  # fmt: skip
