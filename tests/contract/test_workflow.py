"""The workflow file is an interface: the customer's own snippets load in their own syntax, the packaged
values are those of semantics section 16, and every mistake is answered with its place.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from shared.contracts.vocabulary import Complexity, Grade, Metric, PauseReason, Priority
from shared.policy import WorkflowError, WorkflowPolicy, load_workflow, parse_workflow
from shared.policy.document import Document
from shared.policy.facts import ALIASES, FACTS
from shared.policy.loader import PACKAGED
from shared.policy.notification import TEMPLATE_FIELDS

REPOSITORY = Path(__file__).parent.parent.parent
DEMO = REPOSITORY / "deploy" / "workflow-demo.yaml"
REFERENCE = REPOSITORY / "docs" / "workflow-yaml.md"
SEEDS = REPOSITORY.parent / "shared" / "seeds"

ROUTING_SNIPPET = """\
routing_rules:
  - condition: "priority == 'critical' AND category == 'technical'"
    action: "assign_to_senior_engineer"
    notify: "manager_escalation"
    sla_target: "15_minutes"
  - condition: "customer_tier == 'enterprise' AND business_hours == true"
    action: "assign_to_dedicated_csm"
    sla_target: "1_hour"
  - condition: "category == 'billing' AND amount > 10000"
    action: "assign_to_billing_specialist"
    cc: "account_manager"
    sla_target: "4_hours"
"""

MATRIX_JSON = """\
{
  "escalation_matrix": {
    "tier_1": {
      "timeout": "2_hours",
      "conditions": ["no_response", "customer_frustration"],
      "escalate_to": "tier_2_specialist"
    },
    "tier_2": {
      "timeout": "4_hours",
      "conditions": ["technical_complexity", "product_bug"],
      "escalate_to": "engineering_team"
    },
    "management": {
      "triggers": ["vip_customer", "public_complaint", "legal_threat"],
      "notify": ["support_manager", "customer_success_director"]
    }
  }
}
"""

MATRIX_YAML = """\
escalation_matrix:
  tier_1: {timeout: 2_hours, conditions: [no_response, customer_frustration], escalate_to: tier_2_specialist}
  tier_2: {timeout: 4_hours, conditions: [technical_complexity, product_bug], escalate_to: engineering_team}
  management:
    triggers: [vip_customer, public_complaint, legal_threat]
    notify: [support_manager, customer_success_director]
"""

SLA_PYTHON = """\
SLA_MATRIX = {
    ('critical', 'enterprise'): {'first_response': 15, 'resolution': 240},
    ('critical', 'professional'): {'first_response': 30, 'resolution': 480},
    ('high', 'enterprise'): {'first_response': 60, 'resolution': 480},
    ('high', 'professional'): {'first_response': 120, 'resolution': 720},
    ('medium', 'any'): {'first_response': 240, 'resolution': 1440},
    ('low', 'any'): {'first_response': 480, 'resolution': 2880}
}
"""

SLA_YAML = """\
SLA_MATRIX:
  ('critical', 'enterprise'): {'first_response': 15, 'resolution': 240}
  ('critical', 'professional'): {'first_response': 30, 'resolution': 480}
  ('high', 'enterprise'): {'first_response': 60, 'resolution': 480}
  ('high', 'professional'): {'first_response': 120, 'resolution': 720}
  ('medium', 'any'): {'first_response': 240, 'resolution': 1440}
  ('low', 'any'): {'first_response': 480, 'resolution': 2880}
"""

SLA_BLOCK = "SLA_MATRIX: |\n" + "".join(f"  {line}\n" for line in SLA_PYTHON.splitlines())
SLA_LITERAL = SLA_BLOCK.replace("SLA_MATRIX = ", "")


def mistakes(text: str) -> list[str]:
    """The problems of a workflow text, as a person reads them."""
    with pytest.raises(WorkflowError) as caught:
        parse_workflow(text)
    return [str(problem) for problem in caught.value.problems]


# The customer's snippets


def assert_routes_like_the_snippet(policy: WorkflowPolicy) -> None:
    """The three rules, and the catch-all behind them."""
    routing = policy.routing
    first = routing.route({"priority": "critical", "category": "technical", "business_hours": True})
    second = routing.route({"customer_tier": "enterprise", "business_hours": True})
    third = routing.route({"category": "billing", "amount": 10_000.01})

    assert ("technical_senior", timedelta(minutes=15)) == (first.queue, first.sla_target)
    assert ("manager_escalation",) == first.notify
    assert ("customer_success", timedelta(hours=1)) == (second.queue, second.sla_target)
    assert ("billing", timedelta(hours=4)) == (third.queue, third.sla_target)
    assert ("account_manager",) == third.cc


def test_the_routing_snippet_alone_is_a_workflow() -> None:
    assert_routes_like_the_snippet(parse_workflow(ROUTING_SNIPPET))


def test_the_routing_snippet_loads_with_its_indentation_lost_on_a_web_page() -> None:
    flat = "\n".join(line.strip() for line in ROUTING_SNIPPET.splitlines())

    assert parse_workflow(ROUTING_SNIPPET).digest == parse_workflow(flat).digest


def test_G9_a_rule_set_without_a_catch_all_gets_one() -> None:
    route = parse_workflow(ROUTING_SNIPPET).routing.route({"category": "billing", "amount": 10_000})

    assert (None, "general", "tier_1") == (route.rule, route.queue, route.level)


@pytest.mark.parametrize(
    "text",
    [MATRIX_JSON, MATRIX_YAML, MATRIX_JSON[1:-2].strip() + "\n", MATRIX_JSON.replace("  ", "\t")],
    ids=["json", "yaml", "json without the outer braces", "json with tabs"],
)
def test_the_escalation_matrix_loads_as_json_and_as_yaml(text: str) -> None:
    policy = parse_workflow(text)

    assert load_workflow(None).digest == policy.digest


@pytest.mark.parametrize(
    "text",
    [SLA_PYTHON, SLA_YAML, SLA_BLOCK, SLA_LITERAL],
    ids=["python", "yaml", "block", "literal"],
)
def test_the_sla_matrix_loads_in_every_way_people_write_it(text: str) -> None:
    policy = parse_workflow(text)

    targets = policy.sla.targets("high", "professional")
    assert (timedelta(minutes=120), timedelta(minutes=720)) == (
        targets.first_response,
        targets.resolution,
    )
    assert load_workflow(None).digest == policy.digest


def test_K6_what_the_matrix_leaves_out_keeps_its_packaged_target_and_says_so() -> None:
    policy = parse_workflow(SLA_YAML)

    assert timedelta(minutes=60) == policy.sla.targets("critical", "standard").first_response
    assert (
        "workflow.yaml:1:1 SLA_MATRIX: no first_response and no resolution for critical/standard: the packaged 1 h / 12 h applies"
        in [str(warning) for warning in policy.warnings]
    )


def test_a_python_text_with_more_than_the_matrix_is_read_as_data_and_never_run() -> None:
    policy = parse_workflow(SLA_PYTHON + "\nraise SystemExit\n")

    assert timedelta(minutes=15) == policy.sla.targets("critical", "enterprise").first_response


@pytest.mark.skipif(
    not SEEDS.is_dir(), reason="the customer's documents are not beside the repository"
)
def test_the_snippets_load_as_they_stand_in_the_customers_documents() -> None:
    text = (SEEDS / "support-ticket-workflow-expert.txt").read_text(encoding="utf-8")
    routing = re.search(r"^routing_rules:.*?4_hours\"$", text, re.DOTALL | re.MULTILINE)
    matrix = re.search(r"^\{\n\"escalation_matrix.*?^\}\n\}\n\}$", text, re.DOTALL | re.MULTILINE)
    sla = re.search(r"^SLA_MATRIX = .*?^\}$", text, re.DOTALL | re.MULTILINE)
    assert routing
    assert matrix
    assert sla

    assert_routes_like_the_snippet(parse_workflow(routing[0]))
    assert load_workflow(None).digest == parse_workflow(matrix[0]).digest
    assert load_workflow(None).digest == parse_workflow(sla[0]).digest


@pytest.mark.skipif(
    not SEEDS.is_dir(), reason="the customer's documents are not beside the repository"
)
def test_the_pseudo_rules_of_the_second_document_are_conditions() -> None:
    text = (SEEDS / "escalation-workflow.txt").read_text(encoding="utf-8")
    written = re.findall(
        r"^(?:IF|AND|OR) ((?:ticket|customer)\.\w+ (?:=|!=) \"\w+\")$", text, re.MULTILINE
    )
    conditions = "\n".join(f"  c{n}: '{condition}'" for n, condition in enumerate(written))

    assert 3 == len(written)
    assert parse_workflow(f"conditions:\n{conditions}\n").warnings


# The packaged workflow


@pytest.fixture(scope="module")
def packaged() -> WorkflowPolicy:
    return load_workflow(None)


def test_the_packaged_workflow_is_the_one_in_deploy(packaged: WorkflowPolicy) -> None:
    assert packaged.digest == load_workflow(PACKAGED).digest
    assert REPOSITORY / "deploy" / "workflow.yaml" == PACKAGED


@pytest.mark.parametrize(
    ("priority", "tier", "first_response", "resolution"),
    [
        ("critical", "enterprise", 15, 240),
        ("critical", "professional", 30, 480),
        ("critical", "standard", 60, 720),
        ("high", "enterprise", 60, 480),
        ("high", "professional", 120, 720),
        ("high", "standard", 180, 960),
        ("medium", "enterprise", 240, 1440),
        ("medium", "standard", 240, 1440),
        ("low", "professional", 480, 2880),
        ("low", "standard", 480, 2880),
        ("critical", "somebody unknown", 60, 720),
    ],
)
def test_N1_the_packaged_matrix(
    packaged: WorkflowPolicy, priority: str, tier: str, first_response: int, resolution: int
) -> None:
    targets = packaged.sla.targets(priority, tier)

    assert timedelta(minutes=first_response) == targets.first_response == targets.next_response
    assert timedelta(minutes=resolution) == targets.resolution


def test_N2_the_packaged_clock_rules(packaged: WorkflowPolicy) -> None:
    sla = packaged.sla

    assert (50, 75, 80, 90, 100) == sla.thresholds  # N2.1
    assert (125, 150, 200, 300, 400) == sla.overdue  # N2.2
    assert timedelta(0) == sla.grace  # N2.45
    assert timedelta(days=7) == sla.reopen_window  # N2.40
    assert 0.25 == sla.reopen_floor
    assert timedelta(seconds=120) == sla.hold_limit
    assert "carry" == sla.reprice
    assert {"always"} == {sla.calendar_of(priority) for priority in Priority}


def test_Z1_only_what_may_pause_pauses(packaged: WorkflowPolicy) -> None:
    pausing = {
        metric for metric in Metric if packaged.sla.pauses(metric, PauseReason.WAITING_ON_CUSTOMER)
    }

    assert {Metric.RESOLUTION, Metric.PERIODIC_UPDATE, Metric.LEVEL_WORK} == pausing


def test_X7_the_packaged_ladder(packaged: WorkflowPolicy) -> None:
    escalation = packaged.escalation

    assert ["tier_1", "tier_2", "tier_3", "management"] == [level.name for level in packaged.levels]
    assert [timedelta(hours=2), timedelta(hours=4), timedelta(hours=8), None] == [
        level.respond_within for level in packaged.levels
    ]
    assert ["tier_2", "tier_3", "management", None] == [
        escalation.next_level(level.name) for level in packaged.levels
    ]
    assert [None, timedelta(minutes=15), timedelta(minutes=30), timedelta(minutes=10)] == [
        escalation.acknowledge_within(level.name) for level in packaged.levels
    ]
    assert [timedelta(hours=2), timedelta(hours=4), timedelta(hours=8), None] == [
        escalation.timeout(level.name) for level in packaged.levels
    ]
    assert [True, False, False, False] == [
        escalation.waits_for_reply(level.name) for level in packaged.levels
    ]
    assert "tier_2" == packaged.level("tier_2_specialist").name


def test_N2_the_packaged_ladder_rules(packaged: WorkflowPolicy) -> None:
    escalation = packaged.escalation

    assert (0.5, timedelta(seconds=60)) == (
        escalation.window_share,
        escalation.window_floor,
    )  # N2.6
    assert (9, timedelta(hours=4)) == (escalation.repeats, escalation.repeat_limit)  # N2.9
    assert (timedelta(minutes=30), 0.25, timedelta(minutes=5)) == (  # N2.8
        escalation.holds.limit,
        escalation.holds.share,
        escalation.holds.floor,
    )


def test_V16_the_packaged_reasons_for_a_request(packaged: WorkflowPolicy) -> None:
    assert {
        "outside_authority": "next_level",
        "cross_department": "next_level",
        "manager_requested": "management",
        "policy_exception": "management",
        "reputation_risk": "management",
    } == packaged.escalation.manual_reasons


@pytest.mark.parametrize("impact", Grade)
@pytest.mark.parametrize("urgency", Grade)
def test_P6_the_packaged_priority_matrix(
    packaged: WorkflowPolicy, impact: Grade, urgency: Grade
) -> None:
    steps = list(Grade).index(impact) + list(Grade).index(urgency)
    by_steps = (Priority.CRITICAL, Priority.HIGH, Priority.MEDIUM, Priority.LOW, Priority.LOW)

    assert by_steps[steps] is packaged.triage.priority(impact, urgency)


def test_P7_the_packaged_phrases(packaged: WorkflowPolicy) -> None:
    phrases = packaged.triage.phrases

    assert list(Priority) == list(phrases)
    assert ("system down", "security breach") == phrases[Priority.CRITICAL]


def test_N2_34_the_packaged_weights(packaged: WorkflowPolicy) -> None:
    assert [1, 2, 4] == [packaged.routing.weight(complexity) for complexity in Complexity]


def test_N2_50_the_packaged_business_hours(packaged: WorkflowPolicy) -> None:
    def is_open(day: int, hour: int) -> bool:
        return packaged.business_hours.is_open(datetime(2026, 6, day, hour, tzinfo=UTC))

    assert [False, True, True, False] == [
        is_open(1, 8),
        is_open(1, 9),
        is_open(5, 17),
        is_open(5, 18),
    ]
    assert not is_open(6, 12)


def test_N2_48_a_webhook_is_tried_eight_times_in_27_hours_35_minutes_and_5_seconds(
    packaged: WorkflowPolicy,
) -> None:
    waits = packaged.notification.backoff

    assert 8 == len(waits) + 1
    assert timedelta(hours=27, minutes=35, seconds=5) == sum(waits, timedelta(0))


def test_the_packaged_workflow_warns_of_the_level_timeouts_that_serve_shorter_targets(
    packaged: WorkflowPolicy,
) -> None:
    paths = [warning.path for warning in packaged.warnings]

    assert ["escalation_matrix.tier_1.timeout", "escalation_matrix.tier_2.timeout"] == paths


# The demo's workflow


def test_the_demo_counts_in_seconds() -> None:
    policy = load_workflow(DEMO)
    urgent = [
        policy.sla.targets(priority, tier)
        for priority in ("critical", "high")
        for tier in policy.customers.tiers
    ]
    windows = [policy.escalation.acknowledge_within(level.name) for level in policy.levels[1:]]

    assert all(6 <= targets.first_response.total_seconds() <= 14 for targets in urgent)
    assert all(20 <= targets.resolution.total_seconds() <= 40 for targets in urgent)
    assert all(window and 3 <= window.total_seconds() <= 5 for window in windows)
    assert timedelta(seconds=1) == policy.escalation.window_floor
    assert all(
        calendar.is_open(datetime(2026, 6, 6, 3, tzinfo=UTC))
        for calendar in (policy.business_hours, policy.calendars[policy.sla.calendar_of("low")])
    )


def test_somebody_is_on_call_for_every_team_of_the_demo() -> None:
    policy = load_workflow(DEMO)
    now = datetime(2026, 6, 1, 10, tzinfo=UTC)

    assert all(policy.notification.on_call(level.team, now) for level in policy.levels)


def test_the_demo_uses_every_sender() -> None:
    rules = load_workflow(DEMO).notification.rules

    assert {"email", "webhook", "log"} == {channel for rule in rules for channel in rule.via}


# Mistakes


def test_a_problem_names_file_line_column_path_and_the_nearest_word() -> None:
    text = ROUTING_SNIPPET.replace("priority ==", "prioritty ==")

    assert [
        'workflow.yaml:2:17 routing_rules[0].condition: no name "prioritty", did you mean "priority"?'
    ] == mistakes(text)


def test_all_mistakes_of_a_file_are_listed_at_once_in_their_order() -> None:
    text = """\
routing_rules:
  - conditon: "priority == 'high'"
    action: assign_to_frontlin
  - condition: "priority == 'hihg' AND amont > 3"
    action: billing
    sla_target: 15
sla:
  treshold: [50]
  reprice: cary
queues:
  billing: {level: tier_5}
escalation:
  acknowledge_within: {tier_2: soon}
rooting: {}
"""

    assert [
        'workflow.yaml:2:5 routing_rules[0].conditon: no field "conditon", did you mean "condition"?',
        'workflow.yaml:3:13 routing_rules[0].action: no action "assign_to_frontlin", did you mean "assign_to_frontline"?',
        'workflow.yaml:4:30 routing_rules[1].condition: "priority" is never "hihg", did you mean "high"?',
        'workflow.yaml:4:40 routing_rules[1].condition: no name "amont", did you mean "amount"?',
        'workflow.yaml:6:17 routing_rules[1].sla_target: a number alone has no unit, write "15_minutes" or "15s"',
        'workflow.yaml:8:3 sla.treshold: no field "treshold", did you mean "thresholds"?',
        "workflow.yaml:9:12 sla.reprice: 'carry', 'strictest' or 'restart' is expected, not 'cary', did you mean \"carry\"?",
        'workflow.yaml:11:20 queues.billing.level: no level "tier_5", did you mean "tier_4"?',
        'workflow.yaml:13:32 escalation.acknowledge_within.tier_2: "soon" is no duration: write a number and s, minutes, hours, days or weeks',
        'workflow.yaml:14:1 rooting: no section "rooting", did you mean "routing"?',
    ] == [line for line in mistakes(text) if not line.startswith("packaged")]


def test_K6_a_hole_in_the_matrix_of_ones_own_tiers_is_an_error_that_names_the_cell() -> None:
    text = "customers: {tiers: [enterprise, professional, standard], default_tier: standard}\n"

    assert [
        f"workflow.yaml:2:1 SLA_MATRIX: no first_response and no resolution for {cell}: give {way}"
        for cell, way in (
            ("critical/standard", "('critical', 'standard') or ('critical', 'any')"),
            ("high/standard", "('high', 'standard') or ('high', 'any')"),
        )
    ] == mistakes(text + SLA_YAML)


def test_a_key_given_twice_is_an_error_with_its_place() -> None:
    assert [
        'workflow.yaml:3:1: found duplicate key "version" with value "1" (original value: "1")'
    ] == (mistakes("version: 1\ncompany: A\nversion: 1\n"))


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("", "workflow.yaml: the file is empty: leave it out to use the packaged workflow"),
        (
            "# nothing\n",
            "workflow.yaml: the file is empty: leave it out to use the packaged workflow",
        ),
        ("- a\n", "workflow.yaml:1:1: a workflow is a mapping of sections such as routing_rules:"),
        (
            "just text",
            "workflow.yaml:1:1: a workflow is a mapping of sections such as routing_rules:",
        ),
        (
            "routing_rules: [\n",
            "workflow.yaml:2:1: expected the node content, but found '<stream end>'",
        ),
        ("version: 2\n", "workflow.yaml:1:10 version: 1 is expected, not 2"),
        ("routing_rules: 5\n", "workflow.yaml:1:16 routing_rules: a list is expected, not 5"),
        ("queues: [a]\n", "workflow.yaml:1:9 queues: a mapping of keys to values is expected"),
        (
            "SLA_MATRIX: 'nonsense('\n",
            "workflow.yaml:1:13 SLA_MATRIX: this is no Python literal, line 1 of it",
        ),
        (
            "SLA_MATRIX: '{1: open(1)}'\n",
            "workflow.yaml:1:13 SLA_MATRIX: the dictionary may hold plain values only",
        ),
    ],
)
def test_a_text_that_is_no_workflow_is_refused_with_a_sentence(text: str, problem: str) -> None:
    assert problem in mistakes(text)


def test_a_billion_laughs_are_refused() -> None:
    lines = ["a0: &a0 [x, x, x, x, x, x, x, x, x, x]"]
    lines += [f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 10)}]" for n in range(1, 10)]

    assert ["workflow.yaml: the file nests too deeply or repeats itself without end"] == mistakes(
        "\n".join(lines)
    )


def test_a_missing_file_and_a_binary_file_are_said_so(tmp_path: Path) -> None:
    binary = tmp_path / "binary.yaml"
    binary.write_bytes(b"\xff\xfe\x00routing")

    for path, message in (
        (tmp_path / "no.yaml", "there is no such file"),
        (binary, "this is no UTF-8 text"),
    ):
        with pytest.raises(WorkflowError, match=message):
            load_workflow(path)


# Identity


def test_F1_the_digest_names_the_content_not_the_way_it_is_written(
    packaged: WorkflowPolicy,
) -> None:
    spelt = parse_workflow(ROUTING_SNIPPET.replace("AND", "and").replace("15_minutes", "15 min"))

    assert spelt.digest == parse_workflow(ROUTING_SNIPPET).digest
    assert packaged.digest != spelt.digest
    assert packaged.digest != parse_workflow("company: Another\n").digest


def test_C1_the_version_of_the_time_zone_rules_is_recorded(packaged: WorkflowPolicy) -> None:
    assert re.fullmatch(r"20\d\d[a-z]", packaged.tzdata)


# The reference page


def examples() -> Iterator[tuple[int, str]]:
    """The YAML, JSON and Python examples of the reference page, each a workflow of its own."""
    text = REFERENCE.read_text(encoding="utf-8")
    for found in re.finditer(
        r"^```(?:yaml|json|python)\n(.*?)^```", text, re.DOTALL | re.MULTILINE
    ):
        yield text.count("\n", 0, found.start()) + 1, found[1]


@pytest.mark.parametrize(("line", "text"), list(examples()), ids=lambda value: str(value)[:12])
def test_every_example_of_the_reference_page_is_a_valid_workflow(line: int, text: str) -> None:
    try:
        parse_workflow(text, name=f"workflow-yaml.md example of line {line}")
    except WorkflowError as error:
        pytest.fail(str(error))


def keys_of(model: type) -> Iterator[str]:
    """Every key of the file, sections within sections included."""
    from pydantic import BaseModel

    from shared.policy.trouble import _element, _model

    assert issubclass(model, BaseModel)
    for name, field in model.model_fields.items():
        yield field.alias or name
        inner = field.annotation
        while inner is not None and _model(inner) is None:
            inner = _element(inner)
        if inner is not None:
            yield from keys_of(_model(inner) or BaseModel)


@pytest.mark.parametrize("key", sorted(set(keys_of(Document))))
def test_the_reference_page_describes_every_key(key: str) -> None:
    assert f"`{key}`" in REFERENCE.read_text(encoding="utf-8")


@pytest.mark.parametrize("name", [*FACTS, *ALIASES, *TEMPLATE_FIELDS])
def test_the_reference_page_names_every_fact_alias_and_template_field(name: str) -> None:
    assert f"`{name}`" in REFERENCE.read_text(encoding="utf-8")
