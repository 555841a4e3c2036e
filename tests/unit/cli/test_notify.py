"""`tierline notify preview`: what would leave, and a sentence for every mistake."""

from pathlib import Path

import pytest
from typer.testing import CliRunner

from services.commands.notify import app


def run(*arguments: str) -> tuple[int, str]:
    done = CliRunner().invoke(app, ["preview", *arguments])
    return done.exit_code, done.output


def test_all_templates_are_listed_with_their_languages() -> None:
    status, told = run()

    assert 0 == status
    assert ["escalated", "customer", "en,", "de,", "fr,", "es", "escalation.raised"] in [
        line.split() for line in told.splitlines()
    ]


def test_a_mail_is_shown_with_its_headers_and_text() -> None:
    status, told = run("received", "--language", "de", "--zone", "Europe/Berlin")

    assert 0 == status
    assert "Subject: Ihre Anfrage #8C4711AA ist angekommen" in told
    assert "Ortszeit Berlin" in told


@pytest.mark.parametrize("channel", ["slack", "teams", "pagerduty", "sms", "webhook"])
def test_every_other_channel_is_shown_as_it_is_sent(channel: str) -> None:
    status, told = run("handoff", "--channel", channel)

    assert (0, True) == (status, "#8C4711AA for specialists" in told)


def test_the_html_is_written_to_a_file(tmp_path: Path) -> None:
    status, _ = run("digest", "--html", str(tmp_path / "digest.html"))

    assert 0 == status
    assert (tmp_path / "digest.html").read_text("utf-8").startswith("<!doctype html>")


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (("handof",), "No template 'handof'. Did you mean 'handoff'?"),
        (("handoff", "--channel", "slak"), "No channel 'slak'. Did you mean 'slack'?"),
        (("handoff", "--zone", "Berlin"), "No time zone 'Berlin'"),
        (("handoff", "--example", "--ticket", "1"), "Either --ticket or --example."),
    ],
)
def test_a_mistake_is_answered_with_a_sentence(arguments: tuple[str, ...], sentence: str) -> None:
    status, told = run(*arguments)

    assert 1 == status
    assert sentence in told


def test_a_language_the_template_does_not_have_is_said() -> None:
    assert "# the template has no words in de; these are en" in run("breach", "--language", "de")[1]
