"""`tierline keys`: what is shown once, what is kept, and what it says of mistakes."""

from __future__ import annotations

from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from services.commands.keys import app
from shared.clock import SystemClock
from shared.http.auth import Keyring


def keys(*words: str, store: Path) -> Result:
    """What a command says and how it ends."""
    return CliRunner().invoke(app, list(words), env={"TIERLINE_KEY_STORE": str(store)})


def shown(result: Result) -> str:
    """The key in an answer."""
    return result.output.removeprefix("key (shown once): ").strip()


def test_a_key_is_made_rotated_and_revoked(tmp_path: Path) -> None:
    store = tmp_path / "keys.json"
    made = keys("create", "crm", "--scope", "tickets:read", "--expires", "90d", store=store)
    turned = keys("rotate", "crm", "--overlap", "30m", store=store)
    keyring = Keyring({}, clock=SystemClock(), store=store)

    assert [keyring.identify(shown(one)) is not None for one in (made, turned)] == [True, True]
    assert keys("revoke", "crm", store=store).exit_code == 0
    keyring = Keyring({}, clock=SystemClock(), store=store)
    assert [keyring.identify(shown(one)) is not None for one in (made, turned)] == [False, False]


def test_a_key_is_listed_without_itself(tmp_path: Path) -> None:
    store = tmp_path / "keys.json"
    key = shown(keys("create", "crm", "--scope", "tickets:read", store=store))
    listed = keys("list", store=store).output

    assert key not in listed
    assert "crm" in listed
    assert "in force" in listed


@pytest.mark.parametrize(
    ("words", "status", "said"),
    [
        (("create", "crm", "--scope", "everything"), 2, "No scope 'everything'"),
        (("create", "crm", "--scope", "assign", "--expires", "soon"), 2, "'soon' is no time"),
        (("rotate", "crm"), 1, "'crm' has no key in force"),
        (("revoke", "crm"), 1, "'crm' has no key in force"),
    ],
)
def test_a_mistake_is_told_in_a_sentence(
    tmp_path: Path, words: tuple[str, ...], status: int, said: str
) -> None:
    result = keys(*words, store=tmp_path / "keys.json")

    assert result.exit_code == status
    assert said in result.output
