"""A message as HTML, in one design: everything escaped, nothing fetched, nothing that tells on its reader.

What people wrote is text. An address becomes a link only if we put it there (`Message.links`), so that no
customer's address is a button in our mail (security S24, S48).
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final
from urllib.parse import urlsplit

from jinja2 import StrictUndefined
from jinja2.sandbox import ImmutableSandboxedEnvironment

from services.notifier.domain.audience import CUSTOMER
from services.notifier.domain.message import Line, Message
from services.notifier.domain.phrases import phrases
from services.notifier.domain.templates import clean_line

#: Mail readers that know the dark get these colours; the others keep the inline ones.
_DARK: Final = (
    ":root{color-scheme:light dark;supported-color-schemes:light dark}"
    "@media (prefers-color-scheme:dark){"
    ".b{background:#14181f!important}.c{background:#1d232d!important;border-color:#38414f!important}"
    ".t{color:#eef1f6!important}.m{color:#a4afc0!important}.r{border-color:#38414f!important}"
    "a.l{color:#86b7ff!important}}"
)

_MAIL: Final = """<!doctype html>
<html lang="{{ language }}">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>{{ subject }}</title>
<style>{{ dark|safe }}</style>
</head>
<body class="b" style="margin:0;padding:24px 12px;background:#f4f6f9">
<table role="presentation" width="100%" cellpadding="0" cellspacing="0" border="0">
<tr><td align="center">
<table role="presentation" class="c" width="100%" cellpadding="0" cellspacing="0" border="0" style="max-width:600px;background:#ffffff;border:1px solid #d8dde6;border-radius:8px">
<tr><td style="padding:26px 30px;font:16px/1.5 system-ui,-apple-system,'Segoe UI',Roboto,Arial,sans-serif;text-align:start">
{%- if company %}
<p class="m" dir="auto" style="margin:0 0 14px;font-size:13px;color:#5b6577">{{ company }}</p>
{%- endif %}
<h1 class="t" dir="auto" style="margin:0 0 14px;font-size:20px;line-height:1.3;color:#1c2330;overflow-wrap:anywhere">{{ subject }}</h1>
{%- for block in blocks %}
{%- if block.listed %}
<ul class="t" dir="auto" style="margin:0 0 14px;padding-inline-start:22px;color:#1c2330;overflow-wrap:anywhere">
{%- for line in block.lines %}
<li>{{ pieces(line) }}</li>
{%- endfor %}
</ul>
{%- else %}
<p class="t" dir="auto" style="margin:0 0 14px;color:#1c2330;overflow-wrap:anywhere">
{%- for line in block.lines %}{{ pieces(line) }}{% if not loop.last %}<br>
{% endif %}{% endfor %}</p>
{%- endif %}
{%- endfor %}
{%- if details %}
<table cellpadding="0" cellspacing="0" border="0" style="margin:0 0 14px;font-size:15px">
{%- for name, value in details %}
<tr><th class="m" scope="row" dir="auto" align="left" style="padding:2px 16px 2px 0;font-weight:normal;color:#5b6577;text-align:start;vertical-align:top">{{ name }}</th><td class="t" dir="auto" style="padding:2px 0;color:#1c2330;text-align:start">{{ value }}</td></tr>
{%- endfor %}
</table>
{%- endif %}
{%- if rows %}
<table width="100%" cellpadding="0" cellspacing="0" border="0" style="margin:0 0 14px;font-size:14px;border-collapse:collapse">
<tr>{% for head in heads %}<th class="m r" scope="col" align="left" style="padding:6px 10px 6px 0;border-bottom:2px solid #d8dde6;color:#5b6577;text-align:start">{{ head }}</th>{% endfor %}</tr>
{%- for row in rows %}
<tr>{% for cell in row.cells %}<td class="t r" dir="auto" style="padding:6px 10px 6px 0;border-bottom:1px solid #d8dde6;color:#1c2330;text-align:start;vertical-align:top;{{ 'white-space:nowrap' if loop.first else 'overflow-wrap:anywhere' }}">{% if loop.first and row.link %}<a class="l" href="{{ row.link }}" style="color:#0b5fce">{{ cell }}</a>{% else %}{{ cell }}{% endif %}</td>{% endfor %}</tr>
{%- endfor %}
</table>
{%- endif %}
{%- if button %}
<p style="margin:20px 0"><a href="{{ button }}" style="display:inline-block;padding:11px 22px;border-radius:6px;background:#0b5fce;color:#ffffff;font-weight:600;text-decoration:none">{{ take }}</a></p>
{%- endif %}
{%- for line in ending %}
<p class="m" dir="auto" style="margin:0 0 4px;font-size:13px;color:#5b6577;overflow-wrap:anywhere">{{ pieces(line) }}</p>
{%- endfor %}
</td></tr>
</table>
</td></tr>
</table>
</body>
</html>
"""

#: A line in pieces, as it stands in a paragraph: text, and links that are ours.
_PIECES: Final = """{%- macro pieces(line) -%}
{%- for text, href in line -%}
{%- if href -%}<a class="l" href="{{ href }}" style="color:#0b5fce">{{ text }}</a>{%- else -%}{{ text }}{%- endif -%}
{%- endfor -%}
{%- endmacro -%}
"""

_Line = tuple[tuple[str, str | None], ...]


@dataclass(frozen=True, slots=True)
class _Block:
    """A paragraph, or a list."""

    lines: tuple[_Line, ...]
    listed: bool


_ENVIRONMENT: Final = ImmutableSandboxedEnvironment(
    undefined=StrictUndefined, autoescape=True, keep_trailing_newline=True
)
_TEMPLATE: Final = _ENVIRONMENT.from_string(_PIECES + _MAIL)


def html_of(message: Message) -> str:
    """The message as one HTML document that stands for itself."""
    words = phrases(message.language)
    ours = _ours(message.links)
    is_customer = message.role == CUSTOMER
    button = message.acknowledge_link if message.acknowledge_link in ours else None
    return _TEMPLATE.render(
        language=message.language,
        subject=message.subject,
        company=clean_line(message.facts.get("company")) if is_customer else "",
        dark=_DARK,
        blocks=list(_blocks(_words(message), ours)),
        details=message.details if not message.lines else (),
        heads=(words.ticket, words.what, words.deadline, words.why),
        rows=[_row(line, ours) for line in message.lines],
        button=button,
        take=words.take,
        ending=[
            _pieces(line, ours)
            for line in message.ending
            if not (button and line == words.take_link.format(link=button))
        ],
    )


def _words(message: Message) -> list[str]:
    """The paragraphs of the template itself."""
    paragraphs = message.body.split("\n\n")
    ending = len(message.ending)
    own = paragraphs[:-ending] if ending else paragraphs
    if message.lines:  # they stand in the table
        return [words for words in own if not words.startswith("- ")]
    return own


def _row(line: Line, ours: tuple[str, ...]) -> dict[str, object]:
    """A line of the table; its link if it is one of ours."""
    what = line.subject.removeprefix(line.reference).lstrip(" :")
    cells = (line.reference, what, line.deadline, line.held)
    return {"cells": cells, "link": line.link if line.link in ours else None}


def _ours(links: Sequence[str]) -> tuple[str, ...]:
    """What may be clicked, the longest first: a link may begin with another one."""
    web = {link for link in links if urlsplit(link).scheme in {"https", "http"}}
    return tuple(sorted(web, key=len, reverse=True))


def _blocks(paragraphs: Sequence[str], ours: tuple[str, ...]) -> Iterator[_Block]:
    for paragraph in paragraphs:
        plain: list[_Line] = []
        listed: list[_Line] = []
        for line in paragraph.split("\n"):
            if line.startswith("- "):
                listed.append(_pieces(line[2:], ours))
            else:
                plain.append(_pieces(line, ours))
        if plain:
            yield _Block(tuple(plain), listed=False)
        if listed:
            yield _Block(tuple(listed), listed=True)


def _pieces(line: str, ours: tuple[str, ...]) -> _Line:
    """`line` cut at our links. One that goes on behind its end is somebody else's."""
    if not ours:
        return ((line, None),)
    found = re.compile("(" + "|".join(map(re.escape, ours)) + r")(?=[\s.,;:)!?]*(?:\s|$))")
    parts = found.split(line)
    return tuple((part, part if n % 2 else None) for n, part in enumerate(parts) if part)
