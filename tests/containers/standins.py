"""Stand-ins for the mail catcher and Prometheus, for a machine that reaches no image registry."""

from __future__ import annotations

import shutil
import tempfile
from importlib.util import find_spec
from pathlib import Path
from typing import Final

from .engine import ROOT, run

_IMAGES: Final = Path(__file__).parent / "images"

#: What aiosmtpd is made of; plain Python, so it runs from a copy.
_PACKAGES: Final = ("aiosmtpd", "public", "attr")

MAIL: Final = "tierline-ci/mail"
PROMETHEUS: Final = "tierline-ci/prometheus"


def build(product: str) -> dict[str, str]:
    """Build both; returns the variables with which deploy/compose.yaml takes them."""
    with tempfile.TemporaryDirectory() as folder:
        context = Path(folder)
        shutil.copytree(_IMAGES / "mail", context / "mail")
        for name in _PACKAGES:
            shutil.copytree(_folder(name), context / "mail" / name)
        _build(context / "mail", MAIL, f"BASE={product}")
        shutil.copytree(_IMAGES / "prometheus", context / "prometheus")
        program = run(str(ROOT / ".ci" / "debian-prometheus"), "prometheus").strip()
        shutil.copy(program, context / "prometheus" / "prometheus")
        _build(context / "prometheus", PROMETHEUS)
    return {"MAIL_IMAGE": MAIL, "PROMETHEUS_IMAGE": PROMETHEUS}


def _build(context: Path, tag: str, *arguments: str) -> None:
    given = [word for one in arguments for word in ("--build-arg", one)]
    run("docker", "build", "--quiet", "--force-rm", *given, "--tag", tag, str(context))


def _folder(package: str) -> Path:
    spec = find_spec(package)
    assert spec is not None
    assert spec.origin is not None
    return Path(spec.origin).parent
