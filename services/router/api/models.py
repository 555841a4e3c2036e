"""What the bodies of requests share: names, titles, unknown fields refused, examples."""

from __future__ import annotations

from typing import Annotated

from pydantic import BaseModel, ConfigDict, JsonValue, StringConstraints

#: An id or a name that programs use: no spaces, nothing that would need quoting.
Name = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9_.@-]{1,64}$")]

#: A name that people read: one line, without blanks around it.
Title = Annotated[
    str, StringConstraints(strip_whitespace=True, pattern=r"^[^\x00-\x1f\x7f]{1,200}$")
]


class Body(BaseModel):
    """What a caller sends."""

    model_config = ConfigDict(extra="forbid", frozen=True)


def example_of(**fields: JsonValue) -> ConfigDict:
    """The example of a body or an answer in the OpenAPI document."""
    return ConfigDict(json_schema_extra={"examples": [fields]})
