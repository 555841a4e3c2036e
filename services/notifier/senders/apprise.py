"""Everything else, through the library apprise: best effort, off unless the operator names targets.

A target is a name in the settings with apprise's own URL, which is a secret; a recipient's address is the
name. The library opens its own connections, so nothing that anybody else can write is ever a target. It
runs in a few threads of its own, and says no more than that it worked or did not.
"""

from __future__ import annotations

import asyncio
import importlib
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Final, Protocol

from services.notifier.domain.delivery import Outcome, Result
from services.notifier.domain.message import Message
from shared.settings import ConfigurationError

from .fitting import told
from .settings import AppriseSettings

#: What most services take; beyond it they cut or refuse by themselves.
_MAX_BODY: Final = 4_000


class Notify(Protocol):
    """Delivers words to a URL of apprise's: True, False, or None when there was nothing to deliver to."""

    def __call__(self, url: str, *, title: str, body: str) -> bool | None:
        """Deliver, in the thread it is called in."""
        ...


class AppriseSender:
    """Hands messages to the targets of the settings. Nothing is ever attached."""

    channel = "apprise"
    recognises_repeats = False

    def __init__(self, settings: AppriseSettings, notify: Notify) -> None:
        self._targets = settings.targets
        self._notify = notify
        self._threads = ThreadPoolExecutor(settings.threads, thread_name_prefix="apprise")

    async def send(self, message: Message) -> Result:
        """Hand `message` over; anything but success leaves it unknown what was delivered."""
        target = self._targets.get(message.address)
        if target is None:
            return Result(Outcome.DEAD, "no target of that name is configured")
        title, body = render(message)
        url = target.get_secret_value()
        deliver: Callable[[], bool | None] = lambda: self._notify(url, title=title, body=body)  # noqa: E731
        return classify(await asyncio.get_running_loop().run_in_executor(self._threads, deliver))


def render(message: Message) -> tuple[str, str]:
    """Title and body, as plain text."""
    return message.subject, "\n".join(told(message))[:_MAX_BODY]


def classify(said: bool | None) -> Result:  # noqa: FBT001 - the library's own answer
    """The library tells no reasons: not even whether a refusal came before or after delivery."""
    if said:
        return Result(Outcome.SENT, "apprise: delivered")
    if said is None:
        return Result(Outcome.RETRY, "apprise: nothing to deliver to")
    return Result(Outcome.UNKNOWN, "apprise: not delivered, or not to everybody")


def installed(name: str = "apprise") -> Notify:
    """The library's own way to deliver. Raises ConfigurationError when it is not installed."""
    try:
        library = importlib.import_module(name)
    except ImportError as error:
        raise ConfigurationError(
            "TIERLINE_NOTIFIER__APPRISE is set, and apprise is not installed: "
            "install tierline with its extra `apprise`"
        ) from error

    def notify(url: str, *, title: str, body: str) -> bool | None:
        one = library.Apprise(asset=library.AppriseAsset(async_mode=False, secure_logging=True))
        if not one.add(url):
            return None
        delivered: bool | None = one.notify(title=title, body=body, body_format="text")
        return delivered

    return notify
