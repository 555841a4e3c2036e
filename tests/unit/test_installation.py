"""Where commands look for a Tierline that does not run on this machine."""

from __future__ import annotations

from pathlib import Path

import pytest

from services.installation import find
from shared.settings import SettingsFileError

SERVERS = {
    "TIERLINE_DATABASE__URL": "postgresql://db/tierline",
    "TIERLINE_KAFKA__BOOTSTRAP_SERVERS": "kafka:9092",
}


def test_services_are_where_the_environment_says(tmp_path: Path) -> None:
    found = find(tmp_path, environment={**SERVERS, "TIERLINE_ROUTER_URL": "http://router:8082/"})

    assert found.urls["router"] == "http://router:8082"
    assert found.urls["intake"] == "http://127.0.0.1:8081"


def test_secrets_may_stand_in_files(tmp_path: Path) -> None:
    (tmp_path / "key").write_text("tl_abc\n")
    (tmp_path / "url").write_text("postgresql://db/other")
    environment = {
        "TIERLINE_DATABASE__URL_FILE": str(tmp_path / "url"),
        "TIERLINE_KAFKA__BOOTSTRAP_SERVERS": "kafka:9092",
        "TIERLINE_API_KEY_FILE": str(tmp_path / "key"),
    }
    found = find(tmp_path, environment=environment)

    assert ("postgresql://db/other", "tl_abc") == (found.database_url, found.api_key)


def test_a_file_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(SettingsFileError, match="missing"):
        find(tmp_path, environment={**SERVERS, "TIERLINE_API_KEY_FILE": str(tmp_path / "missing")})
