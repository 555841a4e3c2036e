"""`tierline workflow lint`: what a workflow says that cannot happen, does not count, or contradicts itself."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Annotated

import typer

from services.people import EXAMPLE, PeopleError, read
from shared.clock import SystemClock
from shared.policy.lint import Found, People, Report, Severity, lint
from shared.policy.loader import PACKAGED
from shared.policy.problems import WorkflowError
from shared.policy.source import read_text

from .where import stop

_UNLOOKED = "people were not looked at: give --people FILE (a file like deploy/people.yaml)"


def lint_workflow(
    file: Annotated[
        Path | None, typer.Argument(help="The workflow file; default: the packaged one.")
    ] = None,
    people: Annotated[
        Path | None,
        typer.Option(
            help="Who there is: a file like deploy/people.yaml, which the packaged workflow is looked "
            "at with. Without one, nobody's absence is found.",
        ),
    ] = None,
    strict: Annotated[bool, typer.Option("--strict", help="Exit 1 on warnings, too.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="As one JSON document.")] = False,
) -> None:
    """Look through a workflow for what cannot happen as written; exit 1 if there is an error."""
    found = _look(file, people if file or people else EXAMPLE)
    print(_document(found) if as_json else "\n".join(_lines(found)))
    if found.fails(strict=strict):
        raise typer.Exit(1)


def _look(file: Path | None, people: Path | None) -> Report:
    """The report, or the reason why there is none and exit status 1."""
    path = file or PACKAGED
    try:
        text = read_text(path)
        known = People.of(read(people)) if people else None
    except WorkflowError as error:
        stop(str(error))
    except (PeopleError, ValueError) as error:
        stop(f"the people cannot be read: {error}")
    at = SystemClock().now()
    return lint(text, name=path.name, folder=path.parent, at=at, people=known)


def _lines(report: Report) -> Iterator[str]:
    """The report for a person: by group, aligned, each hint once."""
    width = max((len(finding.place) for finding in report.findings), default=0)
    hinted: set[tuple[str, str]] = set()
    for group, findings in report.groups().items():
        promised = report.cells.get(group)
        yield f"{group}: {promised}" if promised else group
        for finding in findings:
            yield f"  {finding.severity:<7}  {finding.code}  {finding.place:<{width}}  {_said(finding, promised)}"
            if finding.hint and (finding.code, finding.hint) not in hinted:
                hinted.add((finding.code, finding.hint))
                yield f"{'':<{width + 17}}→ {finding.hint}"
        yield ""
    if not report.findings:
        yield "nothing to point at: every promise can be kept, every rule can act"
    if not report.people:
        yield _UNLOOKED
    yield _closing(report)


def _said(finding: Found, promised: str | None) -> str:
    """The sentence, with what it is about where the group, a cell, does not say it."""
    subject = "" if promised or not finding.path else f"{finding.path}: "
    return subject + finding.message


def _closing(report: Report) -> str:
    """How many of each there are."""
    counts = ", ".join(_counted(report, severity) for severity in Severity)
    state = f"digest {report.digest}" if report.digest else "the file does not load"
    return f"{counts}; {state}"


def _counted(report: Report, severity: Severity) -> str:
    count = report.counts[severity]
    plural = "" if count == 1 or severity is Severity.INFO else "s"
    return f"{count} {severity}{plural}"


def _document(report: Report) -> str:
    """The report for a program."""
    findings: Sequence[dict[str, object]] = [dataclasses.asdict(f) for f in report.findings]
    document = {
        "digest": report.digest,
        "people_checked": report.people,
        "counts": {str(severity): count for severity, count in report.counts.items()},
        "findings": findings,
    }
    return json.dumps(document, indent=2, ensure_ascii=False)
