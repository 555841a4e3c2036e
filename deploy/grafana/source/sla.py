"""The board of promises: what was promised, how much of it was kept, what is about to break."""

from __future__ import annotations

from typing import Final

from grafana_foundation_sdk.builders.dashboard import Dashboard

from .board import made
from .panels import PER_HOUR, SECONDS, SHARE, Panel, bars, lines, number
from .promql import CUSTOMERS, compliance, now, per_hour, total, within

CHOSEN: Final = 'priority=~"$priority"'
_BOTH: Final = f"{CUSTOMERS},{CHOSEN}"


def board() -> Dashboard:
    """The board."""
    rows = {
        "Promises in the period": _kept(),
        "Promises now": _now(),
        "Broken, warned, taken back": _broken(),
        "How the engine itself keeps time": _engine(),
    }
    return made(
        "sla",
        "SLA",
        "What was promised to customers and how much of it was kept.",
        rows,
        [("priority", "tierline_sla_verdicts_total")],
    )


def _kept() -> list[Panel]:
    first, whole = f'metric="first_response",{CHOSEN}', f'metric="resolution",{CHOSEN}'
    rule = (
        "Met, divided by met and missed, in the period. Cancelled promises count nowhere, a miss that a late fact"
        " disproved is taken off again (rule K13)."
    )
    return [
        number("First responses in time", compliance("", first), rule, unit=SHARE, good=0.9, alert="PromisesBroken"),
        number("Solutions in time", compliance("", whole), rule, unit=SHARE, good=0.9, alert="PromisesBroken"),
        number(
            "Solutions in time, first try",
            compliance("", f'{whole},cycle="first"'),
            f"As before, only of a ticket's first cycle: what came after it was reopened is left out (rule R3). {rule}",
            unit=SHARE,
            good=0.9,
        ),
        number(
            "Promises judged",
            total("tierline_sla_verdicts_total", "", f'{_BOTH},verdict=~"met|missed"'),
            "How many the shares rest on: with few of them a share says little.",
        ),
        number(
            "Promises broken",
            total("tierline_sla_verdicts_total", "", f'{_BOTH},verdict="missed"'),
            "Deadlines that passed without what was promised.",
            bad=1,
        ),
        number(
            "Breaches withdrawn",
            total("tierline_sla_verdicts_total", "", f'{_BOTH},verdict="withdrawn"'),
            "Announced breaches that a fact which reached us late disproved (rule T3).",
        ),
        bars("Kept, by promise", compliance("metric", CHOSEN), "{{metric}}", rule, unit=SHARE),
        bars("Kept, by priority", compliance("priority", _BOTH), "{{priority}}", rule, unit=SHARE),
        lines(
            "Time used by promises that were kept",
            [
                (within(q, "tierline_sla_used_seconds", "metric", _BOTH, over="1h"), f"{{{{metric}}}}, {name}")
                for q, name in ((0.5, "half"), (0.9, "nine of ten"))
            ],
            "Seconds that counted, of the last hour's promises: half of them took no longer, nine of ten took no longer."
            " Pauses and closed hours do not count.",
            unit=SECONDS,
        ),
        bars(
            "Targets in force",
            now("tierline_sla_target_seconds", "policy, metric", where=_BOTH),
            "{{policy}} {{metric}}",
            "The workflow's target of each pair of priority and customer tier, in seconds of service time.",
            unit=SECONDS,
        ),
    ]  # fmt: skip


def _now() -> list[Panel]:
    labels = "metric, priority"
    running, overdue = "tierline_sla_clocks_running", "tierline_sla_clocks_overdue"
    return [
        lines(
            "Promises that run",
            [(now(running, labels, "metric", _BOTH), "{{metric}}")],
            "Promises whose time counts and whose deadline has not passed (rule K1). Waiting ones are not counted.",
            stacked=True,
        ),
        lines(
            "Promises that are overdue",
            [(now(overdue, labels, "metric", _BOTH), "{{metric}}")],
            "Deadlines that have passed and that nobody has met yet: who is waiting too long at this moment.",
            stacked=True,
        ),
    ]


def _broken() -> list[Panel]:
    return [
        lines(
            "Warnings, by threshold",
            [(per_hour("tierline_sla_warnings_total", "threshold", CUSTOMERS), "{{threshold}} %")],
            "Thresholds crossed an hour, in percent of a target; above 100 they are reminders of what is overdue.",
            unit=PER_HOUR,
            stacked=True,
        ),
        bars(
            "Breaches, by priority and customer tier",
            total("tierline_sla_breaches_total", "priority, tier", _BOTH),
            "{{priority}}, {{tier}}",
            "Deadlines that passed in the period, misses taken over by a merge among them.",
            alert="PromisesBroken",
        ),
        lines(
            "Breaches over time",
            [(per_hour("tierline_sla_breaches_total", "metric", _BOTH), "{{metric}}")],
            "Deadlines that passed, an hour.",
            unit=PER_HOUR,
            stacked=True,
        ),
        lines(
            "What looks odd",
            [
                (per_hour("tierline_sla_pauses_refused_total"), "waiting for a customer nobody asked"),
                (per_hour("tierline_sla_suspicious_downgrades_total"), "lowered when most of the time was used"),
                (per_hour("tierline_late_beyond_retention_total"), "facts a week after closing"),
                (per_hour("tierline_sla_withdrawn_total"), "announcements taken back"),
            ],
            "Facts that make a clock look better than it is, or that came too late, an hour (rules Z2, P3, T3).",
            unit=PER_HOUR,
        ),
    ]  # fmt: skip


def _engine() -> list[Panel]:
    late = "tierline_timer_lateness_seconds"
    return [
        lines(
            "How late deadlines are announced",
            [(within(0.5, late, over="5m"), "half"), (within(0.99, late, over="5m"), "99 of 100")],
            "Seconds between the instant of a threshold and its being written, of the last five minutes. The goal is a second.",
            unit=SECONDS,
            alert="DeadlinesLate",
        ),
        lines(
            "Due tickets put off",
            [(per_hour("tierline_timer_failures_total"), "put off")],
            "Tickets that were due and could not be worked on, an hour: each is tried again a minute later.",
            unit=PER_HOUR,
            alert="DueCasePutOff",
        ),
    ]
