"""Which sources may send webhooks, and that none of them starts without its protection."""

from __future__ import annotations

import pytest
from pydantic import SecretStr

from services.intake.config import IntakeSettings, SourceError, SourceSettings, channels_of
from tests.support.intake import NEXT_SECRET, SECRET


def a_source(*secrets: str, channel: str = "generic") -> SourceSettings:
    return SourceSettings(channel=channel, secrets=tuple(SecretStr(one) for one in secrets))


def test_a_sources_name_is_the_same_in_any_case() -> None:
    assert list(channels_of({"CRM": a_source(SECRET)})) == ["crm"]


@pytest.mark.parametrize(
    ("sources", "told"),
    [
        (
            {"crm": a_source()},
            "TIERLINE_INTAKE__SOURCES__CRM__SECRETS: the source 'crm' has no secret",
        ),
        ({"crm": a_source("hunter2")}, "does not begin with 'whsec_'"),
        ({"crm": a_source(SECRET, channel="fax")}, "no channel 'fax'; there is cloudevents"),
        ({"a/b": a_source(SECRET)}, "'a/b' is no name for a source"),
        ({"crm": a_source(SECRET), "CRM": a_source(SECRET)}, "in another case"),
    ],
)
def test_a_source_that_is_not_protected_stops_the_start(
    sources: dict[str, SourceSettings], told: str
) -> None:
    with pytest.raises(SourceError) as stopped:
        channels_of(sources)

    assert told in str(stopped.value)
    assert "hunter2" not in str(stopped.value)


@pytest.mark.parametrize(
    "value",
    [f"{SECRET},{NEXT_SECRET}", f'["{SECRET}", "{NEXT_SECRET}"]'],
    ids=["commas", "json"],
)
def test_secrets_are_read_from_the_environment(value: str) -> None:
    source = SourceSettings.model_validate({"secrets": value})

    assert [one.get_secret_value() for one in source.secrets] == [SECRET, NEXT_SECRET]


def test_a_third_secret_is_one_too_many() -> None:
    with pytest.raises(ValueError, match="at most 2"):
        SourceSettings.model_validate({"secrets": [SECRET] * 3})


def test_settings_show_no_secret() -> None:
    settings = IntakeSettings.model_validate(
        {"intake": {"sources": {"crm": {"secrets": [SECRET]}}}}
    )

    assert SECRET not in repr(settings) + settings.model_dump_json()
