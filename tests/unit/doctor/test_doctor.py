"""The doctor's own manners: nobody waits for ever, nothing secret is shown, and what was found is a sentence."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from services.doctor import machine, network
from services.doctor.finding import Finding, Verdict, fail, ok, without
from services.doctor.running import examine
from services.notifier.senders.settings import SmtpSettings
from shared.clock import SystemClock
from tests.support.running import run_command


async def _well() -> list[Finding]:
    return [ok("well", "it is")]


async def _never() -> list[Finding]:
    await asyncio.Event().wait()
    return []


async def _broken() -> list[Finding]:
    raise ZeroDivisionError("of all things")


async def test_a_check_that_never_ends_and_one_that_breaks_leave_the_others_their_answers() -> None:
    found = await examine({"never": _never, "broken": _broken, "well": _well}, seconds=0.05)

    assert [(one.about, one.verdict) for one in found] == [
        ("never", Verdict.FAIL),
        ("broken", Verdict.FAIL),
        ("well", Verdict.OK),
    ]
    assert found[1].said == "ZeroDivisionError: of all things"


def test_secrets_are_struck_out_of_what_others_say() -> None:
    found = without(["geheim", ""], fail("x", "login geheim refused", "try geheim"))

    assert (found.said, found.todo) == ("login *** refused", "try ***")


@pytest.mark.parametrize(
    ("running", "verdict"),
    [
        ((3, 10, 14), Verdict.FAIL),
        ((3, 11, 14), Verdict.WARN),
        ((3, 11, 15), Verdict.OK),
        ((3, 12, 12), Verdict.WARN),
        ((3, 13, 12), Verdict.OK),
        ((3, 14, 0), Verdict.FAIL),
    ],
)
def test_S25_a_python_without_the_fixes_of_mail_headers_is_told(
    running: tuple[int, int, int], verdict: Verdict
) -> None:
    assert machine.python(running).verdict is verdict


def test_old_time_zones_and_a_missing_extra_are_told(tmp_path: Path) -> None:
    assert machine.time_zones(2099).verdict is Verdict.WARN
    assert machine.extras({"TIERLINE_NOTIFIER__SMTP__HOST": "x"}).verdict is Verdict.OK
    assert "GiB free" in machine.disk(tmp_path).said


async def test_a_mail_relay_that_is_not_there_is_told_with_its_settings() -> None:
    found = await network.mail(SmtpSettings(host="127.0.0.1", port=1, timeout_seconds=2))

    assert [one.verdict for one in found] == [Verdict.FAIL]
    assert "TIERLINE_NOTIFIER__SMTP__" in found[0].todo


async def test_a_service_and_an_auditor_that_do_not_answer_are_told() -> None:
    service = await network.service("router", "http://127.0.0.1:1", 1.0)
    auditor = await network.auditor("http://127.0.0.1:1", SystemClock(), every=60, seconds=1.0)

    assert service[0].verdict is Verdict.FAIL
    assert "tierline run router" in service[0].todo
    assert auditor[0].verdict is Verdict.WARN


@pytest.mark.timeout(120)
async def test_with_nothing_there_every_wrong_thing_is_named_and_no_secret_is(
    tmp_path: Path,
) -> None:
    environment = {
        "TIERLINE_LOCAL__DATA_DIR": str(tmp_path),
        "TIERLINE_DATABASE__URL": "postgresql://u:geheim@127.0.0.1:1/x",
        "TIERLINE_KAFKA__BOOTSTRAP_SERVERS": "127.0.0.1:1",
        "TIERLINE_HTTP__PORT": "eighty",
        "TIERLINE_NOTIFIER__SMTP__HOST": "127.0.0.1",
        "TIERLINE_NOTIFIER__SMTP__PASSWORD": "auch-geheim",
    }
    said = await run_command("doctor", "--seconds", "60", environment=environment, seconds=110)

    assert said.status == 1
    assert "TIERLINE_HTTP__PORT" in said.out
    for thing in ("postgresql", "settings router"):
        assert thing in said.out
    assert "geheim" not in said.out + said.err
    assert "Traceback" not in said.out + said.err
