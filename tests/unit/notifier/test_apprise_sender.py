"""Targets of the operator's, through a library that says only yes or no."""

import json
import threading

import pytest
from pydantic import SecretStr, ValidationError

from services.notifier.domain.delivery import Outcome, Result
from services.notifier.senders.apprise import AppriseSender, installed
from services.notifier.senders.settings import AppriseSettings
from shared.settings import ConfigurationError
from tests.support.messages import a_message
from tests.support.sinks import a_webhook_endpoint

SETTINGS = AppriseSettings(targets={"pager": SecretStr("gotify://somewhere/secret")})


class Library:
    """Says what it is told to say, and remembers what it got."""

    def __init__(self, said: bool | None) -> None:  # noqa: FBT001 - the library's own answer
        self.said = said
        self.got: list[tuple[str, str, str]] = []
        self.thread = ""

    def __call__(self, url: str, *, title: str, body: str) -> bool | None:
        self.got.append((url, title, body))
        self.thread = threading.current_thread().name
        return self.said


@pytest.mark.parametrize(
    ("said", "expected"),
    [(True, Outcome.SENT), (False, Outcome.UNKNOWN), (None, Outcome.RETRY)],
)
async def test_only_yes_is_sent(said: bool | None, expected: Outcome) -> None:  # noqa: FBT001
    sender = AppriseSender(SETTINGS, Library(said))

    assert expected == (await sender.send(a_message(address="pager"))).outcome


async def test_the_target_is_the_operators_and_the_thread_is_its_own() -> None:
    library = Library(said=True)

    await AppriseSender(SETTINGS, library).send(a_message(address="pager", subject="Hello"))

    [(url, title, _)] = library.got
    assert ("gotify://somewhere/secret", "Hello") == (url, title)
    assert library.thread.startswith("apprise")


@pytest.mark.parametrize("address", ["", "other", "json://127.0.0.1/"])
async def test_S20_no_recipient_can_name_a_target(address: str) -> None:
    library = Library(said=True)

    result = await AppriseSender(SETTINGS, library).send(a_message(address=address))

    assert Result(Outcome.DEAD, "no target of that name is configured") == result
    assert [] == library.got


def test_targets_without_the_library_are_a_mistake_in_the_settings() -> None:
    with pytest.raises(ConfigurationError, match="apprise is not installed"):
        installed("a_library_nobody_has")


@pytest.mark.filterwarnings("ignore::DeprecationWarning")  # of what the library imports
async def test_the_library_itself_delivers_and_says_so() -> None:
    async with a_webhook_endpoint() as sink:
        targets = {"pager": SecretStr(f"json://127.0.0.1:{sink.port}/in")}
        sender = AppriseSender(AppriseSettings(targets=targets), installed())

        result = await sender.send(a_message(address="pager", subject="Hello"))

    [received] = sink.requests
    assert Result(Outcome.SENT, "apprise: delivered") == result
    assert "Hello" == json.loads(received.body)["title"]


def test_no_target_is_no_setting() -> None:
    with pytest.raises(ValidationError):
        AppriseSettings(targets={})
