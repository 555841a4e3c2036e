"""Settings come from the environment, or from a file that the environment names."""

import subprocess
import sys
from pathlib import Path

PORT = "from services.notifier.config import NotifierSettings as S; print(S().http)"

SHOW = (
    "from shared.settings import ServiceSettings as S; s = S(); "
    "print(s.database.url.get_secret_value(), s.workflow_file, s)"
)


def shown(code: str = SHOW, **environment: str) -> subprocess.CompletedProcess[str]:
    root = Path(__file__).parents[3]
    return subprocess.run(
        [sys.executable, "-c", code],
        env=environment,
        cwd=root,
        capture_output=True,
        text=True,
        check=False,
    )


def test_a_value_may_stand_in_a_file(tmp_path: Path) -> None:
    (tmp_path / "url").write_text("postgresql://u:p@db/t\n")

    done = shown(
        TIERLINE_DATABASE__URL_FILE=str(tmp_path / "url"), TIERLINE_WORKFLOW_FILE="/w.yaml"
    )

    assert done.stdout.startswith("postgresql://u:p@db/t /w.yaml "), done.stderr


def test_the_environment_wins_over_the_file(tmp_path: Path) -> None:
    (tmp_path / "url").write_text("postgresql://file/t")

    done = shown(
        TIERLINE_DATABASE__URL="postgresql://environment/t",
        TIERLINE_DATABASE__URL_FILE=str(tmp_path / "url"),
    )

    assert done.stdout.startswith("postgresql://environment/t ")


def test_a_file_that_is_not_there_is_named() -> None:
    done = shown(TIERLINE_DATABASE__URL_FILE="/nowhere/url")

    assert done.returncode != 0
    assert "/nowhere/url: No such file" in done.stderr


def test_a_secret_is_not_shown_when_settings_are() -> None:
    done = shown(TIERLINE_DATABASE__URL="postgresql://u:hush@db/t")

    assert done.stdout.count("hush") == 1, "only where it was asked for"


def test_a_service_keeps_its_own_port_when_only_the_host_is_set() -> None:
    done = shown(PORT, TIERLINE_HTTP__HOST="0.0.0.0")

    assert "host='0.0.0.0' port=8084" in done.stdout, done.stderr
