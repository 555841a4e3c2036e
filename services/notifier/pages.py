"""The pages behind a message's link: plain HTML, no scripts, everything escaped (security S48)."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

from fastapi.responses import HTMLResponse
from jinja2 import StrictUndefined
from jinja2.sandbox import ImmutableSandboxedEnvironment

_STYLE: Final = (
    "body{font:17px/1.5 system-ui,sans-serif;max-width:34em;margin:12vh auto;padding:0 1.2em;"
    "color:#1c2330;background:#f7f8fa}main{background:#fff;border:1px solid #d8dde6;"
    "border-radius:8px;padding:1.6em 2em}h1{font-size:1.25em;margin:0 0 .6em}dl{display:grid;"
    "grid-template-columns:max-content 1fr;gap:.25em 1em}dt{color:#5b6577}dd{margin:0}"
    "button{font:inherit;color:#fff;background:#0b5fce;border:0;border-radius:6px;"
    "padding:.6em 1.2em;margin-top:1em}button.quiet{color:#5b6577;background:none;padding:0;"
    "text-decoration:underline}select{font:inherit;padding:.5em}"
    "pre{white-space:pre-wrap;overflow-wrap:anywhere;font:15px/1.5 ui-monospace,monospace}"
)

_PAGE: Final = """<!doctype html>
<html lang="{{ language }}">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>{{ title }}</title>
<style>{{ style|safe }}</style>
</head>
<body>
<main>
<h1>{{ title }}</h1>
<p>{{ text }}</p>
{% if facts %}<dl>
{% for name, value in facts.items() if value %}<dt>{{ name }}</dt><dd>{{ value }}</dd>
{% endfor %}</dl>
{% endif %}{% for offer in offers %}<form method="post"{% if action %} action="{{ action }}"{% endif %}>
<input type="hidden" name="answer" value="{{ offer.answer }}">
{% if offer.choices %}<select name="{{ offer.name }}" aria-label="{{ offer.button }}">
{% for value, label in offer.choices.items() %}<option value="{{ value }}">{{ label }}</option>
{% endfor %}</select>
{% endif %}<button type="submit"{% if offer.quiet %} class="quiet"{% endif %}>{{ offer.button }}</button></form>
{% endfor %}{% if document %}<pre>{{ document }}</pre>
{% endif %}{% for label, address in ways.items() %}<p><a href="{{ address }}">{{ label }}</a></p>
{% endfor %}</main>
</body>
</html>
"""

_STYLE_HASH: Final = base64.b64encode(hashlib.sha256(_STYLE.encode()).digest()).decode()

_HEADERS: Final = {
    "Content-Security-Policy": (
        f"default-src 'none'; style-src 'sha256-{_STYLE_HASH}'; form-action 'self'; "
        "frame-ancestors 'none'; base-uri 'none'"
    ),
    "Cache-Control": "no-store",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
    "X-Robots-Tag": "noindex",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Offer:
    """One form: a button, with a choice of values for the field `name` where the answer needs one. A `quiet`
    one looks like a link.
    """

    answer: str
    button: str
    name: str = ""
    choices: Mapping[str, str] = field(default_factory=dict)
    quiet: bool = False


class Pages:
    """Renders one page in one design."""

    def __init__(self) -> None:
        environment = ImmutableSandboxedEnvironment(undefined=StrictUndefined, autoescape=True)
        self._page = environment.from_string(_PAGE)

    def show(
        self,
        title: str,
        text: str,
        *,
        status: int = 200,
        facts: Mapping[str, str | None] | None = None,
        offers: Sequence[Offer] = (),
        document: str | None = None,
        ways: Mapping[str, str] | None = None,
        action: str = "",
        language: str = "en",
    ) -> HTMLResponse:
        """A page. `facts` without a value are left out; `offers` are posted to `action`, else to the page;
        `document` is shown as the text it is; `ways` are links by their words; `language` is that of the words.
        """
        html = self._page.render(
            title=title,
            text=text,
            facts=facts or {},
            offers=offers,
            document=document,
            ways=ways or {},
            action=action,
            language=language,
            style=_STYLE,
        )
        return HTMLResponse(html, status, headers=_HEADERS)
