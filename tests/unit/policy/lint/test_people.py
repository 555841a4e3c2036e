"""What the lint says of people: who cannot be told, who is not there."""

from __future__ import annotations

from typing import Any

from tests.support.linted import linted, of, said, tidied


def an_agent(name: str, level: str, **more: Any) -> dict[str, Any]:
    return {"agent_id": name, "level": level, **more}


def a_recipient(name: str, *roles: str, **more: Any) -> dict[str, Any]:
    """Somebody with an e-mail address."""
    address = {"email": f"{name}@desk.example"}
    return {"recipient_id": name, "roles": list(roles), "channels": address, **more}


def everybody() -> dict[str, Any]:
    """People for whom there is nothing to point at in the tidy workflow."""
    roles = ("manager", "duty_manager", "support_manager", "customer_success_director")
    return {
        "agents": [
            an_agent("fay", "tier_1"),
            an_agent("ana", "tier_2", shift="office"),
            an_agent("mia", "management"),
        ],
        "recipients": [
            a_recipient("fay", "team_lead"),
            a_recipient("ana"),
            a_recipient("mia", *roles, "account_manager"),
        ],
    }


def test_people_who_can_all_be_told_are_no_finding() -> None:
    report = linted(tidied(), everybody())

    assert report.findings == ()
    assert report.people


def test_without_people_nobodys_absence_is_found_and_the_report_says_so() -> None:
    assert not linted(tidied()).people


def test_X10_a_role_nobody_has_is_pointed_out_with_who_names_it() -> None:
    text = tidied(("notify: [team_managers]", "notify: [queue_lead]"))

    assert said("L050", linted(text, everybody())) == [
        "queue_lead: nobody has this role; named by escalation_matrix.management"
    ]


def test_somebody_without_a_channel_has_a_role_in_vain() -> None:
    people = everybody()
    people["recipients"][0]["channels"] = {}

    (message,) = said("L050", linted(tidied(), people))
    assert message.startswith(
        "team_lead: nobody who can be told has this role in frontline, specialists; named by "
    )


def test_a_notification_that_reaches_nobody_is_an_error() -> None:
    people = everybody()
    people["recipients"][0]["roles"] = []
    report = linted(tidied(), people)

    assert "angry_words reaches nobody: team_lead" in said("L051", report)
    assert report.fails(strict=False)


def test_a_fallback_channel_reaches_somebody() -> None:
    people = everybody()
    for recipient in people["recipients"]:
        recipient["channels"] = {"log": ""}

    assert said("L051", linted(tidied(), people)) == []


def test_a_team_on_call_without_a_rotation_is_pointed_out() -> None:
    text = tidied(('  specialists: {rotation: [ana], handover: "mon 09:00"}\n', ""))

    (message,) = said("L052", linted(text))
    assert message.endswith("specialists has no rotation: nobody is told there by it")


def test_somebody_on_call_who_cannot_be_told_is_an_error() -> None:
    text = tidied(("rotation: [ana]", "rotation: [ana, ben]"))
    (found,) = of("L053", linted(text, everybody()))

    assert found.path == "on_call.specialists.rotation[1]"
    assert found.message.startswith("ben takes turns for specialists and cannot be told")


def test_L5_a_ladder_without_a_duty_manager_is_an_error() -> None:
    people = everybody()
    people["recipients"][2]["roles"].remove("duty_manager")

    assert len(of("L054", linted(tidied(), people))) == 1


def test_a_level_without_agents_is_an_error() -> None:
    people = everybody()
    del people["agents"][1]

    assert said("L055", linted(tidied(), people)) == ["tier_2 (specialists): no agent works there"]


def test_a_level_whose_only_shift_is_closed_for_two_weeks_is_an_error() -> None:
    days = ", ".join(f'"2026-06-{day:02}"' for day in range(1, 16))
    hours = '{zone: Europe/Berlin, hours: {mon-fri: ["09:00-18:00"]}}'
    text = tidied((hours, f"{hours[:-1]}, holidays: [{days}]}}"))

    assert said("L055", linted(text, everybody())) == [
        "tier_2 (specialists): none of its agents (ana) is on shift in the next 14 days"
    ]


def test_a_shift_that_only_the_roster_knows_counts_as_worked() -> None:
    people = everybody()
    people["agents"][1]["shift"] = "early"

    assert linted(tidied(), people).findings == ()


def test_an_agent_who_is_no_recipient_cannot_be_told_of_their_tickets() -> None:
    people = everybody()
    people["agents"].append(an_agent("tom", "tier_1"))

    assert said("L056", linted(tidied(), people)) == [
        (
            "tom cannot be told of their own tickets: no recipient of that id has a channel, so their "
            "team's lead is told"
        )
    ]
