"""Headers as they go on the wire, where Python's own writer would change them.

It turns an id of more than a line into encoded words, which no mail reader takes for one, and
folds long subjects beyond ASCII into more than there was.
"""

from __future__ import annotations

import email.policy
from email.header import Header
from email.headerregistry import BaseHeader, HeaderRegistry, UnstructuredHeader
from email.policy import Policy
from typing import Final

#: A longer one cannot be folded as it is.
_LONGEST_WORD: Final = 60


class _Whole(UnstructuredHeader, BaseHeader):
    """One value that nothing may be put into: an id between angle brackets."""

    def fold(self, *, policy: Policy) -> str:
        """The header on one line: RFC 5322 allows 998 characters."""
        return f"{self.name}: {self}{policy.linesep}"


class _Words(UnstructuredHeader, BaseHeader):
    """A subject, in encoded words wherever it is not ASCII (RFC 2047)."""

    def fold(self, *, policy: Policy) -> str:
        """The header, folded at 76 characters."""
        text = str(self)
        fits = text.isascii() and all(len(word) <= _LONGEST_WORD for word in text.split(" "))
        charset = "us-ascii" if fits else "utf-8"
        header = Header(text, charset, maxlinelen=76, header_name=self.name)
        return f"{self.name}: {header.encode(linesep=policy.linesep)}{policy.linesep}"


def _registry() -> HeaderRegistry:
    registry = HeaderRegistry()
    for name in ("in-reply-to", "references", "list-unsubscribe"):
        registry.map_to_type(name, _Whole)
    registry.map_to_type("subject", _Words)
    return registry


#: Seven-bit transfer, so that no relay has to support more.
MAIL_POLICY: Final = email.policy.SMTP.clone(cte_type="7bit", header_factory=_registry())
