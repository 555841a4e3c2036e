"""A difference in words: the case, small enough to play by hand, and what both sides make of it."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

from .cases import Act, Case, Entry, Week
from .compare import Difference


def told(difference: Difference) -> str:
    """The whole of it, a line each; `!` marks what the other side does not say."""
    expected, actual = difference.expected, difference.actual
    return "\n".join(
        [
            *_case(difference.case),
            "reference:",
            *(_entry(entry, entry in actual) for entry in expected),
            "product:",
            *(_entry(entry, entry in expected) for entry in actual),
        ]
    )


def _case(case: Case) -> Iterator[str]:
    acts = [one for act in case.acts for one in (act, *act.other)]
    pairs = {act.pair for act in acts if act.verb in ("opened", "priced")}
    for name, week in case.weeks.items():
        yield f"calendar {name}: {_week(week)}"
    for pair, price in case.promises.prices.items():
        if any(not name or name in pair for known in pairs for name in known):
            targets = f"{price.first_response} / {price.next_response} / {price.resolution}"
            targets += f" / update {price.periodic_update}" if price.periodic_update else ""
            yield f"{'/'.join(pair)}: {targets} on {price.calendar}"
    rules = case.promises
    yield f"thresholds {rules.thresholds} {rules.overdue}, {rules.mode}, pausing {set(rules.pausing)}"
    yield f"reopening within {rules.window}, at least {rules.floor_percent} %"
    for act in case.acts:
        yield f"  {_at(act.at)} {_act(act)}"
    yield f"  {_at(case.until)} the end"


def _week(week: Week) -> str:
    days = f"{week.zone} {week.weekly}"
    off = ", ".join(sorted(day.isoformat() for day in week.holidays))
    other = ", ".join(f"{day} {hours}" for day, hours in week.exceptions.items())
    changed = f"; from {_at(week.changed[0])}: {_week(week.changed[1])}" if week.changed else ""
    return f"{days}; holidays {off or 'none'}; exceptions {other or 'none'}{changed}"


def _act(act: Act) -> str:
    said = [act.verb, act.reason, "/".join(act.pair) if any(act.pair) else ""]
    said += ["outbound"] if act.outbound else []
    said += [f"target {act.sla_target}"] if act.sla_target else []
    said += (
        [f"[{'; '.join(f'{_at(one.at)} {_act(one)}' for one in act.other)}]"] if act.other else []
    )
    return " ".join(word for word in said if word)


def _entry(entry: Entry, known: bool) -> str:  # noqa: FBT001 - a mark
    mark = " " if known else "!"
    deadline = _at(entry.deadline) if entry.deadline else "-"
    text = (
        f"{mark} {_at(entry.at)} {entry.metric} {entry.cycle} {entry.kind} {entry.threshold or ''}"
    )
    more = f" skipped {entry.skipped}" if entry.skipped else ""
    return f"{text} used {entry.consumed} deadline {deadline}{more} {entry.reason}".rstrip()


def _at(at: datetime) -> str:
    return at.strftime("%Y-%m-%d %H:%M:%S.") + f"{at.microsecond // 1000:03}Z"
