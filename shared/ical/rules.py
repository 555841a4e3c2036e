"""How far one has to count through the repeating events of a calendar (RFC 5545, RRULE).

A rule is only a line, but laying it out counts every step from its first day, and a rule that never
matches is counted through to the end of time. Both are known from the rule alone.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any, Final

#: Steps of all rules of a calendar together: some seconds of work.
MOST_STEPS: Final = 500_000

#: How often an event may repeat within a day.
MOST_A_DAY: Final = 24

#: Time zones a calendar may bring along, and changes of the clock in them.
MOST_ZONES: Final = 50
MOST_CHANGES: Final = 400

#: The last year of all calendars, until which a rule that never matches is followed.
_LAST_YEAR: Final = 9999

_LONGEST: Final = {m: 29 if m == 2 else 30 if m in {4, 6, 9, 11} else 31 for m in range(1, 13)}

_FOLD: Final = re.compile(r"\r?\n[ \t]")
_OF_A_ZONE: Final = frozenset(
    {"FREQ", "BYMONTH", "BYDAY", "BYMONTHDAY", "UNTIL", "INTERVAL", "COUNT", "WKST"}
)


class NoCalendarError(ValueError):
    """A text is no calendar that can be a shift; the message says why in a sentence."""


def check_zones(text: str) -> None:
    """Refuse time zones that are costly to read. To be asked before the text is parsed."""
    zones = changes = 0
    inside = False
    for line in _FOLD.sub("", text).upper().splitlines():
        if line.startswith("BEGIN:VTIMEZONE"):
            inside, zones = True, zones + 1
        elif line.startswith("END:VTIMEZONE"):
            inside = False
        elif inside and line.startswith(("BEGIN:STANDARD", "BEGIN:DAYLIGHT")):
            changes += 1
        elif inside and line.startswith("RRULE"):
            _check_zone_rule(line.partition(":")[2])
    if zones > MOST_ZONES or changes > MOST_CHANGES:
        raise NoCalendarError(f"It brings more than {MOST_ZONES} time zones along.")


def steps(rule: Mapping[str, Sequence[Any]], first: date, last: date) -> int:
    """How many instants are counted through to lay `rule` out from `first`, its start, to `last`.

    Raises NoCalendarError for a rule that no shift needs.
    """
    every = str(_one(rule, "FREQ", ""))
    if every not in {"HOURLY", "DAILY", "WEEKLY", "MONTHLY", "YEARLY"}:
        raise NoCalendarError("An event repeats more often than hourly; a shift does not.")
    if rule.get("BYYEARDAY") or rule.get("BYWEEKNO"):
        raise NoCalendarError("An event repeats by days of the year or numbers of weeks.")
    interval = int(_one(rule, "INTERVAL", 1))
    if interval < 1:
        raise NoCalendarError("An event repeats at an interval below one.")
    _check_days(rule)
    days = max(0, (last - first).days + 1)
    each = _a_day(rule, every)
    if _may_never_match(rule, every, interval):
        return max(days, (_LAST_YEAR - first.year) * 366) * each // min(10, _thinned(rule, every))
    return days * each // _thinned(rule, every)


def _a_day(rule: Mapping[str, Sequence[Any]], every: str) -> int:
    hours = 24 if every == "HOURLY" else max(1, len(rule.get("BYHOUR", ())))
    minutes = max(1, len(rule.get("BYMINUTE", ()))) * max(1, len(rule.get("BYSECOND", ())))
    if hours * minutes > MOST_A_DAY:
        raise NoCalendarError(f"An event repeats more than {MOST_A_DAY} times a day.")
    return hours * minutes


def _thinned(rule: Mapping[str, Sequence[Any]], every: str) -> int:
    """How many days go by for one that is counted."""
    if every == "WEEKLY":
        return max(1, 7 // max(1, len(rule.get("BYDAY", ()))))
    return {"MONTHLY": 30, "YEARLY": 365}.get(every, 1)


def _check_days(rule: Mapping[str, Sequence[Any]]) -> None:
    months = [int(month) for month in rule.get("BYMONTH", ())] or list(_LONGEST)
    days = [abs(int(day)) for day in rule.get("BYMONTHDAY", ())]
    longest = max(_LONGEST.get(month, 0) for month in months)
    if min(days, default=1) > longest:
        raise NoCalendarError("An event repeats on a day that its months do not have.")


def _may_never_match(rule: Mapping[str, Sequence[Any]], every: str, interval: int) -> bool:
    """Whether the parts of the rule may contradict each other for ever."""
    if rule.get("BYSETPOS"):
        return True
    narrowed = ("BYDAY", "BYMONTH", "BYMONTHDAY") if every in {"DAILY", "HOURLY"} else ("BYMONTH",)
    return interval > 1 and any(rule.get(part) for part in narrowed)


def _check_zone_rule(rule: str) -> None:
    parts = dict(part.partition("=")[::2] for part in rule.strip().split(";"))
    if parts.get("FREQ") != "YEARLY" or parts.keys() - _OF_A_ZONE:
        raise NoCalendarError("A time zone in it changes its clock by a rule that is not yearly.")


def _one(rule: Mapping[str, Sequence[Any]], part: str, default: object) -> Any:
    values = rule.get(part)
    return values[0] if values else default
