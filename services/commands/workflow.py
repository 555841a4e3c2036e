"""`tierline workflow`: check a workflow file, explain what it does with a ticket, learn routing rules, put
it in force. Only the last needs a running Tierline.
"""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta
from pathlib import Path
from typing import Annotated, Any, NoReturn

import msgspec
import typer

from services.intake.domain.evidence import Evidence
from shared.clock import SystemClock
from shared.contracts.vocabulary import Metric
from shared.policy import WorkflowError, WorkflowPolicy, load_workflow
from shared.policy.durations import format_duration
from shared.policy.explain import Explanation, PriorityReason, Verdict, explain
from shared.policy.facts import BUSINESS_HOURS
from shared.policy.source import read_text
from shared.policy.ticket_file import OPENED_AT, read_ticket

from .instant import instant
from .reasons import reasons
from .suggest_routing import suggest_routing
from .triage_reading import facts_with, read
from .workflow_apply import apply, history
from .workflow_lint import lint_workflow

app = typer.Typer(
    no_args_is_help=True,
    help="The workflow file: check it, see what it does with a ticket, learn rules, apply it.",
)

app.command("lint")(lint_workflow)
app.command("apply")(apply)
app.command("history")(history)
app.command("suggest-routing")(suggest_routing)

_MARKS = {True: "yes", False: "no "}


@app.command()
def check(
    file: Annotated[
        Path | None, typer.Argument(help="The workflow file; default: the packaged one.")
    ] = None,
) -> None:
    """Read a workflow file and list everything that is wrong with it; exit 1 if anything is."""
    policy = _load(file)
    for warning in policy.warnings:
        print(f"warning: {warning}")
    print(f"ok: {_counts(policy)}; digest {policy.digest}, time zones {policy.tzdata}")


@app.command("explain")
def explain_ticket(
    ticket: Annotated[Path, typer.Option(help="The ticket's facts: a JSON or YAML file.")],
    file: Annotated[
        Path | None, typer.Option(help="The workflow file; default: the packaged one.")
    ] = None,
    at: Annotated[
        str | None,
        typer.Option(
            help="As if it were opened at this instant (2026-06-01T03:00, UTC without a zone).",
            metavar="INSTANT",
        ),
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="As one JSON document.")] = False,
) -> None:
    """Say which rules match a ticket at its opening and why: priority, queue, targets, triggers."""
    policy = _load(file)
    try:
        facts = read_ticket(read_text(ticket), ticket.name, policy, at=instant(at))
    except WorkflowError as error:
        _refuse(error)
    verdict = read(facts, policy)
    found = explain(policy, facts_with(facts, verdict) if verdict else facts)
    evidence = verdict.evidence if verdict else ()
    opened_at = facts.get(OPENED_AT)
    if as_json:
        document = _plain(found) | {"evidence": msgspec.to_builtins(evidence)}
        document["opened_at"] = str(opened_at) if opened_at else None
        print(json.dumps(document, indent=2, ensure_ascii=False))
    else:
        if isinstance(opened_at, datetime):
            print(_hours_line(found, opened_at))
        print("\n".join(_lines(found, policy, evidence)))


def _hours_line(found: Explanation, opened_at: datetime) -> str:
    """When it was, and what the calendars say that conditions ask."""
    words = {True: "open", False: "closed"}
    hours = {n: v for n, v in found.facts.items() if n.split(".", 1)[0] == BUSINESS_HOURS}
    said = ", ".join(f"{name} {words[value is True]}" for name, value in hours.items())
    return f"opened at {opened_at.isoformat(timespec='minutes')}: {said}"


def _load(file: Path | None) -> WorkflowPolicy:
    """The workflow, or every problem and exit status 1."""
    try:
        return load_workflow(file, now=SystemClock().now())
    except WorkflowError as error:
        _refuse(error)


def _refuse(error: WorkflowError) -> NoReturn:
    """End the command with the list of problems."""
    for problem in error.problems:
        print(problem)
    count = len(error.problems)
    print(f"{count} problem{'s' if count > 1 else ''}")
    raise typer.Exit(1) from None


def _counts(policy: WorkflowPolicy) -> str:
    """How much of everything there is."""
    counts = {
        "routing rule": len(policy.routing.rules),
        "boost": len(policy.routing.boosts),
        "queue": len(policy.routing.queues),
        "level": len(policy.levels),
        "SLA cell": len(policy.sla.matrix),
        "trigger": len(policy.escalation.triggers),
        "notification rule": len(policy.notification.rules),
        "warning": len(policy.warnings),
    }
    return ", ".join(f"{n} {what}{'' if n == 1 else 's'}" for what, n in counts.items())


def _lines(
    found: Explanation, policy: WorkflowPolicy, evidence: Iterable[Evidence]
) -> Iterable[str]:
    """The explanation for a person."""
    if why := list(reasons(evidence)):
        yield "read in the text"
        yield from (f"  {line}" for line in why)
    else:
        yield from _priority_lines(found.priority)
    yield "routing rules (the first match wins)"
    yield from _verdict_lines(found.rules)
    if found.route.rule is None:
        yield "  yes  no rule matched: the catch-all"
    yield "boosts (every match adds)"
    yield from _verdict_lines(found.boosts)
    yield from _route_lines(found)
    yield from _target_lines(found)
    yield "triggers at the opening"
    yield from _verdict_lines(found.triggers)
    yield "notifications of the opening"
    yield from _verdict_lines(found.notifications)
    absent = [name for name, value in found.facts.items() if value is None]
    yield f"absent facts: {', '.join(absent) or 'none'}"
    yield f"workflow {policy.digest}"


def _priority_lines(priority: PriorityReason) -> Iterable[str]:
    """Where the priority comes from."""
    origin = (
        f"given as {priority.given}"
        if priority.given
        else f"impact {priority.impact} × urgency {priority.urgency} = {priority.matrix}"
    )
    yield f"priority {priority.effective}: {origin}, floor {priority.floor or 'none'}"
    yield from _verdict_lines(priority.floors)


def _route_lines(found: Explanation) -> Iterable[str]:
    """Where the ticket waits, and for whom."""
    route = found.route
    yield f"queue {route.queue} at {route.level}, rank {route.rank}"
    wishes = {
        "required skills": route.required_skills,
        "one of the skills": route.any_skills,
        "preferred skills": route.preferred_skills,
    }
    for what, skills in wishes.items():
        if skills:
            yield f"  {what}: {', '.join(f'{name} {least}' for name, least in skills.items())}"
    for what, names in (("teams", route.teams), ("notify", route.notify), ("cc", route.cc)):
        if names:
            yield f"  {what}: {', '.join(names)}"
    for what, name in (("role", route.role), ("prefer", route.prefer)):
        if name:
            yield f"  {what}: {name}"


def _target_lines(found: Explanation) -> Iterable[str]:
    """What is promised, and the calendar of each promise if they differ."""
    targets, route = found.targets, found.route
    hours = {metric: f", calendar {name}" for metric, name in found.calendars.items()}
    shared = hours[Metric.RESOLUTION] if len(set(hours.values())) == 1 else ""
    apart = dict.fromkeys(hours, "") if shared else hours
    yield f"targets of {targets.policy_id}{shared}"
    line = f"  first response {format_duration(found.first_response)}"
    if found.first_response < targets.first_response:
        line += (
            f" (the cell's {format_duration(targets.first_response)}, tightened by {route.rule})"
        )
    elif route.sla_target:
        line += (
            f" ({route.rule} asks for {format_duration(route.sla_target)}, which tightens nothing)"
        )
    yield f"{line}{apart[Metric.FIRST_RESPONSE]}"
    yield f"  next response {format_duration(targets.next_response)}{apart[Metric.NEXT_RESPONSE]}"
    yield f"  resolution {format_duration(targets.resolution)}{apart[Metric.RESOLUTION]}"


def _verdict_lines(verdicts: Iterable[Verdict]) -> Iterable[str]:
    """A line a rule, a line a comparison."""
    for verdict in verdicts:
        if not verdict.considered:
            yield f"  --   {verdict.name}: not looked at"
            continue
        yield f"  {_MARKS[verdict.holds]}  {verdict.name}: {verdict.effect}"
        for comparison in verdict.comparisons:
            values = ", ".join(f"{k} = {_shown(v)}" for k, v in comparison.values.items())
            yield f"         {_MARKS[comparison.holds]} {comparison.text}   [{values}]"
        if not verdict.comparisons:
            yield "         yes always"


def _shown(value: object) -> str:
    """A fact's value, as conditions write it."""
    if value is None:
        return "absent"
    if isinstance(value, bool):
        return str(value).lower()
    return f"[{', '.join(map(repr, value))}]" if isinstance(value, tuple) else repr(value)


def _plain(value: object) -> Any:
    """Values as JSON holds them; durations in seconds."""
    if isinstance(value, timedelta):
        return value.total_seconds()
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        return {f.name: _plain(getattr(value, f.name)) for f in dataclasses.fields(value)}
    if isinstance(value, Mapping):
        return {str(key): _plain(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(item) for item in value]
    return value
