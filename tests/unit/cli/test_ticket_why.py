"""`tierline ticket ID --why`: what it prints, on a hundred columns."""

from __future__ import annotations

from typing import Any

import pytest

from services.commands.ticket_why import COLUMNS, lines
from services.escalator.clocks_example import CLOCKS

EMPTY: dict[str, Any] = {**CLOCKS, "clocks": [], "upcoming": [], "risk_percent": None}


GOLDEN = """\
Ticket 01970b5a-6c00-7000-8000-000000000001: critical, professional, open, at tier_1
breach risk 45.8 % · as of 2026-06-01 13:40:00 UTC · workflow in force 71468f86e0fc

resolution 1: running, 220 min of 480 min used (45.8 %)
  promise   critical/professional of workflow 71468f86e0fc, calendar always (UTC), pauses when
            waiting on customer or waiting on third party
  ran       2026-06-01 09:00:00 – 10:00:00  60 min open, 60 min in all, then paused: waits for the
            customer
  refused   2026-06-01 09:30:00 – 10:00:00  a pause: waits for the customer, but the last public
            message is theirs, so nobody has asked them anything; the clock ran on, until we asked
  stood     2026-06-01 10:00:00 – 11:00:00  waits for the customer, until the customer wrote
  ran       2026-06-01 11:00:00 – 13:30:00  60 min + 150 min = 210 min, then repriced: a new
            priority
  ran       2026-06-01 13:30:00 – now  210 min + 10 min = 220 min, and it runs
  repriced  2026-06-01 13:30:00  2880 min → 480 min by a new priority, deadline 2026-06-03 10:00:00
            → 2026-06-01 18:00:00; critical/professional, epoch 1
  marks     next 50 % 2026-06-01 14:00:00 · then 75 %, 80 %, 90 %, 100 %, 125 %, 150 %, 200 %,
            300 %, 400 %
  deadline  2026-06-01 13:30 + 480 min − 210 min used, calendar always (UTC) = 2026-06-01 18:00

What will happen by itself:
  in 20 min   2026-06-01 14:00:00  resolution 1 reaches 50 %
  in 2 h      2026-06-01 16:00:00  resolution 1 reaches 75 %
  in 2 h      2026-06-01 16:24:00  resolution 1 reaches 80 %, and the ticket goes to tier_2
  in 3 h      2026-06-01 17:12:00  resolution 1 reaches 90 %
  in 4 h      2026-06-01 18:00:00  resolution 1 is breached, and the ticket goes to tier_2
  in 6 h      2026-06-01 20:00:00  resolution 1 reaches 125 %
  and 4 more, if nothing happens before"""


def printed(told: dict[str, Any]) -> str:
    return "\n".join(lines(told))


def test_the_whole_account() -> None:
    assert GOLDEN == printed(CLOCKS)


@pytest.mark.parametrize("told", [CLOCKS, EMPTY])
def test_no_line_is_wider_than_a_hundred_columns(told: dict[str, Any]) -> None:
    assert [] == [line for line in lines(told) if len(line) > COLUMNS]


def test_without_clocks_it_says_so() -> None:
    said = printed(EMPTY)

    assert "No clock has run: we wrote first, and nobody has answered yet." in said
    assert said.splitlines()[1].startswith("no promise is open · as of ")
    assert said.endswith("Nothing will happen by itself.")


def test_facts_that_are_gone_are_admitted() -> None:
    said = printed({**EMPTY, "facts_let_go_at": "2026-06-08T09:00:00Z"})

    assert "What the clocks rest on was let go at 2026-06-08 09:00:00, seven days after" in said


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        (
            {"kind": "unacknowledged", "to_level": "tier_3", "reason": "unacknowledged"},
            "tier_2 has not acknowledged: the ticket goes to tier_3",
        ),
        (
            {"kind": "unacknowledged", "to_level": "tier_2", "reason": "repeated"},
            "tier_2 has not acknowledged: tier_2 is paged again",
        ),
        (
            {"kind": "unacknowledged", "to_level": "tier_2", "reason": "exhausted"},
            "tier_2 has not acknowledged: that was the last time, the duty manager is told",
        ),
        (
            {"kind": "acknowledgement_lapses", "to_level": "tier_3", "reason": "no_response"},
            "the acknowledgement runs out, if nobody moves the ticket: the ticket goes to tier_3",
        ),
        (
            {"kind": "acknowledgement_lapses", "to_level": "tier_3", "reason": "x", "by": "sofia"},
            "the acknowledgement of sofia runs out, if nobody moves the ticket: the ticket goes to tier_3",
        ),
        (
            {"kind": "breach", "metric": "level_work", "cycle": 1, "to_level": "tier_3"},
            "level work 1 runs out, and the ticket goes to tier_3",
        ),
        ({"kind": "facts_let_go"}, "what the clocks rest on is let go; the totals stay"),
    ],
)
def test_what_comes_next_is_a_sentence(changes: dict[str, Any], expected: str) -> None:
    one = {**CLOCKS["upcoming"][0], "level": "tier_2", "to_level": None, **changes}

    shown = " ".join(printed({**EMPTY, "upcoming": [one]}).split())

    assert shown.endswith(expected)
