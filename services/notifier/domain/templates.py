"""Messages from templates: allowed fields only, every value one clean line, bounded in size.

A template is logic-less: text, `{{ field }}` and `{% if field %}`. It is parsed by Jinja's sandbox and
refused when it holds anything else, so no author can loop, call or multiply (security S23). Customer
text is always a value, never a part of a template.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Final

from jinja2 import StrictUndefined, TemplateError, nodes
from jinja2 import Template as Compiled
from jinja2.sandbox import ImmutableSandboxedEnvironment

from shared.policy import Template
from shared.policy.notification import TEMPLATE_FIELDS

#: A rendered message is cut here, in characters.
MAX_SUBJECT: Final = 200
MAX_BODY: Final = 8_000

#: One value in a message is cut here, in characters.
MAX_VALUE: Final = 500

#: What the notifier itself has to say when the workflow has no words for it.
BUILT_IN: Final[Mapping[str, Template]] = {
    "routed": Template(
        "{{ reference }}: {{ priority }} ticket in {{ queue }}",
        "{{ reference }} ({{ priority }}, {{ category }}) went to the queue {{ queue }}."
        "{% if subject_line %} Subject: {{ subject_line }}{% endif %}",
    ),
    "handoff": Template(
        "{{ reference }} needs {{ team }}: {{ reason }}",
        "{{ reference }} ({{ priority }}) was raised to {{ level_title }}: {{ reason }}."
        "{% if summary %} {{ summary }}{% endif %}"
        "{% if urgency_note %} {{ urgency_note }}{% endif %}",
    ),
    "correction": Template(
        "{{ reference }}: please disregard",
        "An earlier message about {{ reference }} no longer holds"
        "{% if metric %}: the {{ metric }} target, due {{ deadline }}, was kept{% endif %}"
        "{% if reason %} ({{ reason }}){% endif %}. There is nothing for you to do.",
    ),
    "passed_over": Template(
        "{{ reference }} has gone on to {{ level_title }}",
        "{{ reference }} ({{ priority }}) went past your level to {{ level_title }}. "
        "There is nothing for you to do.",
        others={
            "de": Template(
                "{{ reference }} ist weiter zu {{ level_title }} gegangen",
                "{{ reference }} ist an Ihrer Ebene vorbei zu {{ level_title }} gegangen. "
                "Für Sie ist nichts zu tun.",
                "de",
            ),
            "fr": Template(
                "{{ reference }} est passé à {{ level_title }}",
                "{{ reference }} est passé directement à {{ level_title }}. "
                "Vous n'avez rien à faire.",
                "fr",
            ),
            "es": Template(
                "{{ reference }} ha pasado a {{ level_title }}",
                "{{ reference }} ha pasado directamente a {{ level_title }}. "
                "No tiene que hacer nada.",
                "es",
            ),
        },
    ),
    "bundle": Template(
        "{{ count }} messages, the first of them about {{ reference }}",
        "{{ count }} things happened within a minute.",
        others={
            "de": Template(
                "{{ count }} Meldungen, die erste zu {{ reference }}",
                "{{ count }} Dinge sind innerhalb einer Minute geschehen.",
                "de",
            ),
            "fr": Template(
                "{{ count }} messages, dont le premier sur {{ reference }}",
                "{{ count }} choses se sont passées en une minute.",
                "fr",
            ),
            "es": Template(
                "{{ count }} mensajes, el primero sobre {{ reference }}",
                "Han pasado {{ count }} cosas en un minuto.",
                "es",
            ),
        },
    ),
    "digest": Template(
        "Digest: {{ count }} messages",
        "{{ count }} messages waited for this digest. None of them was urgent.",
        others={
            "de": Template(
                "Sammelmeldung: {{ count }} Meldungen",
                "{{ count }} Meldungen haben auf diese Sammelmeldung gewartet. Keine war eilig.",
                "de",
            ),
            "fr": Template(
                "Récapitulatif : {{ count }} messages",
                "{{ count }} messages attendaient ce récapitulatif. Aucun n'était urgent.",
                "fr",
            ),
            "es": Template(
                "Resumen: {{ count }} mensajes",
                "{{ count }} mensajes esperaban este resumen. Ninguno era urgente.",
                "es",
            ),
        },
    ),
}

_ALLOWED: Final = (
    nodes.Template,
    nodes.Output,
    nodes.TemplateData,
    nodes.Name,
    nodes.If,
    nodes.Not,
    nodes.And,
    nodes.Or,
)


#: What a field that is not known leaves behind.
_BLANK: Final = re.compile("\n{3,}")


class TemplateRefusedError(ValueError):
    """A template that cannot be used; the message names it and says why."""


class Templates:
    """The compiled templates of a workflow, over the built-in ones."""

    def __init__(self, templates: Mapping[str, Template]) -> None:
        environment = ImmutableSandboxedEnvironment(
            undefined=StrictUndefined, keep_trailing_newline=False, autoescape=False
        )
        self._templates = dict(BUILT_IN) | dict(templates)
        self._compiled = {
            (name, words.language): (
                _compiled(environment, name, words.subject or "{{ reference }}"),
                _compiled(environment, name, words.body),
            )
            for name, template in self._templates.items()
            for words in (*template.others.values(), template)
        }

    def __contains__(self, name: str) -> bool:
        return name in self._templates

    @property
    def names(self) -> tuple[str, ...]:
        """All there are, in order of the alphabet."""
        return tuple(sorted(self._templates))

    def languages(self, name: str) -> tuple[str, ...]:
        """Those a template has, its own first. Raises KeyError for an unknown name."""
        template = self._templates[name]
        return (template.language, *template.others)

    def language(self, name: str, wanted: Sequence[str | None]) -> str:
        """The first of the wanted languages that the template has, else its own. `de-AT` is German.

        Raises KeyError for an unknown name.
        """
        template = self._templates[name]
        for language in wanted:
            plain = (language or "").replace("_", "-").partition("-")[0].lower()
            if (name, plain) in self._compiled:
                return plain
        return template.language

    def render(
        self, name: str, fields: Mapping[str, object], language: str | None = None
    ) -> tuple[str, str]:
        """Subject and body, in a language that `language` has chosen. A field that is not known is empty;
        a list is a line for each. Raises KeyError for an unknown name.
        """
        subject, body = self._compiled[name, language or self._templates[name].language]
        values = {field: _clean(fields.get(field)) for field in TEMPLATE_FIELDS}
        return (
            clean_line(subject.render(values), limit=MAX_SUBJECT),
            clean_text(body.render(values), limit=MAX_BODY),
        )


def clean_line(value: object, *, limit: int = MAX_VALUE) -> str:
    """`value` as one harmless line.

    Control characters, direction marks and invisible characters are gone, white space is single, and
    what a mail reader would decode (`=?…?=`) is broken up: Python's own header writer decodes it, and
    a line break hidden in it becomes a header of the sender's making (security S24, S25).
    """
    line = " ".join(_visible("" if value is None else str(value)).split()).replace("=?", "= ?")
    return line if len(line) <= limit else line[: limit - 1] + "…"


def clean_text(value: str, *, limit: int) -> str:
    """`value` with its line breaks, at most one blank line in a row, and nothing else that is not visible."""
    text = "\n".join(" ".join(_visible(line).split()) for line in value.splitlines())
    text = _BLANK.sub("\n\n", text).strip()
    return text if len(text) <= limit else text[: limit - 1] + "…"


def _clean(value: object) -> str:
    if isinstance(value, tuple):
        return "\n".join(clean_line(line) for line in value)
    return clean_line(value)


def _visible(text: str) -> str:
    """`text` with white space of any kind as spaces, and without what cannot be seen."""
    if text.isprintable():
        return text
    return "".join(c if c.isprintable() else " " if c.isspace() else "" for c in text)


def _compiled(environment: ImmutableSandboxedEnvironment, name: str, text: str) -> Compiled:
    try:
        tree = environment.parse(text)
    except TemplateError as error:
        raise TemplateRefusedError(f"template {name!r}: {error}") from error
    for node in tree.find_all(nodes.Node):
        if not isinstance(node, _ALLOWED):
            raise TemplateRefusedError(
                f"template {name!r}, line {node.lineno}: only text, fields and `if` are allowed, "
                f"not {type(node).__name__.lower()}"
            )
        if isinstance(node, nodes.Name) and node.name not in TEMPLATE_FIELDS:
            raise TemplateRefusedError(
                f"template {name!r}, line {node.lineno}: no field {node.name!r}"
            )
    return environment.from_string(tree)
