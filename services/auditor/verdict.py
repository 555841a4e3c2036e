"""The verdict: what fell due by the auditor's own arithmetic, against what was published (semantics H4)."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta

import msgspec

from shared.contracts import Event
from shared.policy import WorkflowPolicy

from .compliance import compliance
from .judge import Judge, Window
from .log import Log
from .report import Report


def audit(
    events: Iterable[Event],
    policy: WorkflowPolicy,
    *,
    since: datetime,
    until: datetime,
    grace: timedelta,
    earlier: Sequence[WorkflowPolicy] = (),
    begins: Sequence[datetime | None] = (),
) -> Report:
    """Judge what fell due in `(since, until]`.

    `events` are those of support.tickets, support.sla and support.calendars, in any order, repeats and other
    topics included; the more history they have, the fewer tickets stay unjudged. `policy` is the workflow in
    force, `earlier` are those that older clocks began under (`sla.started` names them), the newest first;
    `begins` says from when each of all these counts, as far as that is known, for calendars that are not
    among the events. What fell due, or was disproved, less than `grace` before `until` may still be on its
    way.
    """
    log = Log(events, (policy, *earlier), begins)
    judge = Judge(log, Window(since, until, grace), sla_grace=policy.sla.grace)
    tickets = log.tickets(since)
    for ticket_id in tickets:
        judge.judge(ticket_id)
    kept = compliance(log.said[ticket_id] for ticket_id in tickets)
    return msgspec.structs.replace(judge.report(), compliance=kept)
