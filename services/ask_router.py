"""The router from the outside: one question over its API, and what it says when it refuses."""

from __future__ import annotations

from typing import Any

import httpx2

from . import ask as services
from .ask import AwayError as RouterAwayError
from .ask import ServiceError as RouterError
from .ask import path_of
from .installation import Installation

__all__ = ["RouterAwayError", "RouterError", "ask", "ask_json", "path_of"]


async def ask(where: Installation, method: str, path: str, **more: Any) -> httpx2.Response:
    """The answer to one request; `more` are httpx's own arguments. Raises RouterError."""
    return await services.ask(where, "router", method, path, **more)


async def ask_json(where: Installation, method: str, path: str, **more: Any) -> dict[str, Any]:
    """The same for an answer that is a JSON object."""
    return await services.ask_json(where, "router", method, path, **more)
