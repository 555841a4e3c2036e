"""Whether Tierline's clocks judge as a company's own system did: the log of its IT department.

The log keeps for every incident whether its SLA was kept (`made_sla`, final in the last row). What was promised
is not in it. So the target of a priority is derived from one half of the incidents (by a hash of the number):
the length of open time, round the clock from Monday to Friday, that parts the kept from the missed best. With it
in a workflow file the product plays the incidents of the other half, and its verdicts are compared.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Final

from services.escalator.domain.facts import Closed, Fact, Opened
from services.escalator.domain.fold import fold, pass_time
from services.escalator.domain.steps import StepKind
from shared.contracts.vocabulary import Metric, Priority
from shared.policy import WorkflowPolicy, parse_workflow
from tests.support.figures import Figure

from .data import rows

#: The log's words, and ours. Of the two above (2 % of the incidents) hardly one was kept.
PRIORITIES: Final = {"3 - Moderate": Priority.MEDIUM, "4 - Low": Priority.LOW}

#: What others found on the same log, in hours.
ELSEWHERE: Final = {Priority.MEDIUM: 153.65, Priority.LOW: 345.6}

WORKFLOW: Final = """
version: 1
calendars: {{weekdays: {{zone: UTC, hours: {{mon-fri: ["00:00-24:00"]}}}}}}
sla: {{calendar: weekdays}}
SLA_MATRIX: {{{priority}/any: {{first_response: {minutes}, resolution: {minutes}}}}}
"""


@dataclass(frozen=True, slots=True)
class Incident:
    """One incident of the log. `kept`: its system says the SLA was."""

    number: str
    priority: Priority
    opened_at: datetime
    closed_at: datetime
    kept: bool

    @property
    def is_for_judging(self) -> bool:
        """Is it in the half that nothing is derived from?"""
        return hashlib.sha256(self.number.encode()).digest()[-1] % 2 == 1


def measure() -> list[Figure]:
    """The figures; needs `../shared/data` beside the checkout and takes some ten seconds."""
    all_of_them = _incidents()
    return [
        figure
        for name, priority in PRIORITIES.items()
        for figure in _figures(name, priority, [i for i in all_of_them if i.priority is priority])
    ]


def _figures(name: str, priority: Priority, incidents: Sequence[Incident]) -> list[Figure]:
    known = [one for one in incidents if not one.is_for_judging]
    judged = [one for one in incidents if one.is_for_judging]
    there, back = _threshold(known), _threshold(judged)
    agrees = _agreement(judged, there)
    elsewhere = timedelta(hours=ELSEWHERE[priority])
    return [
        Figure(f"{name}: target derived", there / timedelta(hours=1), "h"),
        Figure(f"{name}: same verdict", agrees, "share", "≥ 0.99", agrees >= 0.99),
        Figure(f"{name}: the halves exchanged, target", back / timedelta(hours=1), "h"),
        Figure(f"{name}: the halves exchanged", _agreement(known, back), "share"),
        Figure(f"{name}: {ELSEWHERE[priority]} h, all incidents", _agreement(incidents, elsewhere), "share"),
        Figure(f"{name}: kept, by the log", sum(one.kept for one in judged) / len(judged), "share"),
        Figure(f"{name}: incidents judged", len(judged), ""),
    ]  # fmt: skip


def _incidents() -> list[Incident]:
    """Those that were closed, by their last row; the log's local time is taken as it stands."""
    last: dict[str, dict[str, str]] = {}
    for row in rows("incident_event_log"):
        known = last.get(row["number"])
        if known is None or int(row["sys_mod_count"]) >= int(known["sys_mod_count"]):
            last[row["number"]] = row
    return [
        Incident(
            number,
            PRIORITIES[row["priority"]],
            datetime.fromisoformat(row["opened_at"]).replace(tzinfo=UTC),
            datetime.fromisoformat(row["closed_at"]).replace(tzinfo=UTC),
            row["made_sla"] == "true",
        )
        for number, row in last.items()
        if row["priority"] in PRIORITIES and row["closed_at"]
    ]


def _threshold(incidents: Sequence[Incident]) -> timedelta:
    """The open time that most of them agree with, in the middle between its two neighbours."""
    calendar = _policy(timedelta(hours=1), Priority.LOW).calendars["weekdays"]
    used = sorted((calendar.between(one.opened_at, one.closed_at), one.kept) for one in incidents)
    agreeing = best = sum(not kept for _, kept in used)
    found = timedelta(0)
    for (length, kept), (following, _) in zip(used, [*used[1:], used[-1]], strict=True):
        agreeing += 1 if kept else -1
        if agreeing > best and length < following:
            best, found = agreeing, (length + following) / 2
    return found


def _agreement(incidents: Sequence[Incident], target: timedelta) -> float:
    """How many the product judges as the log does."""
    policies = {priority: _policy(target, priority) for priority in PRIORITIES.values()}
    same = [is_kept(one, policies[one.priority]) == one.kept for one in incidents]
    return sum(same) / len(same)


def _policy(target: timedelta, priority: Priority) -> WorkflowPolicy:
    minutes = target / timedelta(minutes=1)
    return parse_workflow(WORKFLOW.format(priority=priority, minutes=minutes))


def is_kept(incident: Incident, policy: WorkflowPolicy) -> bool:
    """The verdict of the product's own clocks over the incident's opening and closing."""
    opened = Opened(priority=incident.priority, tier="standard")
    facts = [
        Fact(at=incident.opened_at, source="log", sequence=1, what=opened),
        Fact(at=incident.closed_at, source="log", sequence=2, what=Closed()),
    ]
    timeline, steps = fold(facts, policy)
    _, later = pass_time(timeline, incident.closed_at, policy)
    kinds = {step.kind for step in steps + later if step.metric is Metric.RESOLUTION}
    assert kinds & {StepKind.MET, StepKind.CLOSED_LATE}
    return StepKind.MET in kinds
