"""Bounds of histograms over what customers feel: promises, and ratings."""

from __future__ import annotations

from typing import Final

#: Seconds: a few for demonstrations, then the usual targets, from a minute to a week.
TARGET_SECONDS: Final = (5, 15, 60, 300, 900, 1800, 3600, 7200, 14400, 28800, 43200, 86400, 172800, 259200, 604800)  # fmt: skip

#: What customers may give.
SCORES: Final = (1, 2, 3, 4, 5)
