"""Settings and workflow, read as the services read them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Final

from services.auditor.config import AuditorSettings
from services.escalator.config import EscalatorSettings
from services.intake.config import IntakeSettings, channels_of
from services.notifier.config import NotifierSettings
from services.router.config import RouterSettings
from shared.clock import Clock
from shared.policy import WorkflowError, load_workflow
from shared.policy.lint import Severity, lint
from shared.policy.loader import PACKAGED
from shared.policy.source import read_text
from shared.settings import ConfigurationError, read

from .finding import Finding, fail, ok, warn


def _intake() -> None:
    channels_of(read(IntakeSettings).intake.sources)


_READERS: Final[Mapping[str, Callable[[], object]]] = {
    "intake": _intake,
    "router": lambda: read(RouterSettings),
    "escalator": lambda: read(EscalatorSettings),
    "notifier": lambda: read(NotifierSettings),
    "auditor": lambda: read(AuditorSettings),
}


def settings() -> list[Finding]:
    """Each service's environment: every wrong variable by its name, never its value."""
    found: list[Finding] = []
    for service, reader in _READERS.items():
        try:
            reader()
        except ConfigurationError as error:
            todo = "Correct these variables (docs/settings.md)."
            found.append(fail(f"settings {service}", str(error), todo))
    return found or [ok("settings", f"{', '.join(_READERS)} can read theirs")]


def workflow(path: Path | None, clock: Clock) -> Finding:
    """The workflow file: loads, and says nothing that cannot happen."""
    file = path or PACKAGED
    try:
        policy = load_workflow(path, now=clock.now())
        report = lint(
            read_text(file), name=file.name, folder=file.parent, at=clock.now(), people=None
        )
    except WorkflowError as error:
        told = str(error).splitlines()
        said = f"{file}: {told[0]}" + (f" (and {len(told) - 1} more)" if len(told) > 1 else "")
        return fail("workflow", said, f"tierline workflow check {file}")
    counts = {
        severity: sum(found.severity is severity for found in report.findings)
        for severity in (Severity.ERROR, Severity.WARNING)
    }
    said = f"{file}, digest {policy.digest[:12]}"
    if counts[Severity.ERROR]:
        errors = f"{said}: {counts[Severity.ERROR]} errors"
        return fail("workflow", errors, f"tierline workflow lint {file}")
    if counts[Severity.WARNING]:
        warnings = f"{said}: {counts[Severity.WARNING]} warnings"
        return warn("workflow", warnings, f"tierline workflow lint {file}")
    return ok("workflow", said)
