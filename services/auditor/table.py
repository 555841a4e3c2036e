"""A report as lines that a person reads."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from typing import Final

from .report import Finding, Report
from .shares import Compliance

#: As many findings of each kind are told one by one.
SHOWN: Final = 20

_KINDS: Final = (
    ("missing", "due, and nobody was told"),
    ("doubled", "announced more than once"),
    ("early", "announced before it was due"),
    ("false", "announced, never due, not taken back"),
    ("misdated", "announced with another instant or deadline"),
    ("unpaired", "clocks that end or begin twice, ids used twice"),
)

_LACKS: Final = {
    "calendar": "in a calendar that changed, nobody said when",
    "facts": "whose facts are not all on the topic",
    "workflow": "under a workflow that was not given",
}


def lines(report: Report) -> Iterator[str]:
    """The whole report."""
    yield f"window    {_at(report.since)} to {_at(report.until)}, {report.tickets} tickets"
    if report.due == 0:
        yield "Nothing was due in this window."
    else:
        late = report.lateness
        yield f"due       {report.due:>7}   fired {report.fired}, pending {report.pending}"
        yield f"lateness  p50 {late.p50:.3f} s, p99 {late.p99:.3f} s, max {late.max:.3f} s"
    yield f"withdrawn {report.withdrawn:>7}   overtaken by a later fact {report.overtaken}"
    if report.unjudged:
        yield f"unjudged  {report.unjudged:>7}   tickets: {_lacking(report)}"
    if report.unopened is not None:
        yield f"unopened  {report.unopened:>7}   accepted deliveries without a ticket on the topic"
    yield from (f"kept      {_kept(one)}" for one in report.compliance)
    for kind, meaning in _KINDS:
        found: tuple[Finding, ...] = getattr(report, kind)
        yield f"{kind:<9} {len(found):>7}   {meaning}"
        yield from (f"          {_finding(one)}" for one in found[:SHOWN])
        if len(found) > SHOWN:
            yield f"          and {len(found) - SHOWN} more: see --json"
    yield "clean" if report.clean else "NOT clean"


def _lacking(report: Report) -> str:
    """For want of what they were not judged."""
    return ", ".join(f"{number} {_LACKS[lack]}" for lack, number in report.lacking.items())


def _kept(one: Compliance) -> str:
    """Of all clocks of a metric, of the first of each ticket, of the last."""
    shares = (("all", one.every), ("first", one.first), ("last", one.last))
    told = ", ".join(f"{name} {share.percent:.1f} %" for name, share in shares)
    return f"{one.metric}: {told} ({one.every.met} of {one.every.met + one.every.breached})"


def _finding(finding: Finding) -> str:
    point = finding.point
    instants = (("due", finding.due), ("said", finding.announced), ("written", finding.recorded))
    told = ", ".join(f"{name} {_at(at)}" for name, at in instants if at is not None)
    clock = f"{point.metric} {point.cycle} at {point.percent} %"
    return f"{point.ticket_id} {clock}: {finding.words} ({told})"


def _at(instant: datetime) -> str:
    return instant.strftime("%Y-%m-%d %H:%M:%S.%f")[:-3] + "Z"
