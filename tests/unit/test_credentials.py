"""What an installation proves itself with: made once, and each file no more open than it must be."""

from __future__ import annotations

from pathlib import Path

from services import credentials
from shared.clock import FakeClock
from shared.http import keystore
from shared.http.auth import fingerprint

DATABASE = "db:5432/tierline"


def test_what_is_there_is_kept(tmp_path: Path, clock: FakeClock) -> None:
    credentials.make(tmp_path, DATABASE, clock)
    before = {path: path.read_text() for path in tmp_path.rglob("*") if path.is_file()}

    assert [] == credentials.make(tmp_path, DATABASE, clock)
    assert before == {path: path.read_text() for path in tmp_path.rglob("*") if path.is_file()}


def test_only_what_postgresql_reads_may_be_read_by_others(tmp_path: Path, clock: FakeClock) -> None:
    made = credentials.make(tmp_path, DATABASE, clock)
    modes = {path.name: path.stat().st_mode & 0o777 for path in tmp_path.rglob("*")}
    open_ = {name for name in made if modes[name] & 0o077}

    assert open_ == set(credentials.LOGINS)


def test_each_service_gets_the_url_of_its_own_login(tmp_path: Path, clock: FakeClock) -> None:
    credentials.make(tmp_path, DATABASE, clock)
    password = (tmp_path / "postgres" / "tierline_router_login").read_text()

    assert (
        f"postgresql://tierline_router_login:{password}@db:5432/tierline"
        == (tmp_path / "tierline_router_login_url").read_text()
    )


def test_the_services_know_every_caller_by_its_fingerprint(
    tmp_path: Path, clock: FakeClock
) -> None:
    credentials.make(tmp_path, DATABASE, clock)
    store = keystore.read(tmp_path / keystore.FILE)

    assert {name: store[name][0].sha256 for name in store} == {
        name: fingerprint((tmp_path / f"{name}_key").read_text()) for name in credentials.CALLERS
    }


def test_a_key_whose_file_was_lost_is_made_anew(tmp_path: Path, clock: FakeClock) -> None:
    """As after a crash between the store and the file: nobody has that key."""
    credentials.make(tmp_path, DATABASE, clock)
    (tmp_path / "operator_key").unlink()

    assert ["operator_key"] == credentials.make(tmp_path, DATABASE, clock)
    assert len(keystore.read(tmp_path / keystore.FILE)["operator"]) == 1
