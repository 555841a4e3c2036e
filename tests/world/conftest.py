"""Fixtures of the stories."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.support.world import World, a_world


@pytest.fixture
async def world(database_url: str, tmp_path: Path) -> AsyncIterator[World]:
    """The four services at rest on Monday 2026-06-01 at 10:00 UTC."""
    async with a_world(database_url, tmp_path) as made:
        yield made
