"""What `tierline ticket ID --why` shows: the escalator's account of a ticket's clocks, line by line."""

from __future__ import annotations

import re
import textwrap
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any, Final

from services.escalator.domain.formula import length
from shared.contracts.vocabulary import Metric

#: The lines fit this many columns.
COLUMNS: Final = 100

#: The space between a figure and its unit, a date and its time.
_TOGETHER: Final = re.compile(r"(?<=\d) (?=%|min\b|s\b|\d\d:)")

#: So many coming things are shown.
COMING: Final = 6

_WAITED_FOR: Final = {
    "waiting_on_customer": "waits for the customer",
    "waiting_on_third_party": "waits for a third party",
}

_FACTS: Final = {
    "wrote": "the customer wrote",
    "priced": "a new priority or tier",
    "paused": "a change of what is waited for",
    "resumed": "it went on",
    "resolved": "solved",
    "reopened": "reopened",
    "closed": "closed",
    "merged": "merged into another ticket",
    "unmerged": "taken out of a merge",
    "absorbed": "another ticket was merged into it",
    "entered": "another level",
    "accepted": "accepted",
    "reclassified": "reclassified",
    "asked": "we asked",
}

_CAUSES: Final = {
    "priority": "a new priority",
    "customer_tier": "a new customer tier",
    "calendar": "a new calendar",
    "merged": "a ticket that was merged into it",
}

_PASSINGS: Final = {
    "skipped": "jumped over",
    "brought": "brought along",
    "stands": "not while it stands:",
    "never": "never",
}

Told = Mapping[str, Any]


def lines(told: Told) -> Iterator[str]:
    """The whole account, at most 100 columns wide. `told` is the answer of `GET /v1/tickets/{id}/clocks`."""
    yield from _wrapped(_head(told))
    as_of = f"as of {_stamp(told['as_of'])} UTC"
    yield f"{_risk(told)} · {as_of} · workflow in force {told['workflow_digest']}"
    if told["facts_let_go_at"]:
        gone = _stamp(told["facts_let_go_at"])
        yield from _wrapped(
            f"What the clocks rest on was let go at {gone}, seven days after closing: reasons, prices "
            "and thresholds from before are not known any more."
        )
    if not told["clocks"]:
        yield "No clock has run: we wrote first, and nobody has answered yet."
    for clock in told["clocks"]:
        yield ""
        yield from _clock(clock)
    yield ""
    yield from _coming(told)


def _head(told: Told) -> str:
    waits = [_WAITED_FOR[reason] for reason in told["waiting_for"]]
    waits += ["but did not ask"] if told["pause_refused"] else []
    parts = [told["priority"], told["tier"], told["status"], *waits, f"at {told['level']}"]
    return f"Ticket {told['ticket_id']}: {', '.join(parts)}"


def _risk(told: Told) -> str:
    risk = told["risk_percent"]
    return "no promise is open" if risk is None else f"breach risk {risk:g} %"


def _clock(clock: Told) -> Iterator[str]:
    used = f"{_span(clock['consumed_seconds'])} of {_span(clock['target_seconds'])} used"
    share = f"{clock['used_percent']:g} %"
    state = clock["state"].replace("_", " ")
    of_level = f" of {clock['level']}" if clock["level"] else ""
    yield f"{_name(clock)}{of_level}: {state}, {used} ({share})"
    yield from _row("promise", _promise(clock))
    if clock["carried_seconds"]:
        carried = _span(clock["carried_seconds"])
        yield from _row("carried", f"{carried} used already when this clock began")
    stretches = [
        *((one["start"], "ran", _segment(one)) for one in clock["segments"]),
        *((one["start"], "stood", _pause(one)) for one in clock["pauses"]),
        *((one["start"], "refused", _refused(one)) for one in clock["refused_pauses"]),
        *((one["at"], "repriced", _repricing(one)) for one in clock["repricings"]),
    ]
    for _, label, text in sorted(stretches, key=lambda row: _instant(row[0])):
        yield from _row(label, text)
    yield from _row("marks", _marks(clock["thresholds"]))
    yield from _row("deadline" if not clock["ended_at"] else "verdict", clock["formula"])


def _name(clock: Told) -> str:
    name = str(clock["metric"]).replace("_", " ")
    return f"{name} {clock['cycle']}"


def _promise(clock: Told) -> str:
    calendar = f"calendar {clock['calendar']} ({clock['calendar_zone']}){_versions(clock)}"
    pauses = [reason.replace("_", " ") for reason in clock["pauses_for"]]
    paused = f"pauses when {' or '.join(pauses)}" if pauses else "never pauses"
    cell = f"{clock['policy_id']} of workflow {clock['workflow_digest']}"
    epoch = f", re-priced {clock['epoch']} times" if clock["epoch"] > 1 else ""
    return f"{cell}, {calendar}, {paused}{epoch}"


def _versions(clock: Told) -> str:
    """Which versions of the calendar count, and from when a later one does."""
    if not clock["calendar_versions"]:
        return ""
    first, *later = clock["calendar_versions"]
    then = [f", {one['number']} from {_stamp(one['effective_from'])}" for one in later]
    return f" version {first['number']}{''.join(then)}"


def _segment(one: Told) -> str:
    sum_ = f"{_span(one['open_seconds'])} open, {_span(one['total_seconds'])} in all"
    if one["before_seconds"] and one["open_seconds"]:
        before, opened = _span(one["before_seconds"]), _span(one["open_seconds"])
        sum_ = f"{before} + {opened} = {_span(one['total_seconds'])}"
    return f"{_between(one)}  {sum_}, {_ending(one)}"


def _ending(one: Told) -> str:
    if one["ended_by"] == "stopped" and one["because"] == ["wrote"]:
        return "then stopped: a public reply"
    known = _CAUSES if one["ended_by"] == "repriced" else {**_FACTS, **_WAITED_FOR}
    because = [known.get(code) or code.replace("_", " ") for code in one["because"]]
    if one["end"] is None:
        return "and it runs"
    if one["ended_by"] is None:
        return "then something that is not known any more"
    if one["ended_by"] == "moved":
        return "then aimed anew: what it serves has another deadline"
    return f"then {one['ended_by']}" + (f": {' and '.join(because)}" if because else "")


def _pause(one: Told) -> str:
    waited = " and ".join(_WAITED_FOR[reason] for reason in one["reasons"])
    why = waited or "why is not known any more"
    ended = f", until {_FACTS[one['ended_by']]}" if one["ended_by"] else ""
    return f"{_between(one)}  {why}{ended}"


def _refused(one: Told) -> str:
    ended = f", until {_FACTS[one['ended_by']]}" if one["ended_by"] else ""
    return (
        f"{_between(one)}  a pause: {_WAITED_FOR[one['reason']]}, but the last public message is "
        f"theirs, so nobody has asked them anything; the clock ran on{ended}"
    )


def _repricing(one: Told) -> str:
    old, new = _span(one["old_target_seconds"]), _span(one["new_target_seconds"])
    text = f"{_stamp(one['at'])}  {old} → {new} by {_CAUSES[one['cause']]}"
    if one["old_deadline"] and one["new_deadline"]:
        text += f", deadline {_stamp(one['old_deadline'])} → {_stamp(one['new_deadline'])}"
    return f"{text}; {one['policy_id']}, epoch {one['epoch']}"


def _marks(found: Sequence[Told]) -> str:
    """What was reached and what is next with its instant, the rest by its number."""
    groups: dict[str, list[str]] = {}
    if all(one["passing"] == "never" for one in found):
        return "none was reached"
    for one in found:
        label, text = str(one["passing"]), f"{one['percent']} %"
        if label == "due":
            label = "then" if "next" in groups else "next"
        if one["at"] and label != "then":
            text += f" {_stamp(one['at'])}"
        jumped = f" ({one['jump']})" if one["jump"] else ""
        groups.setdefault(_PASSINGS.get(label, label), []).append(text + jumped)
    return " · ".join(f"{label} {', '.join(texts)}" for label, texts in groups.items())


def _coming(told: Told) -> Iterator[str]:
    upcoming = told["upcoming"]
    if not upcoming:
        yield "Nothing will happen by itself."
        return
    yield "What will happen by itself:"
    for one in upcoming[:COMING]:
        text = f"{_stamp(one['at'])}  {_what(one)}"
        yield from _row(_left(one["at"], told["as_of"]), text, width=10)
    if len(upcoming) > COMING:
        yield f"  and {len(upcoming) - COMING} more, if nothing happens before"


def _what(one: Told) -> str:
    goes = f"the ticket goes to {one['to_level']}"
    match one["kind"]:
        case "warning" | "reminder":
            text = f"{_name(one)} reaches {one['threshold']} %"
            return f"{text}, and {goes}" if one["to_level"] else text
        case "breach":
            text = f"{_name(one)} {'runs out' if _of_level(one) else 'is breached'}"
            return f"{text}, and {goes}" if one["to_level"] else text
        case "unacknowledged":
            return f"{one['level']} has not acknowledged: {_ladder(one)}"
        case "acknowledgement_lapses":
            what = f"the acknowledgement of {one['by']}" if one["by"] else "the acknowledgement"
            return f"{what} runs out, if nobody moves the ticket: {_ladder(one)}"
    return "what the clocks rest on is let go; the totals stay"


def _of_level(one: Told) -> bool:
    return Metric(one["metric"]).of_level


def _ladder(one: Told) -> str:
    """Where the ladder goes on, or that its end pages the same level again."""
    if one["reason"] == "exhausted":
        return "that was the last time, the duty manager is told"
    if one["to_level"] == one["level"]:
        return f"{one['level']} is paged again"
    return f"the ticket goes to {one['to_level']}"


def _left(at: str, as_of: str) -> str:
    """How long it is until then, in the largest unit."""
    seconds = (_instant(at) - _instant(as_of)).total_seconds()
    if seconds < 0:
        return "late"
    for unit, size in (("d", 86_400), ("h", 3600), ("min", 60)):
        if seconds >= 2 * size:
            return f"in {seconds // size:.0f} {unit}"
    return f"in {seconds:.0f} s"


def _row(label: str, text: str, width: int = 8) -> Iterator[str]:
    """A labelled line, and what does not fit below it."""
    yield from _wrapped(f"  {label:<{width}}  {text}", indent=width + 4)


def _wrapped(text: str, indent: int = 2) -> list[str]:
    """`text` in lines; a figure and its unit, a date and its time stay together."""
    together = _TOGETHER.sub("\u00a0", text)
    wrapped = textwrap.wrap(
        together, COLUMNS, subsequent_indent=" " * indent, break_on_hyphens=False
    )
    return [line.replace("\u00a0", " ") for line in wrapped]


def _between(one: Told) -> str:
    start = _stamp(one["start"])
    if one["end"] is None:
        return f"{start} – now"
    end = _stamp(one["end"])
    return f"{start} – {end.removeprefix(start[:11]) if start[:10] == end[:10] else end}"


def _span(seconds: float) -> str:
    return length(timedelta(milliseconds=round(seconds * 1000)))


def _stamp(instant: str) -> str:
    """`2026-06-01 10:20:00`, with milliseconds where there are any."""
    at = _instant(instant)
    return f"{at:%Y-%m-%d %H:%M:%S}" + (f".{at.microsecond // 1000:03}" if at.microsecond else "")


def _instant(text: str) -> datetime:
    return datetime.fromisoformat(text).astimezone(UTC)
