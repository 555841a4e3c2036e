"""`tierline workflow check` and `explain`."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from services.commands.workflow import app
from shared.policy import WorkflowError, load_workflow, parse_workflow
from shared.policy.ticket_file import read_ticket

TICKET = """\
category: Technical
impact: High
urgency: high
customer: {tier: Enterprise, ltv: 20000}
opened_at: 2026-06-01T03:00:00Z
"""


def run(*arguments: object) -> tuple[int, str]:
    """Exit code and output of `tierline workflow …`."""
    result = CliRunner().invoke(app, [str(argument) for argument in arguments])
    return result.exit_code, result.output


def test_check_says_ok_with_counts_warnings_and_the_digest() -> None:
    code, output = run("check")

    policy = load_workflow(None)
    assert 0 == code
    assert output.splitlines()[-1].startswith("ok: 5 routing rules, 2 boosts, 8 queues, 4 levels")
    assert policy.digest in output
    assert len(policy.warnings) == output.count("warning: ")


def test_check_lists_every_problem_and_fails(tmp_path: Path) -> None:
    file = tmp_path / "mine.yaml"
    file.write_text("sla: {treshold: [50]}\ncompny: X\n", encoding="utf-8")

    code, output = run("check", file)
    assert 1 == code
    assert [
        'mine.yaml:1:7 sla.treshold: no field "treshold", did you mean "thresholds"?',
        'mine.yaml:2:1 compny: no section "compny", did you mean "company"?',
        "2 problems",
    ] == output.splitlines()


def test_check_of_a_file_that_is_not_there_says_so(tmp_path: Path) -> None:
    code, output = run("check", tmp_path / "none.yaml")

    assert 1 == code
    assert "there is no such file" in output


def test_explain_shows_rules_targets_and_triggers(tmp_path: Path) -> None:
    ticket = tmp_path / "ticket.yaml"
    ticket.write_text(TICKET, encoding="utf-8")

    code, output = run("explain", "--ticket", ticket)
    assert 0 == code
    for line in (
        "priority critical: impact high × urgency high = critical, floor high",
        "opened at 2026-06-01T03:00+00:00: business_hours closed",
        "  yes  assign_to_senior_engineer: queue technical_senior, role senior_engineer",
        "         yes priority == 'critical'   [priority = 'critical']",
        "  --   assign_to_dedicated_csm: not looked at",
        "queue technical_senior at tier_3, rank 50",
        "  required skills: incident 4",
        "  role: senior_engineer",
        "targets of critical/enterprise, calendar always",
        "  first response 15 min (assign_to_senior_engineer asks for 15 min, which tightens nothing)",
    ):
        assert line in output.splitlines()


FOLLOWING_THE_SUN = """\
calendars:
  emea: {zone: Europe/Berlin, hours: {mon-fri: ["08:00-18:00"]}}
  apac: {zone: Asia/Tokyo, hours: {mon-fri: ["08:00-18:00"]}}
routing_rules:
  - {name: in_europe, condition: "business_hours.emea == true", action: {queue: general, team: [emea, dach]}}
  - {name: in_asia, condition: "business_hours.apac == true", action: {queue: general, team: apac}}
"""


@pytest.mark.parametrize(
    ("instant", "lines"),
    [
        (
            "2026-06-01T10:00:00Z",
            [
                "opened at 2026-06-01T10:00+00:00: business_hours open, business_hours.apac closed, business_hours.emea open",
                "  yes  in_europe: queue general, team emea, dach",
                "         yes business_hours.emea == true   [business_hours.emea = true]",
                "  --   in_asia: not looked at",
                "  teams: emea, dach",
            ],
        ),
        (
            "2026-06-02T03:00",
            [
                "opened at 2026-06-02T03:00+00:00: business_hours closed, business_hours.apac open, business_hours.emea closed",
                "  no   in_europe: queue general, team emea, dach",
                "         no  business_hours.emea == true   [business_hours.emea = false]",
                "  yes  in_asia: queue general, team apac",
            ],
        ),
        (
            "2026-06-06T23:00:00+02:00",
            [
                "  no   in_asia: queue general, team apac",
                "  yes  no rule matched: the catch-all",
            ],
        ),
    ],
    ids=["by day", "by night", "at the weekend"],
)
def test_explain_tries_a_ticket_at_any_instant(
    tmp_path: Path, instant: str, lines: list[str]
) -> None:
    ticket, workflow = tmp_path / "ticket.yaml", tmp_path / "workflow.yaml"
    ticket.write_text(TICKET + "business_hours: true\n")
    workflow.write_text(FOLLOWING_THE_SUN)

    code, output = run("explain", "--ticket", ticket, "--file", workflow, "--at", instant)
    assert (0, []) == (code, [line for line in lines if line not in output.splitlines()])


def test_explain_at_what_is_no_instant_says_so(tmp_path: Path) -> None:
    ticket = tmp_path / "ticket.yaml"
    ticket.write_text(TICKET)

    code, output = run("explain", "--ticket", ticket, "--at", "noon")
    assert 2 == code
    assert "'noon' is no instant like 2026-06-01T03:00:00Z" in output


def test_a_ticket_may_say_itself_which_calendars_are_open() -> None:
    policy = parse_workflow(FOLLOWING_THE_SUN)
    text = "opened_at: 2026-06-01T10:00:00Z\nbusiness_hours: {apac: true}\n"
    facts = read_ticket(text, "t.yaml", policy)

    assert (True, True) == (facts["business_hours.apac"], facts["business_hours.emea"])
    with pytest.raises(
        WorkflowError, match=r'no fact "business_hours\.apec".*"business_hours\.apac"'
    ):
        read_ticket("business_hours: {apec: true}", "t.yaml", policy)


def test_explain_as_json_is_one_document_with_durations_in_seconds(tmp_path: Path) -> None:
    ticket = tmp_path / "ticket.json"
    ticket.write_text(json.dumps({"priority": "low", "amount": 20000, "category": "billing"}))
    workflow = tmp_path / "workflow.yaml"
    workflow.write_text(
        "routing_rules: [{condition: 'amount > 5', action: billing, sla_target: 90s}]"
    )

    code, output = run("explain", "--ticket", ticket, "--file", workflow, "--json")
    found = json.loads(output)
    assert 0 == code
    assert ("billing", 90, 28800) == (
        found["route"]["queue"],
        found["first_response"],
        found["targets"]["first_response"],
    )
    assert parse_workflow(workflow.read_text()).digest == found["workflow_digest"]


@pytest.mark.parametrize("text", ["", "[1]", "{", "\ufeff"])
def test_explain_of_a_ticket_that_cannot_be_read_fails_with_a_sentence(
    tmp_path: Path, text: str
) -> None:
    ticket = tmp_path / "ticket.json"
    ticket.write_text(text, encoding="utf-8")

    code, output = run("explain", "--ticket", ticket)
    assert 1 == code
    assert output.startswith("ticket.json:")


def test_explain_reads_a_tickets_text_and_says_what_it_found(tmp_path: Path) -> None:
    ticket = tmp_path / "ticket.yaml"
    ticket.write_text(
        "subject: I was charged twice\nbody: Please refund it asap, this is terrible.\n"
        "customer: {tier: enterprise}\n"
    )

    code, output = run("explain", "--ticket", ticket)

    assert 0 == code
    for line in (
        "read in the text",
        "  category billing (judged by charged, charged twice, refund, likelihood 100%)",
        "  urgency high (by the words asap)",
        "  signal angry (by the words terrible)",
        "  priority high (by impact medium, urgency high)",
        "targets of high/enterprise, calendar always",
    ):
        assert line in output.splitlines()
    found = json.loads(run("explain", "--ticket", ticket, "--json")[1])
    assert {
        "field": "urgency",
        "value": "high",
        "rule": "word",
        "words": ["asap"],
    } in found["evidence"]
