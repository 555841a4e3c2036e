"""Migrations can run while the version before them serves: squawk reads the SQL of every revision.

The rule is in docs/backup.md (Upgrades). What is older than the rule is excused by its revision.
"""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Final

import pytest

from shared.db import migrate

#: PostgreSQL's oldest version that Tierline runs on.
POSTGRES: Final = "15.0"

#: Rules that do not fit, and why.
NOT_OURS: Final = {
    "prefer-bigint-over-int": "counts of attempts and versions do not reach two billion",
    "prefer-bigint-over-smallint": "a partition's number, a proficiency from 1 to 5",
    "prefer-text-field": "Alembic's own version table has a varchar",
}

#: Revisions from before the first release, which nobody's data was waiting for, and what squawk finds in them.
BEFORE_THE_RULE: Final = {
    "escalator 0004": {"changing-column-type"},
    "escalator 0005": {
        "renaming-object",
        "require-concurrent-index-creation",
        "require-concurrent-index-deletion",
    },
    "intake 0002": {"ban-drop-default", "require-concurrent-index-creation"},
    "intake 0006": {"require-concurrent-index-creation"},
    "notifier 0002": {"require-concurrent-index-creation"},
    "notifier 0003": {"require-concurrent-index-creation"},
    "notifier 0005": {"require-concurrent-index-creation"},
    "notifier 0006": {"require-concurrent-index-creation"},
    "notifier 0010": {"require-concurrent-index-creation"},
    "router 0002": {"require-concurrent-index-creation", "require-concurrent-index-deletion"},
    "router 0003": {"changing-column-type"},
}

REVISIONS: Final = {
    f"{service} {revision}": (service, revision)
    for service in migrate.services_with_migrations()
    for revision in migrate.revisions(service)
}


def squawk() -> str:
    """The linter, beside this Python."""
    found = shutil.which("squawk", path=str(Path(sys.executable).parent)) or shutil.which("squawk")
    if found is None:
        pytest.skip("squawk is not installed: pip install squawk-cli")
    return found


def findings(sql: str) -> set[str]:
    """The rules that `sql` breaks, without those that do not fit."""
    command = [squawk(), "--reporter=json", f"--pg-version={POSTGRES}"]
    command += [f"--exclude={rule}" for rule in NOT_OURS]
    said = subprocess.run(command, input=sql, capture_output=True, text=True, check=False)
    assert said.returncode in {0, 1}, said.stderr
    return {finding["rule_name"] for finding in json.loads(said.stdout)}


@pytest.mark.parametrize("name", REVISIONS)
def test_a_revision_takes_nothing_away_and_locks_nobody_out(name: str) -> None:
    service, revision = REVISIONS[name]

    found = findings(migrate.written_out(service)[revision])

    assert found == BEFORE_THE_RULE.get(name, set())


def test_the_linter_sees_a_column_that_is_dropped_and_an_index_that_locks() -> None:
    """The test above is not blind."""
    sql = (
        "SET lock_timeout = '2s'; SET statement_timeout = '1min'; BEGIN;"
        "ALTER TABLE a DROP COLUMN b; CREATE INDEX c ON a (d); COMMIT;"
    )

    assert findings(sql) == {"ban-drop-column", "require-concurrent-index-creation"}


def test_every_revision_is_written_with_its_limits() -> None:
    for service in migrate.services_with_migrations():
        for sql in migrate.written_out(service).values():
            assert sql.startswith("SET lock_timeout = '2s';\nSET statement_timeout = '15min';\n")
