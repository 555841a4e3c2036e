"""The knowledge base in SQL: articles are kept, looked for in people's words, and suggested to tickets.

PostgreSQL's full-text search in the grammar of each article's language (tables.ARTICLE_SEARCH).
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from shared.contracts import ArticleRank
from shared.db.engine import Transaction, fetch

from .domain.article import Article, Heading

#: A ticket is suggested at most so many articles (semantics D6).
MOST_SUGGESTIONS: Final = 3

#: Of a ticket's text so much is looked at, in characters: what it is about stands at its beginning.
_READ: Final = 4000

#: One tag a line: tags are words of their own to the search.
_BETWEEN_TAGS: Final = "\n"

_HEADING: Final = "article_id, language, title, url, tags"

_PUT: Final = """
INSERT INTO article AS a (article_id, language, title, body, url, tags, digest, updated_at)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8)
ON CONFLICT (article_id) DO UPDATE SET language = excluded.language, title = excluded.title,
    body = excluded.body, url = excluded.url, tags = excluded.tags, digest = excluded.digest,
    updated_at = excluded.updated_at
WHERE a.digest <> excluded.digest
"""

_DELETE: Final = "DELETE FROM article WHERE article_id = $1"

_GET: Final = f"SELECT {_HEADING}, body, updated_at FROM article WHERE article_id = $1"

_PAGE: Final = f"""
SELECT {_HEADING} FROM article
WHERE ($1::text IS NULL OR article_id > $1) AND ($2::text IS NULL OR language = $2)
ORDER BY article_id LIMIT $3
"""

_NAMED: Final = f"SELECT {_HEADING} FROM article WHERE article_id = ANY ($1::text[])"

#: The grammar an article of some language is searched in.
_GRAMMAR: Final = """CASE {} WHEN 'en' THEN 'english' WHEN 'de' THEN 'german' WHEN 'fr' THEN 'french'
    WHEN 'es' THEN 'spanish' ELSE 'simple' END"""

#: How many words a vector and a ticket have in common.
_IN_COMMON: Final = "length({0}) - length(ts_delete({0}, words))"

#: What people ask for in their own words (`"exact words" or other -without`), best first.
_SEARCH: Final = f"""
WITH asked AS (
    SELECT grammar, websearch_to_tsquery(grammar::regconfig, $1) AS query
    FROM unnest('{{english, german, french, spanish, simple}}'::text[]) AS grammar
)
SELECT {_HEADING} FROM asked
JOIN article ON search @@ query AND grammar = {_GRAMMAR.format("language")}
WHERE $2::text IS NULL OR language = $2
ORDER BY ts_rank(search, query) DESC, article_id LIMIT $3
"""

# A lexeme is quoted for a tsquery; without stop words (`simple`) only long words mean anything.
#: What fits the texts of tickets: any of their words, one of them in the title or the tags. Under the floor
#: of two such words, or three in all (or all there are), or half of the best score, nothing is suggested.
_SUGGEST: Final = rf"""
WITH asked AS MATERIALIZED (
    SELECT ticket_id, language, grammar, words, titled::tsquery AS titled, any_of::tsquery AS any_of
    FROM unnest($1::uuid[], $2::text[], $3::text[]) AS t (ticket_id, language, text)
    JOIN unnest('{{english, german, french, spanish, simple}}'::text[]) AS grammar
        ON CASE WHEN language IS NULL THEN grammar <> 'simple'
            ELSE grammar = {_GRAMMAR.format("language")} END
    CROSS JOIN LATERAL (
        SELECT array_agg(lexeme) AS words, string_agg(quoted || ':A', ' | ') AS titled,
            string_agg(quoted, ' | ') AS any_of
        FROM unnest(to_tsvector(grammar::regconfig, text))
        CROSS JOIN LATERAL (
            SELECT '''' || replace(replace(lexeme, '\', '\\'), '''', '''''') || '''' AS quoted
        ) AS q
        WHERE length(lexeme) >= CASE grammar WHEN 'simple' THEN 5 ELSE 3 END
            AND lexeme ~ '[[:alpha:]]'
    ) AS w
    WHERE words IS NOT NULL AND EXISTS (SELECT 1 FROM article)
), found AS (
    SELECT ticket_id, article_id, ts_rank(search, any_of) AS score
    FROM asked JOIN article a ON search @@ titled AND grammar = {_GRAMMAR.format("a.language")}
    WHERE (asked.language IS NULL OR asked.language = a.language)
        AND ({_IN_COMMON.format("search")} >= least(3, cardinality(words))
            OR {_IN_COMMON.format("ts_filter(search, '{a}')")} >= 2)
), ranked AS (
    SELECT ticket_id, article_id, score, max(score) OVER (PARTITION BY ticket_id) AS best,
        row_number() OVER (PARTITION BY ticket_id ORDER BY score DESC, article_id) AS rank
    FROM found
)
SELECT ticket_id, article_id, rank FROM ranked
WHERE rank <= $4 AND score >= best / 2 ORDER BY ticket_id, rank
"""


async def put(tx: Transaction, article: Article, now: datetime) -> bool:
    """Keep `article`; False when it is already kept as it is."""
    columns = (
        article.article_id,
        article.language,
        article.title,
        article.body,
        article.url,
        _BETWEEN_TAGS.join(article.tags),
        article.digest,
        now,
    )
    return (await tx.exec_driver_sql(_PUT, columns)).rowcount > 0


async def delete(tx: Transaction, article_id: str) -> bool:
    """Forget an article; False when there is none of that id."""
    return (await tx.exec_driver_sql(_DELETE, (article_id,))).rowcount > 0


async def get(tx: Transaction, article_id: str) -> tuple[Article, datetime] | None:
    """An article, and when it was last changed."""
    rows = await fetch(tx, _GET, (article_id,))
    if not rows:
        return None
    *heading, body, updated_at = rows[0]
    known = _heading(heading)
    article = Article(
        article_id=known.article_id,
        language=known.language,
        title=known.title,
        body=body,
        url=known.url,
        tags=known.tags,
    )
    return article, updated_at


async def page(
    tx: Transaction, *, after: str | None, language: str | None, limit: int
) -> list[Heading]:
    """At most `limit` articles in id order, those behind `after`."""
    return [_heading(row) for row in await fetch(tx, _PAGE, (after, language, limit))]


async def named(tx: Transaction, ids: Collection[str]) -> list[Heading]:
    """Those of `ids` that there are, in the order they are asked for."""
    found = {row[0]: _heading(row) for row in await fetch(tx, _NAMED, (list(ids),))}
    return [found[one] for one in ids if one in found]


async def search(tx: Transaction, words: str, *, language: str | None, limit: int) -> list[Heading]:
    """The articles that people's `words` ask for, the best first."""
    return [_heading(row) for row in await fetch(tx, _SEARCH, (words, language, limit))]


async def suggest(
    tx: Transaction, texts: Iterable[tuple[UUID, str | None, str]]
) -> dict[UUID, list[ArticleRank]]:
    """What may help tickets, by (ticket, language, text): at most MOST_SUGGESTIONS each, the best first.

    A ticket that nothing fits is left out. A text whose language nobody knows is read in every grammar that
    has stop words. One statement, however many tickets.
    """
    asked = [(ticket_id, _iso(language), text[:_READ]) for ticket_id, language, text in texts]
    if not asked:
        return {}
    columns = [list(column) for column in zip(*asked, strict=True)]
    found: dict[UUID, list[ArticleRank]] = {}
    for ticket_id, article_id, rank in await fetch(tx, _SUGGEST, (*columns, MOST_SUGGESTIONS)):
        found.setdefault(ticket_id, []).append(ArticleRank(article_id=article_id, rank=rank))
    return found


def _iso(language: str | None) -> str | None:
    """`de-AT` is German."""
    return language.partition("-")[0].lower() if language else None


def _heading(row: Sequence[Any]) -> Heading:
    article_id, language, title, url, tags = row
    return Heading(
        article_id=article_id,
        language=language,
        title=title,
        url=url,
        tags=tuple(tags.split(_BETWEEN_TAGS)) if tags else (),
    )
