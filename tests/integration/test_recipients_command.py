"""`tierline people` and `tierline on-call`: against a notifier and a router on sockets."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, TypeAlias

import pytest
from pydantic import SecretStr
from typer.testing import CliRunner

from services.cli import build as build_cli
from services.installation import Installation
from services.notifier.config import NotifierSettings
from services.notifier.main import build as build_notifier
from services.people import EXAMPLE
from services.router.config import RouterSettings
from services.router.main import build as build_router
from shared.clock import SystemClock
from shared.http.auth import SCOPES, fingerprint
from shared.kafka.memory import MemoryBroker
from shared.settings import ApiKey, DatabaseSettings
from tests.support.served import served

#: Commands are processes, and take their time to start on a busy machine.
pytestmark = [pytest.mark.postgres, pytest.mark.timeout(240)]

KEY = "tl_test"

Line: TypeAlias = Callable[..., tuple[int, str]]


@pytest.fixture
def tierline(database_url: str, tmp_path: Path) -> Iterator[Line]:
    """A command line that knows where both services are."""
    common: dict[str, Any] = {
        "database": DatabaseSettings(url=SecretStr(database_url)),
        "api_keys": {"test": ApiKey(sha256=fingerprint(KEY), scopes=SCOPES)},
    }
    clock = SystemClock()
    telling, routing = NotifierSettings(**common), RouterSettings(**common)

    def line(*words: str) -> tuple[int, str]:
        environment = {
            "TIERLINE_LOCAL__DATA_DIR": str(tmp_path),
            "TIERLINE_DATABASE__URL": None,
            "TIERLINE_KAFKA__BOOTSTRAP_SERVERS": None,
        }
        result = CliRunner().invoke(build_cli(words[0]), list(words), env=environment)
        return result.exit_code, result.output

    with (
        served(lambda: build_notifier(telling, clock=clock, kafka=MemoryBroker(clock))) as notifier,
        served(lambda: build_router(routing, clock=clock, kafka=MemoryBroker(clock))) as router,
    ):
        urls = {"notifier": notifier, "router": router}
        Installation(database_url, "", urls, api_key=KEY).write(tmp_path)
        yield line


@pytest.mark.parametrize("form", ["yaml", "csv"])
def test_what_is_exported_is_imported_as_it_was(tierline: Line, tmp_path: Path, form: str) -> None:
    empty = tierline("people", "list")
    known = tierline("people", "import", str(EXAMPLE))
    tierline("people", "away", "sofia", "--until", "3d", "--delegate", "samir")
    file = tmp_path / f"people.{form}"
    written = tierline("people", "export", "--format", form)[1]
    file.write_text(written, encoding="utf-8")
    again = tierline("people", "import", str(file))

    assert (0, True) == (empty[0], empty[1].startswith("Nobody can be told yet."))
    said = "14 agents and 16 recipients are known\n3 teams take turns being on call\n"
    assert (0, said) == known
    # a table has recipients alone
    said = said if form == "yaml" else "0 agents and 16 recipients are known\n"
    assert (0, said) == again
    assert written == tierline("people", "export", "--format", form)[1]


def test_people_go_and_come_back(tierline: Line) -> None:
    tierline("people", "import", str(EXAMPLE))
    away = tierline("people", "away", "sofia", "--until", "2036-06-05", "--delegate", "samir")
    muted = tierline("people", "mute", "sofia", "--until", "2036-06-05T09:00+02:00")
    listed = tierline("people", "list")[1]
    shown = tierline("people", "show", "sofia")[1]
    back = tierline("people", "back", "sofia")
    there = tierline("people", "show", "sofia")[1]
    watching = tierline("people", "watch", "sofia", "--customer", "acme")
    no_longer = tierline("people", "watch", "sofia", "--customer", "acme", "--off")

    assert (0, "until 2036-06-05 00:00 UTC, samir is told instead\n") == (away[0], away[1][-50:])
    assert (0, "sofia is muted until 2036-06-05 07:00 UTC\n") == muted
    assert "samir is told instead" in listed
    assert "muted until 2036-06-05 07:00 UTC" in shown
    assert ((0, "sofia is there\n"), "now          there") == (back, there.splitlines()[-1].strip())
    assert (0, "sofia watches customer acme\n") == watching
    assert (0, "sofia no longer watches customer acme\n") == no_longer


def test_summaries_by_mail_are_stopped_and_sent_again(tierline: Line) -> None:
    tierline("people", "import", str(EXAMPLE))
    stopped = tierline("people", "summaries", "sofia", "--off")
    shown_stopped = tierline("people", "show", "sofia")[1]
    resumed = tierline("people", "summaries", "sofia", "--on")

    assert ((0, "sofia gets no summaries by mail\n"), (0, "sofia gets summaries by mail\n")) == (
        stopped,
        resumed,
    )
    assert "no summaries by mail" in shown_stopped
    assert "no summaries by mail" not in tierline("people", "show", "sofia")[1]


def test_what_is_wrong_is_said_in_a_sentence(tierline: Line, tmp_path: Path) -> None:
    tierline("people", "import", str(EXAMPLE))
    table = tmp_path / "people.csv"
    table.write_text("recipient_id,name,emial\n", encoding="utf-8")
    file = tmp_path / "people.yaml"
    file.write_text("recipients: [{recipient_id: x, name: X, channels: {slak: U024BE91L}}]\n")
    wrong = {
        ("people", "away", "sofa", "--until", "3d"): 'no recipient "sofa", did you mean "sofia"?',
        (
            "people",
            "away",
            "sofia",
            "--until",
            "3d",
            "--delegate",
            "sammi",
        ): 'did you mean "samir"?',
        ("people", "away", "sofia", "--until", "soon"): "'soon' is not an instant",
        ("people", "watch", "sofia"): "name either a ticket or a customer",
        ("people", "import", str(table)): "no column 'emial'",
        ("people", "import", str(file)): "did you mean",
        ("on-call", "show", "enginering"): 'did you mean "engineering"?',
        ("on-call", "override", "engineering", "emil"): "for how long",
        ("on-call", "import", "engineering", str(table)): "It is no calendar",
    }

    for words, message in wrong.items():
        status, output = tierline(*words)

        assert (True, True) == (status != 0, message in " ".join(output.split())), output


def test_turns_are_shown_overridden_and_carried_as_a_calendar(
    tierline: Line, tmp_path: Path
) -> None:
    nobody = tierline("on-call", "show")
    tierline("people", "import", str(EXAMPLE))
    everybody = tierline("on-call", "show")[1]
    one = tierline("on-call", "show", "engineering", "--at", "2026-06-03", "--next", "2")[1]
    status, made = tierline("on-call", "override", "engineering", "mara", "--until", "2h")
    now = tierline("on-call", "show", "engineering")[1]
    gone = tierline("on-call", "override", "engineering", "--remove", made[-38:-2])
    file = tmp_path / "shifts.ics"
    file.write_text(tierline("on-call", "export", "engineering")[1], encoding="utf-8")
    imported = tierline("on-call", "import", "managers", str(file))

    assert (0, True) == (nobody[0], nobody[1].startswith("Nobody takes turns."))
    assert {"engineering", "specialists", "managers"} <= set(everybody.split())
    assert "elif, emil, erika, from mon 09:00 Europe/Berlin (stored)" in one
    assert 3 == one.count(" rotation")
    assert (0, True) == (status, made.startswith("mara is on call for engineering from "))
    assert now.startswith("engineering: mara")
    assert (0, "engineering: that override is gone\n") == gone
    assert (0, True) == (imported[0], imported[1].startswith("managers: 1"))
