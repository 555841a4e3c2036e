"""The alerts: sound, tested, explained, about metrics that exist; and the runbook's commands can be typed."""

from __future__ import annotations

import re
import shlex
import subprocess
from collections.abc import Iterator
from functools import cache
from typing import Any, Final

import pytest
import typer.main

from services.auditor.config import PORT as AUDITOR_PORT
from services.cli import build
from services.installation import PORTS
from tests.support import alerts
from tests.support.exported import asked, exported
from tests.support.promtool import promtool_or_skip

NAMES: Final = [rule["alert"] for rule in alerts.rules(alerts.ALERTS)]
RECORDED: Final = {rule["record"] for rule in alerts.rules(alerts.RECORDING)}

#: What every page answers.
PARTS: Final = (
    "**What it means.**",
    "**For customers.**",
    "**Look at.**",
    "**Do.**",
    "**Do not.**",
)


def alert(name: str) -> dict[str, Any]:
    """One alert's rule."""
    [found] = [rule for rule in alerts.rules(alerts.ALERTS) if rule["alert"] == name]
    return found


def promtool(*arguments: str) -> tuple[int, str]:
    """Its exit status, and what it said."""
    done = subprocess.run(
        [promtool_or_skip(), *arguments],
        cwd=alerts.PROMETHEUS / "tests",
        capture_output=True,
        text=True,
        check=False,
    )
    return done.returncode, done.stdout + done.stderr


@pytest.mark.parametrize("file", ["prometheus.yml", "local.yml"])
def test_prometheus_accepts_its_configuration_and_rules(file: str) -> None:
    status, said = promtool("check", "config", f"../{file}")

    assert (status, "FAILED" in said) == (0, False), said


@pytest.mark.parametrize(
    "file", sorted(path.name for path in (alerts.PROMETHEUS / "tests").glob("*.yml"))
)
def test_alerts_fire_when_they_should_and_never_just_below(file: str) -> None:
    status, said = promtool("test", "rules", file)

    assert status == 0, said


@pytest.mark.parametrize("file", ["prometheus.yml", "local.yml"])
def test_every_service_and_the_auditor_is_scraped_at_its_port(file: str) -> None:
    jobs = {
        job["job_name"]: job for job in alerts.loaded(alerts.PROMETHEUS / file)["scrape_configs"]
    }

    assert {name: _port(job) for name, job in jobs.items()} == {**PORTS, "auditor": AUDITOR_PORT}


def _port(job: dict[str, Any]) -> int:
    if "dns_sd_configs" in job:
        [found] = job["dns_sd_configs"]
        assert found["names"] == [job["job_name"]]
        return int(found["port"])
    [static] = job["static_configs"]
    [target] = static["targets"]
    return int(target.rpartition(":")[2])


@pytest.mark.parametrize("name", NAMES)
def test_an_alert_is_tested_both_ways(name: str) -> None:
    assert {fires for asked_for, fires in alerts.expectations() if asked_for == name} == {
        True,
        False,
    }


def test_nothing_is_tested_that_is_no_alert() -> None:
    assert {name for name, _ in alerts.expectations()} == set(NAMES)


@pytest.mark.parametrize("name", NAMES)
def test_an_alert_says_how_urgent_it_is_what_is_wrong_and_what_to_do_first(name: str) -> None:
    rule = alert(name)

    assert rule["labels"]["severity"] in {"page", "ticket"}
    assert all(rule["annotations"][words].endswith(".") for words in ("summary", "description"))
    assert rule["annotations"]["runbook_url"] == f"docs/operations.md#{name.lower()}"


@pytest.mark.parametrize("name", NAMES)
def test_an_alert_gives_the_reason_of_its_threshold(name: str) -> None:
    lines = alerts.ALERTS.read_text(encoding="utf-8").splitlines()

    assert lines[lines.index(f"      - alert: {name}") - 1].strip().startswith("# ")


@pytest.mark.parametrize(
    "rule",
    [*alerts.rules(alerts.RECORDING), *alerts.rules(alerts.ALERTS)],
    ids=lambda rule: rule.get("alert") or rule["record"],
)
def test_a_rule_asks_only_for_series_and_labels_that_exist(rule: dict[str, Any]) -> None:
    known = exported()

    for series, labels in asked(rule["expr"]):
        assert series in known or series in RECORDED
        assert series in RECORDED or labels <= known[series]


def test_every_alert_has_its_page_and_every_page_its_alert() -> None:
    assert [page.alert for page in alerts.pages()] == NAMES


@pytest.mark.parametrize("page", alerts.pages(), ids=lambda page: page.alert)
def test_a_page_answers_what_somebody_asks_who_was_woken(page: alerts.Page) -> None:
    places = [page.text.find(part) for part in PARTS]

    assert -1 not in places
    assert places == sorted(places)


def commands() -> Iterator[str]:
    """Every command line of ours in the runbook, in its text or in a block."""
    text = alerts.RUNBOOK.read_text(encoding="utf-8")
    yield from re.findall(r"`(tierline [^`]+)`", text)
    for line in text.splitlines():
        if line.startswith("tierline "):
            yield line.partition("  #")[0].strip()


@cache
def command_line() -> Any:
    """Every command of `tierline`."""
    return typer.main.get_command(build(None))


@pytest.mark.parametrize("line", sorted(set(commands())))
def test_every_command_in_the_runbook_exists_with_its_options(line: str) -> None:
    words = shlex.split(line)[1:]
    command = command_line()
    while words and words[0] in getattr(command, "commands", ()):
        command = command.commands[words.pop(0)]
    options = {name for parameter in command.params for name in parameter.opts} | {"--help"}
    arguments = [
        parameter for parameter in command.params if parameter.param_type_name == "argument"
    ]

    assert command.callback is not None
    assert {word for word in words if word.startswith("--")} <= options
    assert not words or words[0].startswith("--") or arguments
