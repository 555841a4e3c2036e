"""How good duplicate suggestions are: questions whose readers marked other questions as the same.

The product's own search and ranking in PostgreSQL against the cosine of TF-IDF vectors (scikit-learn), on the
same pool in the same run. And how often the strict rule would merge tickets that have nothing to do with
each other.
"""

from __future__ import annotations

import asyncio
import hashlib
import random
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Final
from uuid import UUID

import asyncpg
import msgspec
from pydantic import SecretStr
from sklearn.feature_extraction.text import TfidfVectorizer

from services.intake import reading_store, store
from services.intake.domain.duplicates import are_the_same, comparable, suggested
from services.intake.duplicates import telling_words
from services.local import EmbeddedPostgres
from shared.db import migrate
from shared.db.engine import create_engine
from shared.settings import DatabaseSettings
from tests.support.asked import Story
from tests.support.figures import Figure

from .data import rows

#: A suggestion is a hit when it is among so many.
SHOWN: Final = 5

#: Pairs of real tickets that the strict rule is asked about, and the seed they are drawn with.
RANDOM_PAIRS: Final = 200_000
SEED: Final = 20260601

_NOW: Final = datetime(2026, 6, 1, 10, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Pool:
    """All distinct questions, and which two are one; `is_held` of a pair: it had no part in any choice."""

    questions: Sequence[tuple[str, str]]
    pairs: Sequence[tuple[int, int, bool]]


def measure() -> list[Figure]:
    """The figures; needs `../shared/data` beside the checkout and takes about a minute."""
    pool = read_pool()
    product, seconds = asyncio.run(_product(pool))
    baseline = _baseline(pool)
    held = [is_held for _, _, is_held in pool.pairs for _ in range(2)]
    return [
        *_recall("all pairs", product, baseline, [True] * len(held)),
        *_recall("held back", product, baseline, held),
        Figure("questions in the pool", len(pool.questions), "texts"),
        Figure("finding what one ticket is like", 1000 * seconds, "ms a ticket"),
        _false_merges(),
    ]


def read_pool() -> Pool:
    """The questions and their marks; half of the groups is held back."""
    numbers: dict[str, int] = {}
    questions: list[tuple[str, str]] = []
    pairs = []
    for row in rows("dup_askubuntu"):
        ends = []
        for side in ("a", "b"):
            title, text = row[f"title_{side}"], row[f"text_{side}"]
            if text not in numbers:
                numbers[text] = len(questions)
                questions.append((title, text.removeprefix(title).strip()))
            ends.append(numbers[text])
        if row["is_duplicate"] == "1" and ends[0] != ends[1]:
            pairs.append((ends[0], ends[1], _is_held(row["group"])))
    return Pool(questions, pairs)


def _is_held(group: str) -> bool:
    return hashlib.sha256(group.encode()).digest()[-1] % 2 == 1


def _recall(
    name: str, product: Sequence[bool], baseline: Sequence[bool], wanted: Sequence[bool]
) -> list[Figure]:
    ours = _share(product, wanted)
    theirs = _share(baseline, wanted)
    return [
        Figure(f"R@5, {name}", ours, "", f"> {theirs:.3f} (TF-IDF)", ours > theirs),
        Figure(f"R@5 of TF-IDF, {name}", theirs, ""),
        Figure(f"queries, {name}", sum(wanted), ""),
    ]


def _share(hits: Sequence[bool], wanted: Sequence[bool]) -> float:
    counted = [hit for hit, is_wanted in zip(hits, wanted, strict=True) if is_wanted]
    return sum(counted) / len(counted)


def _hits(pool: Pool, shown: Callable[[int], Sequence[int]]) -> list[bool]:
    """Whether each end of each pair is shown for the other."""
    return [
        wanted in shown(asked)
        for one, other, _ in pool.pairs
        for asked, wanted in ((one, other), (other, one))
    ]


def _baseline(pool: Pool) -> list[bool]:
    """The better of the usual settings: English stop words left out, repeated words damped."""
    texts = [f"{title} {body}" for title, body in pool.questions]
    vectors = TfidfVectorizer(stop_words="english", sublinear_tf=True).fit_transform(texts)
    likeness = (vectors @ vectors.T).toarray()

    def shown(asked: int) -> list[int]:
        likeness[asked, asked] = -1.0
        return [int(n) for n in (-likeness[asked]).argsort(kind="stable")[:SHOWN]]

    return _hits(pool, shown)


async def _product(pool: Pool) -> tuple[list[bool], float]:
    """What intake shows for every question, all others being there; and the seconds for one."""
    with _folder() as folder:
        postgres = EmbeddedPostgres(folder, options={"fsync": "off"})
        postgres.start()
        try:
            await migrate.upgrade(postgres.url())
            return await _asked(pool, postgres.url())
        finally:
            postgres.stop()


@contextmanager
def _folder() -> Iterator[Path]:
    with tempfile.TemporaryDirectory(prefix="tierline-quality-") as name:
        folder = Path(name)
        folder.chmod(0o755)  # PostgreSQL, started as another user by root, must pass
        yield folder


async def _asked(pool: Pool, url: str) -> tuple[list[bool], float]:
    engine = create_engine(
        DatabaseSettings(url=SecretStr(url)), service="intake", application="tierline/quality"
    )
    ids = [UUID(int=number + 1) for number in range(len(pool.questions))]
    texts = [comparable(title, body) for title, body in pool.questions]
    plain = Story("08:00").ticket
    async with engine.begin() as tx:
        pooled = [msgspec.structs.replace(plain, ticket_id=ticket_id) for ticket_id in ids]
        await store.save(tx, tickets=pooled)
        kept = {ids[n]: (f"customer-{n}", _NOW, text) for n, text in enumerate(texts)}
        await reading_store.add_texts(tx, kept)
    await _analyze(url)
    found: dict[int, list[int]] = {}
    asked = sorted({end for one, other, _ in pool.pairs for end in (one, other)})
    async with engine.begin() as tx:
        began = time.perf_counter()
        for number in asked:
            rarity = await reading_store.rarity(tx)
            words = {ids[number]: telling_words(texts[number], rarity)}
            near = await reading_store.candidates(tx, words, _NOW)
            best = suggested(texts[number], near[ids[number]], rarity)
            found[number] = [one.candidate.ticket_id.int - 1 for one in best]
        seconds = (time.perf_counter() - began) / len(asked)
    await engine.dispose()
    return _hits(pool, found.__getitem__), seconds


async def _analyze(url: str) -> None:
    """What autovacuum does after enough new rows: statistics say how common words are."""
    connection = await asyncpg.connect(url)
    try:
        await connection.execute("ANALYZE intake.ticket_text")
    finally:
        await connection.close()


def _false_merges() -> Figure:
    """Pairs of real tickets, drawn at random, that the strict rule takes for one though they differ."""
    texts = [comparable(row["title"], row["body"]) for row in rows("it_tickets_endava")]
    texts += [comparable(title, body) for title, body in read_pool().questions]
    draw = random.Random(SEED)
    merged = 0
    for _ in range(RANDOM_PAIRS):
        one, other = draw.sample(texts, 2)
        merged += one != other and are_the_same(one, other)
    return Figure(
        f"strict rule: merged of {RANDOM_PAIRS} random pairs", merged, "pairs", "≤ 0", merged == 0
    )
