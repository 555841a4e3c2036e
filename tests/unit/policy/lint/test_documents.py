"""The customer's two documents, taken at their word, yield their contradictions."""

from __future__ import annotations

import pytest

from shared.policy.lint import Report, lint
from tests.support.linted import HERE, NOW, of, said


def report_on(name: str) -> Report:
    """What the lint says of one of the documents."""
    path = HERE / name
    return lint(path.read_text(encoding="utf-8"), name=path.name, at=NOW)


TICKETS = report_on("ticket_workflow.yaml")
ESCALATIONS = report_on("escalation_workflow.yaml")


def too_late(report: Report, code: str) -> dict[str, list[str]]:
    """By cell, the levels that end too late, with what counts."""
    found: dict[str, list[str]] = {}
    for one in of(code, report):
        words = one.message.split()
        found.setdefault(one.group, []).append(f"{words[0]} {one.message.rpartition(': ')[2]}")
    return found


def test_A1_the_first_document_has_levels_slower_than_the_responses_they_serve() -> None:
    late = too_late(TICKETS, "L020")

    assert late["critical/enterprise"] == [
        "tier_1 7 min 30 s counts",
        "tier_2 11 min 15 s counts",
        "tier_3 13 min 7 s counts",
    ]
    assert late["high/professional"] == [
        "tier_1 1 h counts",
        "tier_2 1 h 30 min counts",
        "tier_3 1 h 45 min counts",
    ]
    assert late["medium/any"] == ["tier_2 3 h counts", "tier_3 3 h 30 min counts"]
    assert late["low/any"] == ["tier_3 6 h 30 min counts"]
    assert of("L020", TICKETS)[0].message == (
        "tier_1 ends after 2 h as written, the first response is due after 15 min: "
        "7 min 30 s counts"
    )


def test_A1_the_first_document_has_levels_slower_than_the_resolutions_they_serve() -> None:
    late = too_late(TICKETS, "L021")

    assert {cell: [one.split()[0] for one in levels] for cell, levels in late.items()} == {
        "critical/enterprise": ["tier_2", "tier_3"],
        "critical/professional": ["tier_3"],
        "high/enterprise": ["tier_3"],
        "high/professional": ["tier_3"],
    }


def test_A1_A10_without_a_step_at_80_percent_nothing_raises_an_answered_ticket_in_time() -> None:
    assert said("L021", TICKETS)[0] == (
        "tier_2 ends after 6 h as written, the resolution is due after 4 h: "
        "nothing raises it before the breach"
    )


def test_A1_the_second_document_has_levels_slower_than_the_responses_they_serve() -> None:
    late = too_late(ESCALATIONS, "L020")

    assert {cell: len(levels) for cell, levels in late.items()} == {
        "critical/any": 3,
        "high/any": 3,
        "medium/any": 2,
        "low/any": 1,
    }


def test_A3_a_level_of_which_a_document_names_no_block_is_pointed_out() -> None:
    assert [found.path for found in of("L023", TICKETS)] == ["levels.tier_3"]
    assert [found.path for found in of("L023", ESCALATIONS)] == [
        "levels.tier_1",
        "levels.tier_2",
        "levels.tier_3",
    ]


def test_A5_the_second_document_promises_every_customer_the_same() -> None:
    assert said("L014", ESCALATIONS) == [
        "enterprise, standard have the same targets at every priority: the matrix tells no tiers apart"
    ]
    assert of("L014", TICKETS) == []


def test_A6_the_first_document_has_no_target_for_a_third_tier() -> None:
    holes = of("L010", TICKETS)

    assert [found.message.partition(":")[0] for found in holes] == [
        "no first_response and no resolution for critical/standard",
        "no first_response and no resolution for high/standard",
    ]
    assert {found.place for found in holes} == {"ticket_workflow.yaml:27:1"}
    assert TICKETS.digest is None


def test_A7_the_first_documents_rule_targets_are_looser_than_its_matrix() -> None:
    second, third = said("L032", TICKETS)

    assert second == (
        "assign_to_dedicated_csm asks for 1 h, longer than the first response of "
        "critical/enterprise (15 min): the shorter counts, so it tightens nothing"
    )
    assert third == (
        "assign_to_billing_specialist asks for 4 h, longer than the first response of "
        "critical/enterprise (15 min), critical/professional (30 min), high/enterprise (1 h), "
        "high/professional (2 h): the shorter counts"
    )
    assert [found.line for found in of("L032", TICKETS)] == [12, 16]


def test_A10_each_document_acts_at_a_percent_the_other_does_not_know() -> None:
    assert {text.split()[0] for text in said("L040", TICKETS)} == {"80"}
    assert {text.split()[0] for text in said("L040", ESCALATIONS)} == {"50", "75", "90"}


def test_A11_the_second_documents_narrow_step_adds_nothing_to_its_broad_one() -> None:
    assert said("L043", ESCALATIONS) == [
        (
            "high_priority_at_risk raises no further than sla_approaching, which acts whenever it does; "
            "only whom it tells counts (team_managers)"
        )
    ]


@pytest.mark.parametrize("report", [TICKETS, ESCALATIONS], ids=["first", "second"])
def test_A15_the_floor_for_vips_empties_the_lower_cells_of_enterprise(report: Report) -> None:
    found = of("L012", report)

    assert [one.message.partition(":")[0] for one in found] == [
        "no ticket opens as medium/enterprise",
        "no ticket opens as low/enterprise",
    ]
    assert [one.group for one in found] == ["medium/any", "low/any"]


def test_A16_the_first_documents_enterprise_rule_leaves_the_night_to_nobody() -> None:
    assert said("L033", TICKETS) == [
        (
            "assign_to_dedicated_csm acts only while business_hours is open; at other times its tickets "
            "go to the queue general"
        )
    ]


def test_A17_the_first_documents_rules_fit_the_same_tickets() -> None:
    assert said("L034", TICKETS)[0] == (
        "assign_to_dedicated_csm (1 h) fits tickets that routing_rules[0] (15 min) takes: "
        "the first match decides"
    )


def test_A18_the_first_documents_snippet_asks_for_a_category_its_taxonomy_lacks() -> None:
    assert said("L035", TICKETS) == [
        "'api' is no category but another name of integration: the rule takes all of its tickets"
    ]


def test_A18_without_that_other_name_the_file_does_not_load() -> None:
    path = HERE / "ticket_workflow.yaml"
    text = f"{path.read_text(encoding='utf-8')}triage: {{category_aliases: {{}}}}\n"
    report = lint(text, name=path.name, at=NOW)

    assert said("L001", report) == ['"category" is never "api"']
