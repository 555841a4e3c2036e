"""`tierline workflow apply` and `history`: put a workflow in force, seeing first what it does."""

from __future__ import annotations

from collections.abc import Coroutine
from pathlib import Path
from typing import Annotated, Any, TypeVar

import typer

from services import workflows
from services.ask import ServiceError
from services.installation import OWN_WORKFLOW, Installation
from services.local import LocalSettings
from services.workflows import WorkflowFile
from shared.clock import SystemClock
from shared.policy import WorkflowError, load_workflow
from shared.settings import ServiceSettings, read

from .instant import instant
from .where import carry_out, installation, stop
from .workflow_summary import states, summary, versions

T = TypeVar("T")


def apply(
    file: Annotated[Path, typer.Argument(help="The workflow file.")],
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask.")] = False,
    at: Annotated[
        str | None,
        typer.Option(
            help="Calendars change at this instant (2026-06-01T03:00, UTC without a zone); default: now.",
            metavar="INSTANT",
        ),
    ] = None,
    note: Annotated[str, typer.Option(help="Why, for those who ask later.")] = "",
) -> None:
    """Say what a workflow does to open tickets, ask, and put it in force.

    Calendars count for running clocks from then on; everything else begins when a service is started
    again with the file, which is installed where they look for it.
    """
    read_in, begin = _read(file), instant(at)
    where = installation()
    plan = _done(workflows.plan(where, read_in, begin))
    if plan["nothing_to_do"]:
        print(f"nothing to do: workflow {plan['digest']} is in force")
        return
    print("\n".join(summary(plan)))
    if not yes and not typer.confirm("Put it in force?"):
        stop("nothing was changed")
    applied = _done(workflows.put_in_force(where, read_in, begin, note))
    version = applied["version"]
    print(f"version {version['number']} is in force from {version['effective_from']}")
    _install(read_in, where)
    print("\n".join(states(_done(workflows.digests(where)), version["digest"])))


def history(
    number: Annotated[
        int | None, typer.Argument(help="A version's number: print the file that it was.")
    ] = None,
) -> None:
    """Every workflow that was in force, or will be; or the text of one of them."""
    where = installation()
    if number is not None:
        print(_done(workflows.text_of(where, number)), end="")
        return
    print("\n".join(versions(_done(workflows.history(where)))))


def _read(path: Path) -> WorkflowFile:
    """The file and what it names, checked here before anybody is asked."""
    try:
        load_workflow(path, now=SystemClock().now())
        return WorkflowFile.read(path)
    except WorkflowError as error:
        found = "\n".join(str(problem) for problem in error.problems)
        stop(f"{found}\nthe workflow in force stays as it is")


def _install(file: WorkflowFile, where: Installation) -> None:
    """Write it where the services look for it when they start."""
    named = where.workflow_file or read(ServiceSettings).workflow_file
    target = Path(named) if named else LocalSettings().folder / OWN_WORKFLOW
    if target.resolve() != file.path.resolve():
        file.install(target)
        print(f"installed as {target}")
    if not named:
        print("services of another machine find it once TIERLINE_WORKFLOW_FILE names it there")


def _done(work: Coroutine[Any, Any, T]) -> T:
    try:
        return carry_out(work)
    except ServiceError as error:
        stop(str(error))
