"""Commands find the running Tierline, or say what to do."""

from pathlib import Path

import pytest

from services.commands.sentences import sentence
from services.fleet import free_ports
from services.installation import Installation, NotRunningError, find
from services.standalone import Credentials
from shared.contracts import Payload
from tests.support.builders import PAYLOAD_EXAMPLES


def test_without_a_running_tierline_the_message_says_what_to_do(tmp_path: Path) -> None:
    with pytest.raises(NotRunningError, match="tierline up"):
        find(tmp_path, environment={})


def test_what_up_wrote_down_is_found_and_only_its_owner_may_read_it(tmp_path: Path) -> None:
    urls = {"intake": "http://127.0.0.1:1"}
    running = Installation("postgresql:///x", "127.0.0.1:9", urls, "key")
    running.write(tmp_path)

    assert find(tmp_path, environment={}) == running
    assert (tmp_path / "running.json").stat().st_mode & 0o077 == 0


def test_what_the_environment_names_wins(tmp_path: Path) -> None:
    Installation("postgresql:///x", "127.0.0.1:9", {}).write(tmp_path)

    found = find(tmp_path, environment={"TIERLINE_DATABASE__URL": "postgresql:///other"})

    assert found.database_url == "postgresql:///other"


def test_a_tierline_that_has_stopped_is_not_found(tmp_path: Path) -> None:
    Installation("postgresql:///x", "127.0.0.1:9", {}).write(tmp_path)
    Installation.forget(tmp_path)

    with pytest.raises(NotRunningError):
        find(tmp_path, environment={})


def test_credentials_are_made_once_and_only_their_owner_may_read_them(tmp_path: Path) -> None:
    made = Credentials.of(tmp_path)

    assert Credentials.of(tmp_path) == made
    assert (tmp_path / "credentials.json").stat().st_mode & 0o077 == 0


def test_free_ports_are_all_different() -> None:
    ports = free_ports(["a", "b", "c"])

    assert len(set(ports.values())) == 3


@pytest.mark.parametrize("payload", PAYLOAD_EXAMPLES, ids=lambda p: type(p).__name__)
def test_every_event_has_a_sentence_of_its_own(payload: Payload) -> None:
    assert sentence(payload) not in ("", type(payload).__name__)
