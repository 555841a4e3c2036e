"""What the address of each channel looks like, and how one that is a secret is shown (security S14).

Only the form is judged here: what may really be reached is decided when a message is sent (egress).
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from ipaddress import ip_address
from typing import Final
from urllib.parse import SplitResult, urlsplit

from shared.policy.notification import CHANNELS

from .addresses import is_mail_address

_NUMBER: Final = re.compile(r"\+[1-9][0-9]{6,14}")
_SLACK_ID: Final = re.compile(r"[CDGUW][A-Z0-9]{2,20}")
_ROUTING_KEY: Final = re.compile(r"[A-Za-z0-9]{32}")
_TARGET: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]{0,63}")

#: Instead of what is not shown; no channel takes an address with it.
_HIDDEN: Final = "…"


def fault_of(channel: str, address: str) -> str | None:
    """What is wrong with the form of an address, None if nothing is. Where a channel needs no address it
    is empty. Raises KeyError for an unknown channel.
    """
    is_right, expected = _FORMS[channel]
    return None if is_right(address) else expected


def shown(channel: str, address: str) -> str:
    """The address as it is shown to those who may not write it: where it leads without its secret part."""
    if not address or channel not in _SECRET:
        return address
    parts = _parts(address)
    if parts is not None:
        return f"{parts.scheme}://{parts.hostname}/{_HIDDEN}"
    return address if channel == "slack" else _HIDDEN


def _is_web(address: str) -> bool:
    return _parts(address) is not None


def _is_secure(address: str) -> bool:
    """An https URL; on this machine itself, where nobody listens in, http will do."""
    parts = _parts(address)
    return parts is not None and (parts.scheme == "https" or _is_this_machine(parts))


def _is_slack(address: str) -> bool:
    return _SLACK_ID.fullmatch(address) is not None or _is_secure(address)


def _is_this_machine(parts: SplitResult) -> bool:
    try:
        return ip_address(parts.hostname or "").is_loopback
    except ValueError:
        return parts.hostname == "localhost"


def _parts(address: str) -> SplitResult | None:
    """The parts of an http(s) URL with a host and without credentials."""
    if not address.isascii() or not address.isprintable() or len(address) > 2000:
        return None
    try:
        parts = urlsplit(address)
        usable = parts.scheme in {"https", "http"} and bool(parts.hostname) and parts.port != 0
    except ValueError:
        return None
    return parts if usable and parts.username is None and " " not in address else None


def _matching(pattern: re.Pattern[str]) -> Callable[[str], bool]:
    return lambda address: pattern.fullmatch(address) is not None


def _is_nothing(address: str) -> bool:
    return not address


#: Channel → what its addresses are, and what is said of one that is none.
_FORMS: Final[Mapping[str, tuple[Callable[[str], bool], str]]] = {
    "email": (is_mail_address, "not a plain mail address"),
    "slack": (
        _is_slack,
        "not the https URL of an incoming webhook, nor the id of a channel or a person like C024BE91L",
    ),
    "teams": (_is_secure, "not an https URL"),
    "pagerduty": (
        lambda address: not address or _ROUTING_KEY.fullmatch(address) is not None,
        "not a routing key of 32 letters and digits; true takes the configured one",
    ),
    "sms": (_matching(_NUMBER), "not a number in E.164 form like +4915112345678"),
    "webhook": (_is_web, "not an http(s) URL"),
    "feed": (_is_nothing, "it takes no address, only true"),
    "apprise": (_matching(_TARGET), "not the name of a configured target"),
    "log": (_is_nothing, "it takes no address, only true"),
}

#: Whose addresses let anybody who knows them write there.
_SECRET: Final = frozenset({"slack", "teams", "pagerduty", "webhook"})

assert set(_FORMS) == set(CHANNELS)
