"""API keys in a store: made, rotated and revoked while services run, and never kept themselves (S14)."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from pathlib import Path

import pytest

from shared.clock import FakeClock
from shared.http import keystore
from shared.http.auth import LOOK_EVERY, Keyring, Principal, fingerprint, new_key
from shared.http.keystore import StoreError
from shared.settings import ApiKey

READ = ("tickets:read",)
DAY = timedelta(days=1)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "keys.json"


def make(path: Path, clock: FakeClock, name: str, *, expires: timedelta | None = None) -> str:
    """A key for `name` in the store."""
    key, sha256 = new_key()
    now = clock.now()
    ends = now + expires if expires else None
    keystore.edit(
        path, lambda known: keystore.created(known, name, sha256, READ, now, expires=ends)
    )
    return key


def rotate(path: Path, clock: FakeClock, name: str, overlap: timedelta) -> str:
    """A second key for `name` in the store."""
    key, sha256 = new_key()
    now = clock.now()
    keystore.edit(path, lambda known: keystore.rotated(known, name, sha256, now, overlap=overlap))
    return key


def spoil(path: Path) -> None:
    """No store any more."""
    path.write_text("{")


async def names(keyring: Keyring, clock: FakeClock, *keys: str) -> list[str | None]:
    """Whom each of `keys` lets in, once the keyring has had its second to look."""
    await clock.advance(LOOK_EVERY)
    found = [keyring.identify(key) for key in keys]
    return [principal.name if principal else None for principal in found]


async def test_S14_a_running_service_takes_up_a_key_that_was_made_after_it_started(
    path: Path, clock: FakeClock
) -> None:
    keyring = Keyring({}, clock=clock, store=path)
    key = make(path, clock, "crm")

    assert keyring.identify(key) is None
    await clock.advance(LOOK_EVERY)
    assert keyring.identify(key) == Principal("crm", frozenset(READ))


async def test_S14_a_rotated_key_works_on_until_the_overlap_is_over(
    path: Path, clock: FakeClock
) -> None:
    keyring = Keyring({}, clock=clock, store=path)
    old = make(path, clock, "crm")
    new = rotate(path, clock, "crm", DAY)

    assert await names(keyring, clock, old, new) == ["crm", "crm"]
    await clock.advance(DAY)
    assert await names(keyring, clock, old, new) == [None, "crm"]


async def test_S14_a_rotation_does_not_prolong_a_key(path: Path, clock: FakeClock) -> None:
    old = make(path, clock, "crm", expires=timedelta(hours=1))
    new = rotate(path, clock, "crm", DAY)
    keyring = Keyring({}, clock=clock, store=path)
    await clock.advance(timedelta(hours=1))

    assert await names(keyring, clock, old, new) == [None, "crm"]


async def test_S14_a_revoked_caller_is_out_with_all_its_keys(path: Path, clock: FakeClock) -> None:
    keyring = Keyring({}, clock=clock, store=path)
    old = make(path, clock, "crm")
    new = rotate(path, clock, "crm", DAY)
    other = make(path, clock, "erp")
    now = clock.now()
    keystore.edit(path, lambda known: keystore.revoked(known, "crm", now))

    assert await names(keyring, clock, old, new, other) == [None, None, "erp"]


async def test_S14_a_key_expires(path: Path, clock: FakeClock) -> None:
    key = make(path, clock, "crm", expires=timedelta(seconds=2))
    keyring = Keyring({}, clock=clock, store=path)

    assert await names(keyring, clock, key) == ["crm"]
    assert await names(keyring, clock, key) == [None]


async def test_keys_of_the_settings_work_beside_those_of_the_store(
    path: Path, clock: FakeClock
) -> None:
    fixed = ApiKey(sha256=fingerprint("tl_fixed"), scopes=frozenset(READ))
    key = make(path, clock, "crm")
    keyring = Keyring({"fixed": fixed}, clock=clock, store=path)

    assert await names(keyring, clock, "tl_fixed", key, "tl_other") == ["fixed", "crm", None]


async def test_a_store_that_breaks_leaves_the_keys_that_were_known(
    path: Path, clock: FakeClock, caplog: pytest.LogCaptureFixture
) -> None:
    key = make(path, clock, "crm")
    keyring = Keyring({}, clock=clock, store=path)
    spoil(path)

    assert await names(keyring, clock, key) == ["crm"]
    assert await names(keyring, clock, key) == ["crm"]
    assert len(caplog.records) == 1


async def test_a_store_that_is_empty_lets_nobody_in(path: Path, clock: FakeClock) -> None:
    key = make(path, clock, "crm")
    keyring = Keyring({}, clock=clock, store=path)
    keystore.edit(path, lambda _: {})

    assert await names(keyring, clock, key) == [None]


def test_a_service_does_not_begin_with_a_broken_store(path: Path, clock: FakeClock) -> None:
    path.write_text('{"crm": [{"sha256": 7}]}')

    with pytest.raises(StoreError, match=r"keys\.json"):
        Keyring({}, clock=clock, store=path)


def test_S14_the_store_holds_no_key_and_is_its_owners_alone(path: Path, clock: FakeClock) -> None:
    key = make(path, clock, "crm")

    assert key not in path.read_text()
    assert path.stat().st_mode & 0o777 == 0o600


async def test_editors_take_turns_and_nothing_is_lost(path: Path, clock: FakeClock) -> None:
    callers = [f"caller-{number}" for number in range(20)]
    await asyncio.gather(*(asyncio.to_thread(make, path, clock, name) for name in callers))

    assert sorted(keystore.read(path)) == sorted(callers)


def test_a_caller_with_a_key_is_rotated_and_not_made_again(path: Path, clock: FakeClock) -> None:
    make(path, clock, "crm")

    with pytest.raises(StoreError, match="has a key"):
        make(path, clock, "crm")


def test_a_caller_without_a_key_cannot_be_rotated(path: Path, clock: FakeClock) -> None:
    with pytest.raises(StoreError, match="no key in force"):
        rotate(path, clock, "crm", DAY)


async def test_S17_a_key_with_a_rate_is_told_when_to_come_again(clock: FakeClock) -> None:
    keyring = Keyring({}, clock=clock, rate="2/hour")
    caller, other = Principal("crm", frozenset()), Principal("erp", frozenset())

    assert [await keyring.refused(caller) for _ in range(2)] == [None, None]
    headers = await keyring.refused(caller)
    assert headers is not None
    assert (headers["RateLimit-Limit"], headers["RateLimit-Remaining"]) == ("2", "0")
    assert 1 <= int(headers["Retry-After"]) <= 3600
    assert await keyring.refused(other) is None
