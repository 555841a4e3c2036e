"""deploy/compose.yaml, without an engine: as Compose itself reads it."""

from __future__ import annotations

import json
import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from services import credentials
from services.auditor.config import PORT as AUDITOR_PORT
from services.installation import PORTS
from shared.clock import FakeClock

ROOT = Path(__file__).parents[2]
FILE = ROOT / "deploy" / "compose.yaml"
COMPOSE = Path(sys.executable).parent / "docker-compose"

SERVED = {**PORTS, "auditor": AUDITOR_PORT}


@pytest.fixture(scope="module")
def services() -> dict[str, Any]:
    """Every service, of every profile, with what it inherits."""
    words = [str(COMPOSE), "--file", str(FILE), "--profile", "*", "config", "--format", "json"]
    told = subprocess.run(words, capture_output=True, text=True, check=True, env={})
    found: dict[str, Any] = json.loads(told.stdout)["services"]
    return found


def ours(services: dict[str, Any]) -> dict[str, Any]:
    return {name: one for name, one in services.items() if one["image"].startswith("tierline:")}


def test_every_process_of_ours_is_locked_down(services: dict[str, Any]) -> None:
    loose = {
        name
        for name, one in ours(services).items()
        if not (one["read_only"] and one["cap_drop"] == ["ALL"] and one["mem_limit"])
    }

    assert {*SERVED, "credentials", "migrate", "topics", "tierline", "demo"} == set(ours(services))
    assert loose == set()


def test_no_container_gains_privileges(services: dict[str, Any]) -> None:
    wanted = ["no-new-privileges:true"]

    assert {} == {
        name: one.get("security_opt")
        for name, one in services.items()
        if one.get("security_opt") != wanted or one.get("privileged")
    }


def test_everything_listens_on_this_machine_only(services: dict[str, Any]) -> None:
    hosts = {port.get("host_ip") for one in services.values() for port in one.get("ports", [])}

    assert hosts == {"127.0.0.1"}


def test_each_service_is_where_its_settings_say(services: dict[str, Any]) -> None:
    assert SERVED == {name: services[name]["ports"][0]["target"] for name in SERVED}


def test_no_secret_stands_in_the_file(services: dict[str, Any]) -> None:
    """What is secret comes from a file that `tierline credentials` has made."""
    words = ("PASSWORD", "SECRET", "KEY", "TOKEN", "DATABASE__URL")
    plain = [
        (name, variable)
        for name, one in services.items()
        for variable in one.get("environment") or {}
        if any(word in variable for word in words)
        and not variable.endswith(("_FILE", "_KEY_STORE"))
    ]

    assert plain == []


def test_every_secret_named_is_one_that_is_made(services: dict[str, Any], tmp_path: Path) -> None:
    credentials.make(
        tmp_path, "postgres:5432/tierline", FakeClock(datetime(2026, 3, 2, tzinfo=UTC))
    )
    named = {
        value.removeprefix("/credentials/")
        for one in services.values()
        for value in (one.get("environment") or {}).values()
        if str(value).startswith("/credentials/")
    }
    read = {
        line.split("/credentials/")[1].rstrip("`")
        for line in (ROOT / "deploy" / "postgres" / "passwords.sql").read_text().splitlines()
        if line.startswith("\\set")
    }
    made = {str(path.relative_to(tmp_path)) for path in tmp_path.rglob("*") if path.is_file()}

    assert (named | read) - made == set()


def test_every_login_has_a_password_and_a_service(services: dict[str, Any]) -> None:
    used = {services[name]["environment"]["TIERLINE_DATABASE__URL_FILE"] for name in PORTS}

    assert {f"/credentials/tierline_{name}_login_url" for name in PORTS} == used


def test_the_temporary_server_of_the_entrypoint_is_not_taken_for_the_real_one(
    services: dict[str, Any],
) -> None:
    """That one answers on the socket alone."""
    assert "--host=127.0.0.1" in services["postgres"]["healthcheck"]["test"]


def test_data_of_postgresql_18_is_on_the_volume(services: dict[str, Any]) -> None:
    """The image keeps it in a folder of its version, below this one."""
    targets = [mount["target"] for mount in services["postgres"]["volumes"]]

    assert "/var/lib/postgresql" in targets


def test_services_wait_for_migrations_and_topics(services: dict[str, Any]) -> None:
    done = "service_completed_successfully"
    found = {name: services[name]["depends_on"] for name in SERVED}

    assert {name: {"migrate": done, "topics": done} for name in SERVED} == {
        name: {job: waited["condition"] for job, waited in jobs.items()}
        for name, jobs in found.items()
    }


def test_only_commands_and_the_demo_are_asked_for(services: dict[str, Any]) -> None:
    asked = {name: one["profiles"] for name, one in services.items() if one.get("profiles")}

    assert asked == {"tierline": ["commands"], "demo": ["demo"]}


def test_what_is_mounted_is_there(services: dict[str, Any]) -> None:
    mounts = [mount for one in services.values() for mount in one.get("volumes", [])]
    missing = {
        m["source"] for m in mounts if m["type"] == "bind" and not Path(m["source"]).exists()
    }

    assert missing == set()
