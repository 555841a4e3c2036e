"""deploy/Dockerfile, without an engine: what every builder takes, and what a careful one asks for."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
FILE = ROOT / "deploy" / "Dockerfile"
LINES = FILE.read_text().splitlines()
HADOLINT = Path(sys.executable).parent / "hadolint"

#: From here on CPython refuses mail headers that smuggle others in.
SAFE = {(3, 11): 15, (3, 12): 13, (3, 13): 12}


@pytest.mark.parametrize(
    "file",
    [FILE, *sorted((ROOT / "tests" / "containers" / "images").rglob("Dockerfile"))],
    ids=lambda file: file.parent.name,
)
def test_hadolint_finds_nothing(file: Path) -> None:
    told = subprocess.run([HADOLINT, file], capture_output=True, text=True, check=False)

    assert (0, "") == (told.returncode, told.stdout)


def test_every_builder_takes_it() -> None:
    """Neither a frontend image, which a machine without a registry cannot fetch, nor mounts."""
    assert [] == [line for line in LINES if "syntax=" in line or "--mount" in line]


def test_the_default_python_has_the_mail_header_fixes() -> None:
    [image] = [line for line in LINES if line.startswith("ARG PYTHON_IMAGE=")]
    version = re.search(r"python:(\d+)\.(\d+)\.(\d+)-slim", image)
    assert version is not None
    major, minor, patch = map(int, version.groups())

    assert patch >= SAFE[major, minor]


def test_everything_installed_is_hashed_or_comes_without_network() -> None:
    joined = re.sub(r"\\\n\s*", " ", FILE.read_text())
    installs = re.findall(r"pip (?:--python \S+ )?(?:install|wheel) [^&\n]*", joined)

    assert len(installs) == 4
    assert [] == [one for one in installs if not ("--require-hashes" in one or "--no-index" in one)]


def test_it_runs_as_a_number_that_is_not_root() -> None:
    """Kubernetes' runAsNonRoot can check a number only."""
    assert ["USER 10001:10001"] == [line for line in LINES if line.startswith("USER")]


def test_the_builder_is_sent_what_the_image_is_made_of_and_nothing_else() -> None:
    copied = {
        word.split("/")[0]
        for line in LINES
        if line.startswith("COPY ") and "--from" not in line
        for word in line.split()[1:-1]
    }
    ignore = (ROOT / ".dockerignore").read_text().splitlines()

    assert "*" in ignore
    assert copied == {line[1:] for line in ignore if line.startswith("!")}
