"""An article of the knowledge base, as intake keeps it."""

from __future__ import annotations

import hashlib

import msgspec


class Article(msgspec.Struct, frozen=True, kw_only=True):
    """What may answer a customer before a person can. `language` is an ISO 639 code; `tags` are other
    words that people use for it.
    """

    article_id: str
    language: str
    title: str
    body: str
    url: str | None = None
    tags: tuple[str, ...] = ()

    @property
    def digest(self) -> bytes:
        """The same for the same content: an import that changes nothing writes nothing."""
        return hashlib.sha256(msgspec.json.encode(self)).digest()


class Heading(msgspec.Struct, frozen=True, kw_only=True):
    """An article without its text, as lists show it."""

    article_id: str
    language: str
    title: str
    url: str | None
    tags: tuple[str, ...]
