"""`tierline contracts`: the published schemas, written from the code and kept from shrinking."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path
from typing import Annotated

import typer

from services import asyncapi as topics_document
from shared.contracts import evolution

FOLDER = Path(__file__).parents[2] / "shared" / "contracts" / "schemas"

app = typer.Typer(no_args_is_help=True, help="Schemas of the events: export them, check them.")


@app.command()
def export() -> None:
    """Write the JSON Schema of every event type into shared/contracts/schemas, and the AsyncAPI document."""
    FOLDER.mkdir(exist_ok=True)
    for name, schema in evolution.schemas().items():
        (FOLDER / name).write_text(_text(schema))
    print(f"{len(evolution.schemas())} schemas written to {FOLDER.name}/")
    asyncapi()


@app.command()
def asyncapi() -> None:
    """Write the AsyncAPI document of all topics and messages to docs/asyncapi.yaml."""
    topics_document.PATH.write_text(topics_document.text(), encoding="utf-8")
    print(f"{topics_document.PATH.name} written")


@app.command()
def check(
    against: Annotated[
        str, typer.Option(help="The git revision that must still be understood.")
    ] = "HEAD",
) -> None:
    """Fail when committed schemas or the AsyncAPI document are stale, or schemas are no growth of those at a git revision."""
    faults = [*_stale(), *_stale_document(), *_shrunk(against)]
    for fault in faults:
        print(fault)
    if faults:
        raise typer.Exit(1)
    print(f"{len(evolution.schemas())} schemas are fresh, and all of {against} is still understood")


def _stale() -> list[str]:
    """Files that differ from what the code says."""
    wanted = {name: _text(schema) for name, schema in evolution.schemas().items()}
    found = {path.name: path.read_text() for path in FOLDER.glob("*.json")}
    return [
        f"{name}: stale, run `make contracts`" if name in wanted else f"{name}: type is gone"
        for name in sorted(wanted.keys() | found.keys())
        if wanted.get(name) != found.get(name)
    ]


def _stale_document() -> list[str]:
    """The AsyncAPI document, if it differs from what the code says."""
    path = topics_document.PATH
    found = path.read_text(encoding="utf-8") if path.exists() else ""
    fresh = found == topics_document.text()
    return [] if fresh else [f"{path.name}: stale, run `tierline contracts asyncapi`"]


def _shrunk(against: str) -> list[str]:
    """What readers or writers of `against` would no longer understand."""
    now = evolution.schemas()
    faults = []
    for name, old in _committed(against).items():
        if name not in now:
            faults.append(f"{name}: type is gone")
        else:
            faults += [f"{name}: {fault}" for fault in evolution.breaks(old, now[name])]
    return faults


def _committed(revision: str) -> dict[str, evolution.Schema]:
    """The schemas as they are at a git revision; none where it has no such folder."""
    folder = FOLDER.relative_to(FOLDER.parents[2]).as_posix()
    listed = _git("ls-tree", "--name-only", revision, f"{folder}/")
    return {
        Path(path).name: json.loads(_git("show", f"{revision}:{path}"))
        for path in listed.splitlines()
    }


def _git(*arguments: str) -> str:
    done = subprocess.run(  # noqa: S603 - fixed command, no shell
        ["git", *arguments],  # noqa: S607 - git is found where the developer has it
        cwd=FOLDER.parents[2],
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        raise typer.BadParameter(done.stderr.strip() or f"git {arguments[0]} failed")
    return done.stdout


def _text(schema: evolution.Schema) -> str:
    return json.dumps(schema, indent=2, ensure_ascii=False) + "\n"
