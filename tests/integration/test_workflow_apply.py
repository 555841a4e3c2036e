"""`tierline workflow apply` and `history` against an escalator on a socket."""

from __future__ import annotations

import asyncio
import os
import sys
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from services.installation import OWN_WORKFLOW, Installation
from services.workflows import WorkflowFile, digests
from shared.policy import load_workflow
from shared.policy.named_files import named_files
from shared.runtime.http_server import HttpServer
from shared.settings import HttpSettings
from tests.support.cases import opened
from tests.support.escalator_bench import KEY, EscalatorOverHttp

pytestmark = pytest.mark.postgres

#: As the packaged workflow, but its clocks count in the office's hours, and critical tickets wait less.
OTHER = """\
version: 1
calendars: {always: {zone: UTC, hours: {mon-sun: ["00:00-12:00"]}}}
SLA_MATRIX: {critical/enterprise: {first_response: 10 minutes, resolution: 4 hours}}
"""


@pytest.fixture
async def running(database_url: str) -> AsyncIterator[EscalatorOverHttp]:
    """An escalator that runs the packaged workflow and has one open ticket."""
    escalator = EscalatorOverHttp(database_url)
    for begin in escalator.service.on_start:
        await begin()
    await escalator.bench.hear(opened("high", "professional"))
    yield escalator
    await escalator.close()


@pytest.fixture
async def where(running: EscalatorOverHttp) -> AsyncIterator[Installation]:
    """It, as the command line finds it."""
    assert running.service.app is not None
    server = HttpServer(running.service.app, HttpSettings(port=0))
    serving = asyncio.create_task(server.run())
    urls = {"escalator": server.url, "notifier": "http://127.0.0.1:9"}
    yield Installation("", "", urls, api_key=KEY)
    server.stop()
    await serving


async def command(where: Installation, folder: Path, *words: str) -> tuple[int | None, str]:
    """The exit status of `tierline workflow …` and what it printed, faults included."""
    where.write(folder)
    environment = {k: v for k, v in os.environ.items() if k != "TIERLINE_WORKFLOW_FILE"}
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        *("-m", "services.cli", "workflow", *words),
        env={**environment, "TIERLINE_LOCAL__DATA_DIR": str(folder)},
        stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
    )
    printed, _ = await process.communicate()
    return process.returncode, printed.decode()


def written(folder: Path, text: str = OTHER) -> Path:
    path = folder / "ours.yaml"
    path.write_text(text, encoding="utf-8")
    return path


async def test_apply_says_what_it_does_to_open_tickets_and_then_does_it(
    where: Installation, tmp_path: Path
) -> None:
    path = written(tmp_path)
    before, after = load_workflow(None).digest, load_workflow(path).digest

    status, said = await command(where, tmp_path, "apply", str(path), "--yes", "--note", "less")
    _, told = await command(where, tmp_path, "history")

    assert 0 == status, said
    assert f"workflow {before} -> {after}, from " in said
    assert "  critical/enterprise first_response: 15 min -> 10 min" in said
    assert "  always: moves the deadline of " in said
    assert "running clocks keep their targets, thresholds and ladder" in said
    assert "version 2 is in force from " in said
    assert f"  escalator still runs {before}, and takes {after} at its next start" in said
    assert "  notifier does not answer" in said
    assert OTHER == (tmp_path / OWN_WORKFLOW).read_text(encoding="utf-8")
    first, second = told.splitlines()
    assert before in first
    assert (after in second, second.endswith("in force  by maria  less")) == (True, True)


async def test_apply_asks_first_and_does_nothing_without_an_answer(
    where: Installation, tmp_path: Path
) -> None:
    status, said = await command(where, tmp_path, "apply", str(written(tmp_path)))
    _, told = await command(where, tmp_path, "history")

    assert (1, True) == (status, "Put it in force?" in said)
    assert 1 == len(told.splitlines())
    assert not (tmp_path / OWN_WORKFLOW).exists()


async def test_the_same_workflow_again_is_nothing_to_do(
    where: Installation, tmp_path: Path
) -> None:
    path = written(tmp_path, "version: 1\n")

    status, said = await command(where, tmp_path, "apply", str(path), "--yes")

    assert (0, f"nothing to do: workflow {load_workflow(None).digest} is in force\n") == (
        status,
        said,
    )


async def test_F5_a_file_that_does_not_load_leaves_the_running_version_in_force(
    where: Installation, tmp_path: Path
) -> None:
    path = written(tmp_path, "version: 1\nsla: {calendr: office}\n")

    status, said = await command(where, tmp_path, "apply", str(path), "--yes")
    _, told = await command(where, tmp_path, "history")

    assert 1 == status
    assert said.startswith("ours.yaml:2:7 sla.calendr")
    assert 'did you mean "calendar"' in said
    assert "the workflow in force stays as it is" in said
    assert 1 == len(told.splitlines())


async def test_the_text_of_a_version_is_kept_as_it_was_given(
    where: Installation, tmp_path: Path
) -> None:
    text = f"# our own words\n{OTHER}"
    await command(where, tmp_path, "apply", str(written(tmp_path, text)), "--yes")

    assert (0, text) == await command(where, tmp_path, "history", "2")
    status, said = await command(where, tmp_path, "history", "9")
    assert (1, True) == (status, "Unknown version" in said)


async def test_each_service_says_which_workflow_it_runs(where: Installation) -> None:
    found = await digests(where)

    assert {"escalator": load_workflow(None).digest, "notifier": None} == found


def test_the_files_a_workflow_names_are_installed_with_it(tmp_path: Path) -> None:
    (tmp_path / "models").mkdir()
    (tmp_path / "models" / "nl.yaml").write_text("words", encoding="utf-8")
    text = (
        "version: 1\ntriage: {category_models: {en: packaged, nl: models/nl.yaml, fr: none.yaml}}\n"
    )
    path = written(tmp_path, text)

    WorkflowFile.read(path).install(tmp_path / "there" / "workflow.yaml")

    assert {"models/nl.yaml": "words"} == named_files(text, tmp_path)
    assert "words" == (tmp_path / "there" / "models" / "nl.yaml").read_text(encoding="utf-8")
    assert text == (tmp_path / "there" / "workflow.yaml").read_text(encoding="utf-8")
