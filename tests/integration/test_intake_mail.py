"""Mail, from the call to the ticket: every real mail is accounted for, and conversations hold together."""

from __future__ import annotations

import asyncio
import json
from collections import Counter
from collections.abc import AsyncIterator
from datetime import timedelta
from itertools import permutations
from typing import Any

import msgspec
import pytest
from pydantic import SecretStr

from services.intake.config import IntakeSection, SourceSettings
from shared.clock import FakeClock
from tests.support.intake import IntakeUnderTest, intake_under_test, settings
from tests.support.mails import RAW_MAILS, TOKEN, a_form, a_mail, a_part, multipart, sample


@pytest.fixture
async def intake(database_url: str, clock: FakeClock) -> AsyncIterator[IntakeUnderTest]:
    names = ("email", "postmark", "sendgrid")
    sources = {name: SourceSettings(channel=name, secrets=(SecretStr(TOKEN),)) for name in names}
    configured = settings(database_url)
    configured = configured.model_copy(update={"intake": IntakeSection(sources=sources)})
    async with intake_under_test(configured, clock) as running:
        yield running


async def send(intake: IntakeUnderTest, raw: bytes, source: str = "email") -> dict[str, Any]:
    answer = await intake.client.post(f"/v1/channels/{source}/webhook/{TOKEN}", content=raw)
    assert answer.status_code in {200, 202}, answer.text
    told: dict[str, Any] = answer.json()
    return told


async def tickets(intake: IntakeUnderTest) -> int:
    return await intake.count("ticket")


@pytest.mark.skipif(not RAW_MAILS, reason="the data is not beside this checkout")
async def test_every_real_mail_becomes_a_ticket_a_follow_up_or_a_parked_delivery(
    intake: IntakeUnderTest,
) -> None:
    outcomes: Counter[str] = Counter()
    for path in RAW_MAILS:
        before = (
            await tickets(intake),
            await intake.count("message"),
            await intake.count("dead_letter"),
        )
        told = await send(intake, path.read_bytes())
        after = (
            await tickets(intake),
            await intake.count("message"),
            await intake.count("dead_letter"),
        )
        opened, said, parked = (now - then for now, then in zip(after, before, strict=True))
        match told["outcome"]:
            case "accepted":
                outcome = "opened" if opened else "followed up"
                assert opened or said, path.name
            case "parked" | "quarantined":
                outcome = "parked"
                assert (opened, said, parked) == (0, 0, 1), path.name
                assert told["reason"], path.name
            case "ignored":
                outcome = "automatic"
                assert (opened, said, told["reason"]) == (0, 0, "automatic"), path.name
            case _:
                pytest.fail(f"{path.name}: {told}")
        outcomes[outcome] += 1

    assert sum(outcomes.values()) == len(RAW_MAILS)
    assert outcomes["opened"] >= 30
    assert 5 <= outcomes["parked"] <= 15
    assert 3 <= outcomes["automatic"] <= 8


@pytest.mark.parametrize("order", list(permutations(range(3))))
async def test_one_conversation_is_one_ticket_in_any_order_of_arrival(
    intake: IntakeUnderTest, order: tuple[int, ...]
) -> None:
    conversation = (
        a_mail("It fails", message_id="a@x"),
        a_mail("Still", message_id="b@x", In_Reply_To="<a@x>", References="<a@x>"),
        a_mail("And again", message_id="c@x", In_Reply_To="<b@x>", References="<a@x> <b@x>"),
    )

    told = [await send(intake, conversation[n]) for n in order]

    assert len({one["ticket_id"] for one in told}) == 1
    assert await tickets(intake) == 1
    assert await intake.count("message") == 3


async def test_one_conversation_that_arrives_all_at_once_is_one_ticket(
    intake: IntakeUnderTest,
) -> None:
    names = [f"{n}@x" for n in range(8)]
    mails = [
        a_mail(message_id=name, References=" ".join(f"<{one}>" for one in names[:n]) or "<0@x>")
        for n, name in enumerate(names)
    ]

    await asyncio.gather(*(send(intake, mail) for mail in reversed(mails)))

    assert await tickets(intake) == 1


async def test_two_who_answer_a_circular_we_never_saw_are_not_on_one_ticket(
    intake: IntakeUnderTest,
) -> None:
    ana = a_mail("Yes", message_id="a@x", In_Reply_To="<circular@ours>")
    ben = a_mail("No", message_id="b@x", sender="ben@example.org", In_Reply_To="<circular@ours>")
    again = a_mail("Still yes", message_id="c@x", In_Reply_To="<circular@ours>")

    told = [await send(intake, mail) for mail in (ana, ben, again)]

    first, other, same = (one["ticket_id"] for one in told)
    assert (first == other, first == same) == (False, True)


async def test_whoever_answers_a_mail_we_know_is_heard_on_its_ticket(
    intake: IntakeUnderTest,
) -> None:
    ana = a_mail("It fails", message_id="a@x")
    ben = a_mail("Here too", message_id="b@x", sender="ben@example.org", In_Reply_To="<a@x>")

    told = [await send(intake, mail) for mail in (ana, ben)]

    assert told[0]["ticket_id"] == told[1]["ticket_id"]


async def test_D9_what_a_mail_calls_itself_stands_in_no_event(intake: IntakeUnderTest) -> None:
    told = await send(intake, a_mail(message_id="ana.smith.4711@example.org"))

    opened = (await intake.said(told["ticket_id"]))[0]
    assert opened == msgspec.structs.replace(opened, external_ref=None)


async def test_the_same_mail_again_changes_nothing(intake: IntakeUnderTest) -> None:
    first, again = await send(intake, a_mail()), await send(intake, a_mail())

    assert first == again
    assert await intake.count("message") == 1


async def test_a_reference_in_the_subject_is_believed_of_its_own_writer_only(
    intake: IntakeUnderTest,
) -> None:
    ticket_id = (await send(intake, a_mail()))["ticket_id"]
    subject = f"Re: [#{ticket_id[-8:].upper()}] The export fails"

    own = await send(intake, a_mail(subject=subject, message_id="b@x"))
    stranger = await send(
        intake, a_mail(subject=subject, message_id="c@x", sender="eve@evil.example")
    )

    assert own["ticket_id"] == ticket_id
    assert stranger["ticket_id"] != ticket_id


async def test_D5_an_out_of_office_reply_ends_no_pause_and_reopens_nothing(
    intake: IntakeUnderTest,
) -> None:
    ticket_id = (await send(intake, a_mail(message_id="a@x")))["ticket_id"]
    agent = {"kind": "agent", "id": "a-1"}
    away = {"In_Reply_To": "<a@x>", "Auto_Submitted": "auto-replied"}

    for action, status in (("pause", "pending"), ("resolution", "resolved")):
        wish = {"by": agent} | ({"reason": "waiting_on_customer"} if action == "pause" else {})
        answer = await intake.post(f"/v1/tickets/{ticket_id}/{action}", wish)
        assert answer.status_code == 202, answer.text
        await intake.clock.advance(timedelta(minutes=1))
        before = (await intake.get(f"/v1/tickets/{ticket_id}")).json()
        told = await send(intake, a_mail(message_id=f"{action}@x", **away))
        after = (await intake.get(f"/v1/tickets/{ticket_id}")).json()

        assert (told["outcome"], told["ticket_id"]) == ("accepted", ticket_id)
        assert after["status"] == before["status"] == status
        assert after["messages"][-1]["automatic"] is True
    assert [name for name in await intake.names(ticket_id) if name in {"resumed", "reopened"}] == []


async def test_Z3_a_persons_reply_ends_the_waiting_for_them(intake: IntakeUnderTest) -> None:
    ticket_id = (await send(intake, a_mail(message_id="a@x")))["ticket_id"]
    waiting = {"reason": "waiting_on_customer", "by": {"kind": "agent", "id": "a-1"}}
    await intake.post(f"/v1/tickets/{ticket_id}/pause", waiting)
    await intake.clock.advance(timedelta(minutes=1))

    await send(intake, a_mail(message_id="b@x", In_Reply_To="<a@x>"))

    assert "resumed" in await intake.names(ticket_id)


async def test_D5_a_bounce_and_a_list_open_nothing(intake: IntakeUnderTest) -> None:
    bounce = multipart(
        a_part("It could not be delivered."),
        a_part("Reporting-MTA: dns; x.example", "message/delivery-status"),
        kind="report",
        sender="MAILER-DAEMON@x.example",
    )

    for raw in (bounce, a_mail(message_id="l@x", List_Id="<news.example.org>")):
        assert (await send(intake, raw))["reason"] == "automatic"

    assert await tickets(intake) == 0
    assert await intake.count("outbox") == 0


async def test_S26_files_are_listed_and_handed_out_to_be_saved_never_to_be_shown(
    intake: IntakeUnderTest,
) -> None:
    named = 'attachment; filename="=?utf-8?q?Gr=C3=BC=C3=9Fe=22=3B.txt?="'
    raw = multipart(
        a_part("See both"),
        a_part("<script>alert(1)</script>", Content_Disposition=named),
        a_part(
            "MZ", "application/x-msdownload", Content_Disposition='attachment; filename="a.exe"'
        ),
    )
    ticket_id = (await send(intake, raw))["ticket_id"]

    shown = (await intake.get(f"/v1/tickets/{ticket_id}")).json()
    [message] = shown["messages"]
    refused, kept = sorted(message["attachments"], key=lambda file: str(file["type"]))
    path = f"/v1/tickets/{ticket_id}/attachments"
    answer = await intake.get(f"{path}/{kept['id']}")
    gone = await intake.get(f"{path}/{refused['id']}")

    assert {**kept, "id": ""} == {
        "id": "",
        "name": "Grüße_;.txt",
        "type": "text/plain",
        "size": 25,
        "refused": None,
    }
    assert answer.content == b"<script>alert(1)</script>"
    assert answer.headers["content-disposition"] == (
        "attachment; filename=\"Gr__e__.txt\"; filename*=UTF-8''Gr%C3%BC%C3%9Fe_%3B.txt"
    )
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert "sandbox" in answer.headers["content-security-policy"]
    assert (gone.status_code, gone.json()["detail"]) == (404, "Files of this kind are not kept.")
    assert (await intake.client.get(f"{path}/{kept['id']}")).status_code == 401


async def test_a_file_is_found_below_its_own_ticket_only(intake: IntakeUnderTest) -> None:
    raw = multipart(a_part("x", Content_Disposition='attachment; filename="a.txt"'))
    ticket_id = (await send(intake, raw))["ticket_id"]
    other = (await send(intake, a_mail()))["ticket_id"]
    [message] = (await intake.get(f"/v1/tickets/{ticket_id}")).json()["messages"]

    found = await intake.get(f"/v1/tickets/{other}/attachments/{message['attachments'][0]['id']}")

    assert found.status_code == 404


@pytest.mark.parametrize(
    ("source", "name"),
    [
        ("postmark", "postmark_inbound_shape.json"),
        ("sendgrid", "sendgrid_inbound_default_data.txt"),
        ("sendgrid", "sendgrid_inbound_raw_data.txt"),
    ],
)
async def test_a_providers_sample_opens_a_ticket(
    intake: IntakeUnderTest, source: str, name: str
) -> None:
    raw = sample(name)
    if raw is None:
        pytest.skip("the data is not beside this checkout")
    if name.endswith(".txt"):
        raw = raw.replace(b"\r\n", b"\n").replace(b"\n", b"\r\n")

    told = await send(intake, raw, source)

    [(channel, subject)] = await intake.rows("SELECT channel, subject FROM ticket")
    assert (told["outcome"], channel) == ("accepted", "email")
    assert subject in {
        "Re: Issue with my order",
        "Inbound Parse Test Data",
        "Inbound Parse Test Raw Data",
    }


async def test_one_writer_is_one_customer_by_whatever_provider_the_mail_comes(
    intake: IntakeUnderTest,
) -> None:
    await send(intake, a_mail())
    await send(intake, a_form({"from": "Ana <ANA@example.org>", "text": "x"}), "sendgrid")
    body = json.dumps({"From": "ana@example.org", "MessageID": "m", "TextBody": "x"})
    await send(intake, body.encode(), "postmark")

    [(customers,)] = await intake.rows("SELECT count(DISTINCT customer_id) FROM ticket")
    assert (customers, await tickets(intake)) == (1, 3)


async def test_a_mail_of_megabytes_is_stored_whole(intake: IntakeUnderTest) -> None:
    content = "".join(f"{n:>75}\r\n" for n in range(90_000))
    raw = multipart(
        a_part("See the log"), a_part(content, Content_Disposition="attachment; filename=a.log")
    )

    told = await send(intake, raw)

    assert told["outcome"] == "accepted"
    [(size, kept)] = await intake.rows("SELECT size, length(content) FROM attachment")
    assert size == kept == len(content)


async def test_a_mail_beyond_the_limit_is_answered_413(intake: IntakeUnderTest) -> None:
    raw = a_mail("x" * 27 * 1024 * 1024)

    answer = await intake.client.post(f"/v1/channels/email/webhook/{TOKEN}", content=raw)

    assert answer.status_code == 413
    assert await intake.count("delivery") == 0
