"""What a ticket is about, judged by its words; models as files."""

from __future__ import annotations

from pathlib import Path

import pytest

from shared.policy import WorkflowError, load_workflow, parse_workflow
from shared.policy.categories import CategoryModel
from shared.policy.category_file import model_text, read_model
from shared.policy.category_models import packaged_languages

CATEGORIES = {"billing": "billing", "money": "billing", "technical": "technical"}

TEXT = """\
threshold: 0.6
bias: {billing: 0.5}
words:
  Money:
    3: "Invoice, credit  card"
    -1: free
  technical:
    2.5: crash
"""

MODEL = CategoryModel(
    0.6,
    {"billing": 0.5, "technical": 0.0},
    {"billing": {"invoice": 3.0, "credit card": 3.0, "free": -1.0}, "technical": {"crash": 2.5}},
)


def judged(text: str) -> tuple[str, float, tuple[str, ...]] | None:
    words = text.split()
    found = MODEL.judge(words, frozenset(words))
    return (found.category, round(found.probability, 3), found.words) if found else None


def test_a_file_is_a_model_by_category_and_weight() -> None:
    assert MODEL == read_model(TEXT, "model.yaml", CATEGORIES)


def test_the_sums_of_weights_and_bias_become_probabilities() -> None:
    assert ("billing", 0.971, ("invoice",)) == judged("the invoice")
    assert ("technical", 0.881, ("crash",)) == judged("a crash")


def test_a_word_counts_once_and_a_pair_only_in_its_order_and_together() -> None:
    assert judged("invoice invoice invoice") == judged("invoice")
    assert ("billing", 0.971, ("credit card",)) == judged("my credit card")
    assert judged("credit for a card") is None
    assert judged("card credit") is None


def test_the_strongest_words_for_the_category_are_its_reason() -> None:
    assert ("billing", 0.953, ("credit card", "invoice")) == judged(
        "crash free invoice credit card"
    )


def test_a_text_without_a_known_word_is_not_judged() -> None:
    assert judged("hello there") is None
    assert judged("") is None


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        (
            "words: {billing: {3: x}, technicl: {1: y}}",
            'm.yaml:1:26 words.technicl: no category "technicl", did you mean "technical"?',
        ),
        (
            "word: {}",
            'm.yaml:1:1 word: no field "word", did you mean "words"?',
        ),
        (
            "words:\n  billing:\n    heavy: x\n  technical: {1: y}",
            "m.yaml:3:5 words.billing.heavy: a number from -100 to 100 is expected",
        ),
        (
            "words:\n  billing:\n    1: a b c\n  technical: {1: y}",
            'm.yaml:3:8 words.billing.1: one word or two are expected, not "a b c"',
        ),
        (
            "words:\n  billing: {1: a, 2: 'b, A'}\n  technical: {1: y}",
            'm.yaml:2:22 words.billing.2: "a" is given twice for billing',
        ),
        (
            "threshold: 2\nwords: {billing: {1: x}, technical: {1: y}}",
            "m.yaml:1:12 threshold: a number from 0 to 1 is expected",
        ),
        (
            "words: {billing: {1: x}}",
            "m.yaml:1:8 words: words for two categories are expected at least",
        ),
        ("words: [x]", "m.yaml:1:8 words: a mapping of keys to values is expected"),
    ],
)
def test_what_is_wrong_with_a_file_is_said_with_its_place(text: str, problem: str) -> None:
    with pytest.raises(WorkflowError) as refused:
        read_model(text, "m.yaml", CATEGORIES)

    assert problem in [str(one) for one in refused.value.problems]


def test_a_written_model_reads_as_it_was() -> None:
    support = {"invoice": 42, "credit card": 7, "free": 3, "crash": 12}
    text = model_text(MODEL, support, "learned from 64 texts")

    assert MODEL == read_model(text, "m.yaml", CATEGORIES)
    assert "# learned from 64 texts" in text
    assert '    3: "credit card, invoice"  # in 7, 42' in text.splitlines()


def test_every_packaged_model_knows_all_packaged_categories() -> None:
    triage = load_workflow(None).triage

    assert {"en", "de", "fr", "es"} == set(triage.category_models) == set(packaged_languages())
    for model in triage.category_models.values():
        assert set(triage.categories) == set(model.bias)


def test_a_workflow_takes_a_model_from_a_file_beside_it(tmp_path: Path) -> None:
    (tmp_path / "mine.yaml").write_text("words: {billing: {1: x}, account: {1: y}}")
    workflow = tmp_path / "workflow.yaml"
    workflow.write_text("triage: {category_models: {nl: mine.yaml, en: packaged}}")

    models = load_workflow(workflow).triage.category_models

    assert ["nl", "en"] == list(models)
    assert {"billing": {"x": 1.0}, "account": {"y": 1.0}} == models["nl"].weights


def test_a_models_words_are_part_of_the_workflows_digest(tmp_path: Path) -> None:
    workflow = tmp_path / "workflow.yaml"
    workflow.write_text("triage: {category_models: {en: mine.yaml}}")
    (tmp_path / "mine.yaml").write_text("words: {billing: {1: x}, account: {1: y}}")
    before = load_workflow(workflow).digest
    (tmp_path / "mine.yaml").write_text("words: {billing: {1: x}, account: {2: y}}")

    assert before != load_workflow(workflow).digest


@pytest.mark.parametrize(
    ("models", "problem"),
    [
        (
            "{xx: packaged}",
            'workflow.yaml:1:28 triage.category_models.xx: there is no packaged model for "xx"',
        ),
        ("{en: gone.yaml}", "gone.yaml: there is no such file"),
        ("{en: bad.yaml}", 'bad.yaml:1:9 words.sales: no category "sales"'),
        ("{English: packaged}", "a language is written like en or de"),
    ],
)
def test_a_model_that_cannot_be_used_is_a_problem_of_the_workflow(
    models: str, problem: str, tmp_path: Path
) -> None:
    (tmp_path / "bad.yaml").write_text("words: {sales: {1: x}, billing: {1: y}, account: {1: z}}")

    with pytest.raises(WorkflowError) as refused:
        parse_workflow(f"triage: {{category_models: {models}}}", folder=tmp_path)

    assert problem in str(refused.value)


def test_a_packaged_model_says_nothing_about_categories_that_are_gone() -> None:
    triage = parse_workflow(
        "triage:\n  categories: [technical, billing, sales]\n  category_aliases: {}\n"
        "routing_rules: [{action: general}]\nconditions: {product_bug: \"complexity == 'l2'\"}\n"
    ).triage

    assert {"technical", "billing"} == set(triage.category_models["en"].weights)
