"""Whatever is done to a workflow text, the answer is a workflow or a list of problems."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

from shared.policy import Problem, WorkflowError, load_workflow, parse_workflow
from shared.policy.explain import explain
from shared.policy.loader import PACKAGED
from shared.policy.ticket_file import read_ticket

LINES = PACKAGED.with_name("workflow-demo.yaml").read_text(encoding="utf-8").splitlines()
JUNK = st.sampled_from(
    [
        *(
            "null",
            "[]",
            "{}",
            "5",
            "-1",
            "true",
            "'x'",
            "[1, {a: 2}]",
            "2026-01-01",
            ".nan",
            ".inf",
        ),
        *("!!python/object:os.system x", "!!binary aGk=", "&a x", "*a", "? [a, b]", "\t", "0x1F"),
        *("| ", "'", '"', "{", "~", "{a: {b: c}}: d", "!!set {a, b}", "9" * 400, "ü💥", "- - -"),
    ]
)
CHANGES = st.lists(
    st.tuples(
        st.integers(0, len(LINES) - 1), st.sampled_from(["drop", "value", "indent", "line"]), JUNK
    ),
    min_size=1,
    max_size=4,
)


def changed(changes: list[tuple[int, str, str]]) -> str:
    """The demo's workflow, damaged."""
    lines = list(LINES)
    for index, how, junk in changes:
        key, _, _ = lines[index].partition(": ")
        ways = {"drop": "", "value": f"{key}: {junk}", "indent": f"  {lines[index]}", "line": junk}
        lines[index] = ways[how]
    return "\n".join(lines)


@settings(max_examples=30, deadline=None)
@given(CHANGES)
def test_a_damaged_workflow_is_answered_with_problems_that_have_words(
    changes: list[tuple[int, str, str]],
) -> None:
    problems: list[Problem] = []
    try:
        parse_workflow(changed(changes))
    except WorkflowError as error:
        problems = error.problems or [Problem("", 0, 0, "", "")]

    assert all(problem.message and problem.file for problem in problems)


@settings(max_examples=60, deadline=None)
@given(
    st.dictionaries(
        st.sampled_from(
            ["priority", "impact", "category", "amount", "signals", "customer.tier", "x"]
        ),
        JUNK,
        max_size=4,
    )
)
def test_a_strange_ticket_is_explained_or_answered_with_problems(ticket: dict[str, str]) -> None:
    policy = load_workflow(None)
    text = "language: en\n" + "".join(f"{key}: {value}\n" for key, value in ticket.items())

    problems: list[Problem] = []
    try:
        explain(policy, read_ticket(text, "ticket.yaml", policy))
    except WorkflowError as error:
        problems = error.problems or [Problem("", 0, 0, "", "")]

    assert all(problem.message and problem.file for problem in problems)
