"""What an operator reads first of a parked event."""

from __future__ import annotations

import pytest

from services.commands.dead_letters import in_short

TRACEBACK = """\
Traceback (most recent call last):
  File "store.py", line 1, in save
    raise
sqlalchemy.exc.DBAPIError: (sqlalchemy.Error) <class 'RaiseError'>: indigestible
[SQL: UPDATE work_item SET status = $1]
(Background on this error at: https://sqlalche.me/e/21/dbapi)
"""


@pytest.mark.parametrize(
    ("error", "short"),
    [
        ("Object contains unknown field `colour`", "Object contains unknown field `colour`"),
        (
            TRACEBACK,
            "sqlalchemy.exc.DBAPIError: (sqlalchemy.Error) <class 'RaiseError'>: indigestible",
        ),
        ("", ""),
    ],
    ids=["a sentence", "a traceback", "nothing"],
)
def test_an_error_is_told_by_the_line_that_says_what_happened(error: str, short: str) -> None:
    assert short == in_short(error)
