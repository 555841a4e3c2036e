"""The knowledge base: kept, looked for, and suggested to tickets."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from typing import Any
from urllib.parse import quote
from uuid import UUID, uuid4

import pytest

from services.articles import (
    EXAMPLES,
    ArticlesError,
    Imported,
    listed,
    read_folder,
    searched,
    tell,
)
from services.installation import Installation
from services.intake import articles
from services.intake.domain.article import Article
from shared.clock import FakeClock
from shared.runtime.http_server import HttpServer
from shared.settings import HttpSettings
from tests.support.intake import KEY, IntakeUnderTest, an_open, intake_under_test, settings

pytestmark = pytest.mark.postgres


PASSWORD = {
    "language": "en",
    "title": "Reset your password",
    "body": "Open the sign-in page.",
    "url": "https://help.example/password",
    "tags": ["login", "sign in"],
}


@pytest.fixture
async def intake(database_url: str, clock: FakeClock) -> AsyncIterator[IntakeUnderTest]:
    async with intake_under_test(settings(database_url), clock) as running:
        yield running


@pytest.fixture
async def stocked(intake: IntakeUnderTest) -> IntakeUnderTest:
    """With the packaged examples imported."""
    for name, body in read_folder(EXAMPLES).items():
        answer = await intake.put(f"/v1/articles/{name}", body)
        assert answer.status_code == 200, answer.text
    return intake


async def delete(intake: IntakeUnderTest, path: str) -> int:
    headers = {"authorization": f"Bearer {KEY}"}
    return (await intake.client.delete(path, headers=headers)).status_code


async def ids(intake: IntakeUnderTest, query: str) -> list[str]:
    answer = await intake.get(f"/v1/articles?{query}")
    assert answer.status_code == 200, answer.text
    return [one["article_id"] for one in answer.json()["articles"]]


async def suggested(intake: IntakeUnderTest, text: str, language: str | None = "en") -> list[str]:
    ticket = UUID(int=1)
    async with intake.service.engine.connect() as tx:
        found = await articles.suggest(tx, [(ticket, language, text)])
    assert [one.rank for one in found.get(ticket, [])] == list(
        range(1, len(found.get(ticket, [])) + 1)
    )
    return [one.article_id for one in found.get(ticket, [])]


async def test_an_article_is_kept_changed_and_forgotten(
    intake: IntakeUnderTest, clock: FakeClock
) -> None:
    path = "/v1/articles/password"
    first = await intake.put(path, PASSWORD)
    kept = (await intake.get(path)).json()

    assert first.json() == {"article_id": "password", "changed": True}
    assert kept == {
        "article_id": "password",
        **PASSWORD,
        "updated_at": f"{clock.now():%Y-%m-%dT%H:%M:%SZ}",
    }
    assert (await intake.put(path, PASSWORD | {"title": "Another"})).json()["changed"]
    assert [204, 404] == [await delete(intake, path), await delete(intake, path)]
    assert (await intake.get(path)).status_code == 404


async def test_writing_what_is_there_changes_nothing(intake: IntakeUnderTest) -> None:
    await intake.put("/v1/articles/password", PASSWORD)
    before = await intake.rows("SELECT xmin, updated_at FROM article")
    again = await intake.put("/v1/articles/password", PASSWORD)

    assert not again.json()["changed"]
    assert await intake.rows("SELECT xmin, updated_at FROM article") == before


@pytest.mark.parametrize(
    "fault",
    [
        {"title": ""},
        {"language": "English"},
        {"url": "javascript:alert(1)"},
        {"body": "nul \0"},
        {"surprise": True},
        {"tags": [""]},
    ],
    ids=str,
)
async def test_a_bad_article_is_refused(intake: IntakeUnderTest, fault: dict[str, Any]) -> None:
    answer = await intake.put("/v1/articles/password", PASSWORD | fault)

    assert answer.status_code == 422
    assert await intake.count("article") == 0


async def test_reading_and_writing_need_their_scopes(intake: IntakeUnderTest) -> None:
    assert (await intake.client.get("/v1/articles")).status_code == 401
    assert (await intake.client.put("/v1/articles/x", json=PASSWORD)).status_code == 401


async def test_all_articles_come_page_by_page(stocked: IntakeUnderTest) -> None:
    answer = await stocked.get("/v1/articles?limit=4")
    following = answer.links["next"]["url"]
    rest = await stocked.get(following)

    assert [len(answer.json()["articles"]), len(rest.json()["articles"])] == [4, 2]
    assert "next" not in rest.links
    assert await ids(stocked, "language=de") == ["passwort-zuruecksetzen", "rechnung-korrigieren"]


async def test_some_articles_come_in_the_order_asked_for(stocked: IntakeUnderTest) -> None:
    assert await ids(stocked, "id=reset-your-password&id=gone&id=charged-twice") == [
        "reset-your-password",
        "charged-twice",
    ]


@pytest.mark.parametrize(
    ("words", "found"),
    [
        ("resetting passwords", ["reset-your-password"]),
        ("forgotten", ["reset-your-password"]),
        ("Rechnungen", ["rechnung-korrigieren"]),
        ("Passwörter", ["passwort-zuruecksetzen"]),
        ('"five working days"', ["charged-twice"]),
        ("invoice OR spreadsheet", ["charged-twice", "export-misses-rows"]),
        ("five -order", ["reset-your-password"]),
        ("zeppelin", []),
        ("the and of", []),
        ("'); DROP TABLE article; --", []),
    ],
)
async def test_people_find_articles_in_the_grammar_of_each(
    stocked: IntakeUnderTest, words: str, found: list[str]
) -> None:
    assert sorted(await ids(stocked, f"q={quote(words)}")) == found


@pytest.mark.parametrize(
    ("text", "best"),
    [
        ("Password reset does not arrive\nI have tried three times.", "reset-your-password"),
        ("Charged twice\nTwo payments for one order, please give one back.", "charged-twice"),
        (
            "Export misses half of the rows\nThe monthly export ends in the middle.",
            "export-misses-rows",
        ),
        ("Please reset my password", "reset-your-password"),
        ("How do I add a colleague?\nI cannot find the button.", "invite-a-colleague"),
    ],
)
async def test_D6_a_ticket_is_suggested_what_its_words_are_about(
    stocked: IntakeUnderTest, text: str, best: str
) -> None:
    assert (await suggested(stocked, text))[:1] == [best]


async def test_D6_suggestions_are_in_the_tickets_language(stocked: IntakeUnderTest) -> None:
    german = "Mein Passwort geht nicht\nIch habe das Passwort vergessen, bitte zurücksetzen."

    assert await suggested(stocked, german, "de-AT") == ["passwort-zuruecksetzen"]
    assert await suggested(stocked, german, "en") == []
    assert await suggested(stocked, german, "it") == []
    assert await suggested(stocked, german, None) == ["passwort-zuruecksetzen"]


@pytest.mark.parametrize(
    "text",
    [
        "",
        "Hello",
        "Thank you very much",
        "asdf qwer 'x\\' | & ! <-> :* 42",
        "Signed in as somebody else\nI see another company's data.",
        "My order has not been delivered",
        "It takes half a minute since Monday.",
    ],
)
async def test_D6_nonsense_and_mere_courtesy_are_suggested_nothing(
    stocked: IntakeUnderTest, text: str
) -> None:
    assert await suggested(stocked, text) == []


async def test_D6_three_articles_at_most(intake: IntakeUnderTest) -> None:
    async with intake.service.engine.begin() as tx:
        for n in range(5):
            article = Article(
                article_id=f"a{n}", language="en", title="Reset a password", body="Again."
            )
            await articles.put(tx, article, intake.clock.now())

    assert await suggested(intake, "please reset my password") == ["a0", "a1", "a2"]


async def test_many_tickets_are_asked_for_at_once(stocked: IntakeUnderTest) -> None:
    one, two, three = uuid4(), uuid4(), uuid4()
    texts = [
        (one, "en", "I forgot my password, reset it"),
        (two, "de", "Rechnung falsch, bitte Betrag prüfen"),
        (three, "en", "Hello"),
    ]
    async with stocked.service.engine.connect() as tx:
        found = await articles.suggest(tx, texts)

    assert {ticket: ranked[0].article_id for ticket, ranked in found.items()} == {
        one: "reset-your-password",
        two: "rechnung-korrigieren",
    }


async def test_a_tickets_suggestions_are_shown(stocked: IntakeUnderTest) -> None:
    opened = await stocked.webhook(
        an_open(subject="Reset of my password", body="I cannot sign in.", language="en")
    )
    ticket = opened.json()["ticket_id"]
    answer = await stocked.get(f"/v1/tickets/{ticket}/articles")
    absent = await stocked.get(f"/v1/tickets/{uuid4()}/articles")

    assert [one["article_id"] for one in answer.json()["articles"]] == ["reset-your-password"]
    assert absent.status_code == 404


@asynccontextmanager
async def reachable(intake: IntakeUnderTest) -> AsyncIterator[Installation]:
    """Intake on a socket, as the command line finds it."""
    server = HttpServer(intake.service.app, HttpSettings(port=0))
    serving = asyncio.create_task(server.run())
    try:
        yield Installation("", "", {"intake": server.url}, api_key=KEY)
    finally:
        server.stop()
        await serving


async def test_an_import_repeated_changes_nothing_and_a_pruned_one_removes(
    intake: IntakeUnderTest,
) -> None:
    bodies = read_folder(EXAMPLES)
    some = {name: bodies[name] for name in ("charged-twice", "reset-your-password")}
    async with reachable(intake) as where:
        first = await tell(where, bodies)
        again = await tell(where, bodies)
        pruned = await tell(where, some, prune=True)
        known = [one["article_id"] for one in await listed(where)]
        found = await searched(where, "password OR card", language="en")

    assert (first, again, pruned) == (Imported(6, 6, 0), Imported(6, 0, 0), Imported(2, 0, 4))
    assert known == sorted(some)
    assert {one["article_id"] for one in found} == some.keys()


async def test_an_import_that_is_refused_says_which_article_and_why(
    intake: IntakeUnderTest,
) -> None:
    async with reachable(intake) as where:
        with pytest.raises(ArticlesError, match="/v1/articles/a%20b: 422"):
            await tell(where, {"a b": PASSWORD})
        with pytest.raises(ArticlesError, match="401"):
            await tell(replace(where, api_key="tl_wrong"), {"a": PASSWORD})


async def test_an_import_without_an_intake_says_so() -> None:
    where = Installation("", "", {"intake": "http://127.0.0.1:9"}, api_key=KEY)

    with pytest.raises(ArticlesError, match="ConnectError"):
        await tell(where, {"a": PASSWORD})
