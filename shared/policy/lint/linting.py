"""Running every check on a workflow text, also on one that has holes."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from typing import Final

from shared.policy.loader import build_policy, read_draft
from shared.policy.problems import WorkflowError

from .acknowledging import short_windows
from .bare_levels import bare_levels
from .calendars import closed_calendars
from .catalogue import HOLE, REFUSED, REMARKED, UNKNOWN_THRESHOLD
from .category_names import other_names
from .cells import inverted, tiers_alike, unreached
from .dead_rules import dead_notifications, dead_triggers
from .hours_apart import closed_teams, slower_metrics
from .idle_entries import idle_entries
from .on_call import missing_rotations, unknown_members
from .people import People
from .placing import in_order, of_problem, of_remark
from .reaching import unreachable
from .redundant_triggers import redundant_triggers
from .report import Report
from .routing_order import overlapping, uncovered_hours
from .sla_targets import loose_targets
from .slow_levels import slow_levels
from .staffing import no_duty_manager, nobody_on_shift, untold_agents
from .subject import Check, Subject, brief
from .thresholds import too_close, without_action

CHECKS: Final[tuple[Check, ...]] = (
    slow_levels,
    short_windows,
    unreached,
    inverted,
    tiers_alike,
    too_close,
    without_action,
    loose_targets,
    overlapping,
    uncovered_hours,
    other_names,
    dead_triggers,
    redundant_triggers,
    dead_notifications,
    idle_entries,
    bare_levels,
    unreachable,
    missing_rotations,
    unknown_members,
    no_duty_manager,
    nobody_on_shift,
    untold_agents,
    closed_calendars,
    slower_metrics,
    closed_teams,
)
"""Every check, in the order in which their findings are read."""

#: Errors that keep a file from loading, but not from being looked through.
_BEARABLE: Final = frozenset({HOLE, UNKNOWN_THRESHOLD})

#: What the loader warns of and a check here says more exactly.
_SAID_BETTER: Final = frozenset({"L013", "L020", "L032"})


def lint(
    text: str,
    *,
    name: str,
    at: datetime,
    folder: Path = Path(),
    people: People | None = None,
) -> Report:
    """Look through the workflow that `text` describes, with `at` for now. Never raises for what is
    wrong with it: a file that does not load is a finding.
    """
    try:
        draft = read_draft(text, name=name, folder=folder)
    except WorkflowError as error:
        findings = tuple(of_problem(problem, REFUSED) for problem in error.problems)
        return Report(findings, {}, None, people is not None)
    refused = [of_problem(problem, REFUSED) for problem in draft.problems]
    if any(found.code not in _BEARABLE for found in refused):
        return Report(tuple(refused), {}, None, people is not None)
    policy = build_policy(draft)
    subject = Subject(draft.document, policy, people, at)
    remarks = [of_remark(remark, draft) for check in CHECKS for remark in check(subject)]
    warned = [
        of_problem(warning, REMARKED)
        for warning in policy.warnings
        if warning.code not in _SAID_BETTER
    ]
    cells = {
        targets.policy_id: f"first response {brief(targets.first_response)}, "
        f"resolution {brief(targets.resolution)}"
        for targets in subject.cells()
    }
    findings = in_order([*refused, *warned, *remarks], cells)
    return Report(findings, cells, None if refused else policy.digest, people is not None)
