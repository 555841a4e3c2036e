"""`/feed`: a plain page that shows a feed live and answers its messages. The token stands behind the `#`, which
no browser sends, and leaves the address bar at once; what a message says is only ever text (security S48).
"""

from __future__ import annotations

import base64
import hashlib
from pathlib import Path
from typing import Final

from fastapi import APIRouter
from fastapi.responses import HTMLResponse

_FOLDER: Final = Path(__file__).parent / "assets"


def page_routes() -> APIRouter:
    """`GET /feed`. The page is the same for everybody; what it shows needs a token."""
    style = (_FOLDER / "feed.css").read_text()
    script = (_FOLDER / "feed.js").read_text()
    page = (_FOLDER / "feed.html").read_text()
    page = page.replace("{{ style }}", style).replace("{{ script }}", script)
    headers = {
        "Content-Security-Policy": (
            f"default-src 'none'; script-src '{_hash(script)}'; style-src '{_hash(style)}'; "
            "connect-src 'self'; form-action 'none'; frame-ancestors 'none'; base-uri 'none'"
        ),
        "Cache-Control": "no-store",
        "Referrer-Policy": "no-referrer",
        "X-Content-Type-Options": "nosniff",
        "X-Robots-Tag": "noindex",
    }
    router = APIRouter(tags=["feed"])

    @router.get("/feed", response_class=HTMLResponse)
    async def show_feed() -> HTMLResponse:
        """The page that shows a feed live; open it as `/feed#<token>`."""
        return HTMLResponse(page, headers=headers)

    return router


def _hash(text: str) -> str:
    return "sha256-" + base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()
