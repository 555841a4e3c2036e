"""How many texts have been handed over on a day, counted over all processes: it bounds what they cost."""

from __future__ import annotations

from datetime import date
from typing import Final

from sqlalchemy.ext.asyncio import AsyncEngine

from shared.db.engine import fetch
from shared.db.trouble import KINDS, is_database_trouble

#: Take one of the day's texts; no row when there is none left.
_TAKE: Final = """
INSERT INTO text_day AS d (day, texts) SELECT $1::date, 1 WHERE $2::int > 0
ON CONFLICT (day) DO UPDATE SET texts = d.texts + 1 WHERE d.texts < $2::int
RETURNING texts
"""

_GIVE_BACK: Final = "UPDATE text_day SET texts = texts - 1 WHERE day = $1 AND texts > 0"


class TextDays:
    """The days' texts. What is not given back, because a process died, stays counted: the cost is bounded
    before everything else.
    """

    def __init__(self, engine: AsyncEngine) -> None:
        self._engine = engine

    async def take(self, day: date, most: int) -> bool | None:
        """One text of `day`, a UTC day, of `most`; False when none is left, None while nobody can tell."""
        try:
            async with self._engine.begin() as tx:
                return bool(await fetch(tx, _TAKE, (day, most)))
        except KINDS as error:
            if not is_database_trouble(error):
                raise
            return None

    async def give_back(self, day: date) -> None:
        """The text was not sent; if that cannot be written down, it stays counted."""
        try:
            async with self._engine.begin() as tx:
                await tx.exec_driver_sql(_GIVE_BACK, (day,))
        except KINDS as error:
            if not is_database_trouble(error):
                raise
