"""From a Markdown file to an article."""

from pathlib import Path

import pytest

from services.articles import EXAMPLES, ArticlesError, read, read_folder
from services.intake.domain.article import Article


def a_file(folder: Path, text: str) -> Path:
    path = folder / "an-article.md"
    path.write_text(text, encoding="utf-8")
    return path


def test_without_front_matter_the_first_heading_is_the_title(tmp_path: Path) -> None:
    path = a_file(tmp_path, "# Reset your password\n\nOpen the page and choose a new one.\n")

    assert read(path) == {
        "language": "en",
        "title": "Reset your password",
        "body": "Open the page and choose a new one.",
        "url": None,
        "tags": [],
    }


def test_front_matter_wins_over_heading_and_option(tmp_path: Path) -> None:
    path = a_file(
        tmp_path,
        "---\ntitle: Passwort\nlanguage: de\nurl: https://h.example/p\ntags: Kennwort\n---\n# Else\n\nText",
    )

    assert read(path, language="en") == {
        "language": "de",
        "title": "Passwort",
        "body": "Text",
        "url": "https://h.example/p",
        "tags": ["Kennwort"],
    }


def test_a_language_that_is_given_is_not_guessed(tmp_path: Path) -> None:
    path = a_file(tmp_path, "# Le mot de passe\n\nIl est perdu.")

    assert (read(path)["language"], read(path, language="it")["language"]) == ("fr", "it")


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ("Only words, and no heading.", "it has no title"),
        ("---\ntitle: X\nauthor: me\n---\nText", "not 'author'"),
        ("---\n- title\n---\nText", "no list of keys"),
        ("---\ntitle: [\n---\nText", "while parsing"),
        ("# 1234\n\n1234", "its language cannot be told"),
    ],
)
def test_a_file_that_is_no_article_is_named_with_what_is_wrong(
    tmp_path: Path, text: str, complaint: str
) -> None:
    with pytest.raises(ArticlesError, match=complaint) as refused:
        read(a_file(tmp_path, text))

    assert "an-article.md" in str(refused.value)


def test_a_folder_without_articles_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(ArticlesError, match=r"no \*\.md"):
        read_folder(tmp_path)


def test_the_examples_can_be_read_and_say_their_language_by_themselves() -> None:
    found = {name: article["language"] for name, article in read_folder(EXAMPLES).items()}

    assert found == {
        "charged-twice": "en",
        "export-misses-rows": "en",
        "invite-a-colleague": "en",
        "passwort-zuruecksetzen": "de",
        "rechnung-korrigieren": "de",
        "reset-your-password": "en",
    }


def test_an_articles_digest_is_that_of_its_content() -> None:
    one = Article(article_id="a", language="en", title="A", body="B")

    assert one.digest == Article(article_id="a", language="en", title="A", body="B").digest
    assert one.digest != Article(article_id="a", language="en", title="A", body="C").digest
