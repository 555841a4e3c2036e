"""`/v1/articles`: the knowledge base, and what of it may help with a ticket."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated
from urllib.parse import urlencode
from uuid import UUID

import msgspec
from fastapi import APIRouter, Depends, Path, Query, Response
from pydantic import BaseModel, ConfigDict, Field
from sqlalchemy.ext.asyncio import AsyncEngine

from services.intake import articles, views
from services.intake.domain.article import Article, Heading
from shared.clock import Clock
from shared.http.auth import require
from shared.http.problems import DomainError

from .bodies import Body, Id, Line, Plain, Word, example_of

#: Fits a path and a file's name.
ArticleId = Annotated[
    str,
    Path(
        min_length=1,
        max_length=100,
        pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]*$",
        examples=["reset-your-password"],
    ),
]
Language = Annotated[str, Field(pattern="^[a-z]{2,3}$", examples=["en"])]
Limit = Annotated[int, Query(ge=1, le=200)]
Ids = Annotated[list[Id], Query(max_length=20)]
Words = Annotated[Line, Query(description='People\'s words: `"exact words" or other -without`')]

Reader = Depends(require("articles:read"))
Writer = Depends(require("articles:write"))


class ArticleBody(Body):
    """An article. `body` is Markdown or plain text; `tags` are other words that people use for it."""

    model_config = example_of(
        language="en",
        title="Reset your password",
        body="Open *Settings*, then *Security*.",
        url="https://help.example.org/reset",
        tags=["login"],
    )

    language: Language
    title: Annotated[
        str, Field(min_length=1, max_length=300, examples=["Reset your password"]), Plain
    ]
    body: Annotated[str, Field(max_length=100_000), Plain]
    url: Annotated[str, Field(pattern=r"^https?://[^\s<>\"]+$", max_length=2000), Plain] | None = (
        None
    )
    tags: Annotated[tuple[Word, ...], Field(max_length=50)] = ()

    def article(self, article_id: str) -> Article:
        """The same as intake keeps it: a tag is one line."""
        tags = tuple(" ".join(tag.split()) for tag in self.tags)
        return Article(
            article_id=article_id,
            language=self.language,
            title=self.title,
            body=self.body,
            url=self.url,
            tags=tuple(tag for tag in tags if tag),
        )


class HeadingAnswer(BaseModel):
    """An article without its text."""

    model_config = ConfigDict(from_attributes=True)

    article_id: str
    language: str
    title: str
    url: str | None
    tags: list[str]


class ArticleAnswer(HeadingAnswer):
    """An article with its text, and when it was last changed."""

    model_config = example_of(
        article_id="reset-your-password",
        language="en",
        title="Reset your password",
        url="https://help.example.org/reset",
        tags=["login"],
        body="Open *Settings*, then *Security*.",
        updated_at="2026-03-02T09:00:00Z",
    )

    body: str
    updated_at: datetime


class HeadingsAnswer(BaseModel):
    """Some articles."""

    model_config = example_of(
        articles=[
            {
                "article_id": "reset-your-password",
                "language": "en",
                "title": "Reset your password",
                "url": "https://help.example.org/reset",
                "tags": ["login"],
            }
        ]
    )

    articles: list[HeadingAnswer]


class WrittenAnswer(BaseModel):
    """What became of a write: nothing was changed if the article was kept like this already."""

    model_config = example_of(article_id="reset-your-password", changed=True)

    article_id: str
    changed: bool


def routes(engine: AsyncEngine, clock: Clock) -> APIRouter:
    """The routes of the knowledge base."""
    router = APIRouter(prefix="/v1", tags=["articles"])
    _add_writing(router, engine, clock)
    _add_reading(router, engine)
    return router


def _add_writing(router: APIRouter, engine: AsyncEngine, clock: Clock) -> None:
    @router.put("/articles/{article_id}", dependencies=[Writer])
    async def put_article(article_id: ArticleId, body: ArticleBody) -> WrittenAnswer:
        """Add an article or change it. Writing what is there already changes nothing."""
        async with engine.begin() as tx:
            changed = await articles.put(tx, body.article(article_id), clock.now())
        return WrittenAnswer(article_id=article_id, changed=changed)

    @router.delete("/articles/{article_id}", status_code=204, dependencies=[Writer])
    async def delete_article(article_id: ArticleId) -> None:
        """Forget an article; 404 when there is none of that id."""
        async with engine.begin() as tx:
            if not await articles.delete(tx, article_id):
                raise _absent(article_id)


def _add_reading(router: APIRouter, engine: AsyncEngine) -> None:
    @router.get("/articles/{article_id}", dependencies=[Reader])
    async def get_article(article_id: ArticleId) -> ArticleAnswer:
        """One article; 404 when there is none of that id."""
        async with engine.connect() as tx:
            found = await articles.get(tx, article_id)
        if found is None:
            raise _absent(article_id)
        article, updated_at = found
        return ArticleAnswer(**msgspec.structs.asdict(article), updated_at=updated_at)

    @router.get("/articles", dependencies=[Reader])
    async def list_articles(
        *,
        response: Response,
        q: Words | None = None,
        language: Language | None = None,
        id: Ids = [],  # noqa: A002, B006 - the parameter's name; pydantic copies it
        cursor: Id | None = None,
        limit: Limit = 50,
    ) -> HeadingsAnswer:
        """Articles: those that `q` asks for, the best first; else those of some `id`; else all in the
        order of their ids, where the `Link` header leads to the next page.
        """
        async with engine.connect() as tx:
            if q is not None:
                return _headings(await articles.search(tx, q, language=language, limit=limit))
            if id:
                return _headings(await articles.named(tx, id))
            found = await articles.page(tx, after=cursor, language=language, limit=limit + 1)
        if len(found) > limit:
            following = {"cursor": found[limit - 1].article_id, "limit": str(limit)}
            following |= {"language": language} if language else {}
            response.headers["Link"] = f'</v1/articles?{urlencode(following)}>; rel="next"'
        return _headings(found[:limit])

    @router.get("/tickets/{ticket_id}/articles", dependencies=[Depends(require("tickets:read"))])
    async def suggest_articles(ticket_id: UUID) -> HeadingsAnswer:
        """What may help with a ticket, by its subject and first message: 3 at most, the best first."""
        async with engine.connect() as tx:
            ticket = await views.ticket(tx, ticket_id)
            if ticket is None:
                raise DomainError(404, "Unknown ticket", f"No ticket {ticket_id}.")
            written = await views.first_message(tx, ticket_id)
            text = f"{ticket.subject}\n{written.body if written else ''}"
            ranked = await articles.suggest(tx, [(ticket_id, ticket.language, text)])
            ids = [one.article_id for one in ranked.get(ticket_id, ())]
            return _headings(await articles.named(tx, ids))


def _headings(found: list[Heading]) -> HeadingsAnswer:
    return HeadingsAnswer(articles=[HeadingAnswer.model_validate(one) for one in found])


def _absent(article_id: str) -> DomainError:
    return DomainError(404, "Unknown article", f"No article {article_id!r}.")
