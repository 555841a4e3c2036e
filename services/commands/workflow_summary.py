"""What another workflow does to open tickets, in lines a person decides by."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import timedelta
from typing import Any

from shared.policy.durations import format_duration

Told = Mapping[str, Any]


def summary(plan: Told) -> Iterator[str]:
    """A plan as the escalator tells it: targets, calendars, the rest, running clocks."""
    yield f"workflow {plan['running_digest']} -> {plan['digest']}, from {plan['effective_from']}"
    for version in plan["replaces"]:
        yield f"  version {version['number']}, to begin {version['effective_from']}, never will"
    yield from (f"  warning: {warning}" for warning in plan["warnings"])
    yield from _section("targets", [_target(one) for one in plan["targets"]])
    yield from _section("calendars", list(_calendars(plan)))
    yield from _section("otherwise", plan["changes"])
    yield from _running(plan)


def states(found: Mapping[str, str | None], digest: str) -> Iterator[str]:
    """Which services run something else until their next start."""
    for name, running in found.items():
        if running is None:
            yield f"  {name} does not answer"
        elif running == digest:
            yield f"  {name} runs {running}"
        else:
            yield f"  {name} still runs {running}, and takes {digest} at its next start"


def versions(told: Sequence[Told]) -> Iterator[str]:
    """The history, a line a version."""
    for one in told:
        note = f"  {one['note']}" if one["note"] else ""
        yield (
            f"{one['number']:>4}  {one['digest']}  from {one['effective_from']}  "
            f"{one['state'].replace('_', ' '):<8}  by {one['applied_by']}{note}"
        )


def _section(title: str, lines: Sequence[str]) -> Iterator[str]:
    yield f"{title}: {'nothing changes' if not lines else ''}".rstrip()
    yield from (f"  {line}" for line in lines)


def _target(one: Told) -> str:
    was, will = (_length(one[name]) for name in ("before_seconds", "after_seconds"))
    return f"{one['cell']} {one['metric']}: {was} -> {will}"


def _calendars(plan: Told) -> Iterator[str]:
    for one in plan["calendars"]:
        yield f"{one['name']}: moves the deadline of {_count(one['moved'], 'running clock')}"
    if plan["moved_clocks"]:
        earlier, later = plan["most_earlier_seconds"], plan["most_later_seconds"]
        yield f"at most {_length(earlier)} earlier and {_length(later)} later; due first:"
    for one in plan["first"]:
        yield f"  {one['ticket_id']} {one['metric']}: {one['before']} -> {one['after']}"


def _running(plan: Told) -> Iterator[str]:
    """Whom it concerns."""
    yield (
        f"{_count(plan['running_clocks'], 'running clock')} keep their targets, thresholds and ladder; "
        "new clocks take the new ones once the services have been started again"
    )
    if plan["looked_at"] < plan["open_tickets"]:
        yield f"only the oldest {plan['looked_at']} of {plan['open_tickets']} open tickets were looked at"


def _count(number: int, what: str) -> str:
    return f"{number} {what}{'' if number == 1 else 's'}"


def _length(seconds: float | None) -> str:
    return "none" if seconds is None else format_duration(timedelta(seconds=seconds))
