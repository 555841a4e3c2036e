"""The board of escalations: what is open, who is raised and why, and the six metrics of escalation."""

from __future__ import annotations

from grafana_foundation_sdk.builders.dashboard import Dashboard

from .board import made
from .panels import PER_HOUR, SCORE, SECONDS, SHARE, Panel, bars, lines, number
from .promql import mean, now, per_hour, share, total, within

_ACKNOWLEDGE = "tierline_acknowledge_seconds"
_CHOSEN = 'level=~"$level"'


def board() -> Dashboard:
    """The board."""
    rows = {"Now": _now(), "The six metrics": six(_CHOSEN), "Why, and how it ended": _why()}
    return made(
        "escalation",
        "Escalation",
        "Tickets raised above the level that held them: how many, why, how fast somebody took responsibility.",
        rows,
        [("level", "tierline_level_entered_total")],
    )


def _now() -> list[Panel]:
    open_ = "tierline_escalations_open"
    return [
        number("Open escalations", now(open_, "level, status", "", _CHOSEN), "Escalations that are not over."),
        number(
            "Nobody has taken",
            now(open_, "level, status", "", f'{_CHOSEN},status="open"'),
            "Open escalations for which nobody has taken responsibility yet.",
            bad=5,
        ),
        number(
            "Acknowledged within",
            within(0.9, _ACKNOWLEDGE, "", _CHOSEN),
            "Nine of ten were acknowledged within this time, in seconds from being raised (rule L4).",
            unit=SECONDS,
        ),
        number(
            "Escalations raised or advanced",
            total("tierline_escalations_total", "", f'{_CHOSEN},reason!="repeated"'),
            "Times that an escalation began or moved on; pages of a level that did not answer are not counted again.",
        ),
        lines(
            "Open escalations, by level",
            [(now(open_, "level, status", "level", _CHOSEN), "{{level}}")],
            "Escalations that are not over, by the level reached.",
            stacked=True,
        ),
        lines(
            "Raised, by reason",
            [(per_hour("tierline_escalations_total", "reason", _CHOSEN), "{{reason}}")],
            "Escalations begun or moved on, an hour, by the trigger or the reason of the step (rules V, L3).",
            unit=PER_HOUR,
            stacked=True,
        ),
    ]  # fmt: skip


def six(where: str = "") -> list[Panel]:
    """The six metrics of escalation, by level."""
    raised, came = "tierline_level_escalated_total", "tierline_level_entered_total"
    solved = "tierline_level_resolved_total"
    also = f",{where}" if where else ""
    ended = "tierline_escalation_open_seconds"
    return [
        bars(
            "1. Escalation rate, by level",
            share(total(raised, "level", where), total(came, "level", where)),
            "{{level}}",
            "Of the tickets that came to a level, the share that was raised from it. Where importance alone put a ticket"
            " on its starting level, that is no escalation (rule G11).",
            unit=SHARE,
        ),
        bars(
            "2. Time to escalate, by level reached",
            within(0.5, "tierline_time_to_escalate_seconds", "level", where),
            "{{level}}, half within",
            "From a ticket's opening to its first escalation: half of them took no longer. Seconds of wall clock.",
            unit=SECONDS,
        ),
        bars(
            "3. Solution after escalation, by level",
            within(0.5, ended, "level", f'outcome="ticket_resolved"{also}'),
            "{{level}}, half within",
            "From an escalation being raised to the ticket being solved: half of them took no longer.",
            unit=SECONDS,
        ),
        bars(
            "4. Escalations raised for each one ended, by level",
            share(
                total("tierline_escalations_total", "level", f'reason!="repeated"{also}'),
                total(f"{ended}_count", "level", where),
            ),
            "{{level}}",
            "Escalations that reached a level, divided by those that ended there, in the period. Above 1 they pile up, or"
            " move on to the next level. Starting levels are in both.",
        ),
        bars(
            "5. Rating with and without escalation, mean",
            mean("tierline_rating_by_escalation_score", "escalated"),
            "escalated: {{escalated}}",
            "Mean of the customers' ratings, from 1 to 5, of tickets that had been escalated when they were rated, and of the"
            " others.",
            unit=SCORE,
        ),
        bars(
            "5a. Ratings with and without escalation",
            total("tierline_rating_by_escalation_score_count", "escalated"),
            "escalated: {{escalated}}",
            "How many ratings the means rest on.",
        ),
        bars(
            "6. Solved at first contact, by level",
            share(total(solved, "level", f'first_contact="yes"{also}'), total(solved, "level", where)),
            "{{level}}",
            "Of the tickets solved at a level, the share that its first answer solved, without an escalation (rule V18).",
            unit=SHARE,
        ),
        bars(
            "6a. Tickets solved, by level",
            total(solved, "level", where),
            "{{level}}",
            "How many the shares of solutions rest on.",
        ),
    ]  # fmt: skip


def _why() -> list[Panel]:
    return [
        bars(
            "Raised, by level and reason",
            total("tierline_escalations_total", "level, reason", _CHOSEN) + " > 0",
            "{{level}}: {{reason}}",
            "Escalations begun or moved on in the period.",
        ),
        bars(
            "How escalations ended",
            total("tierline_escalation_open_seconds_count", "outcome", _CHOSEN),
            "{{outcome}}",
            "Ended because the ticket was solved, because somebody sent it back down, or because it rested on nothing.",
        ),
        lines(
            "Time until somebody takes responsibility",
            [
                (within(0.5, _ACKNOWLEDGE, "level", _CHOSEN, over="1h"), "{{level}}, half"),
                (within(0.9, _ACKNOWLEDGE, "level", _CHOSEN, over="1h"), "{{level}}, nine of ten"),
            ],
            "Seconds from being raised to being acknowledged, of the last hour.",
            unit=SECONDS,
        ),
        bars(
            "Tickets that came to a level",
            total("tierline_level_entered_total", "level, by", _CHOSEN),
            "{{level}}, by {{by}}",
            "At their opening (by the routing rule, or a starting level), or by an escalation that moved them there.",
        ),
    ]
