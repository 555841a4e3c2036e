"""One HTTP request of a sender, and what came of it before anybody read the answer."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from email.utils import parsedate_to_datetime

from services.notifier.domain.delivery import Outcome, Result
from shared.http.egress import Egress, EgressRefused, EgressTemporary, EgressUnknown, Reply


@dataclass(frozen=True, slots=True)
class Request:
    """What is posted where."""

    url: str
    content: bytes
    headers: Mapping[str, str]


async def post(
    egress: Egress,
    request: Request,
    classify: Callable[[Reply], Result],
    *,
    timeout_seconds: float,
) -> Result:
    """Post `request` once; `classify` judges an answer, and here it is judged that there was none."""
    try:
        reply = await egress.post(
            request.url,
            content=request.content,
            headers=request.headers,
            timeout_seconds=timeout_seconds,
        )
    except EgressRefused as error:
        return Result(Outcome.DEAD, f"not sent: {error}")
    except EgressTemporary as error:
        return Result(Outcome.RETRY, str(error))
    except EgressUnknown as error:
        return Result(Outcome.UNKNOWN, str(error))
    return classify(reply)


def retry_after(reply: Reply, now: datetime) -> timedelta | None:
    """How long the receiver asks us to wait, in seconds or as a date; None when it does not say."""
    header = reply.headers.get("retry-after", "")
    if header.isascii() and header.isdigit() and len(header) <= 6:
        return timedelta(seconds=max(1, int(header)))
    try:
        at = parsedate_to_datetime(header)
    except (ValueError, TypeError):
        return None
    return max(timedelta(seconds=1), at - now) if at.tzinfo else None
