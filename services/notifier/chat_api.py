"""The endpoints by which people answer from a chat or by text; each is there if its settings are."""

from __future__ import annotations

from datetime import timedelta

from fastapi import APIRouter
from sqlalchemy.ext.asyncio import AsyncEngine

from shared.clock import Clock
from shared.http.egress import Egress
from shared.runtime.writer import Writer

from .answering import Answering
from .config import NotifierSection
from .recording import RecordTerms
from .slack_api import Clicks, slack_routes
from .sms_api import Replies, sms_routes
from .sms_status import TextStatuses, sms_status_routes, status_url
from .store.texts import TextDays


def chat_routes(
    section: NotifierSection,
    *,
    engine: AsyncEngine,
    answering: Answering,
    egress: Egress,
    clock: Clock,
) -> list[APIRouter]:
    """Slack's with a signing secret, Twilio's with an account."""
    routers = []
    if section.slack and section.slack.signing_secrets:
        clicks = Clicks(engine, answering, egress)
        routers.append(slack_routes(clicks, clock, secrets=section.slack.signing_secrets))
    if section.sms:
        link_for = timedelta(hours=section.link_hours)
        replies = Replies(engine, answering, clock, link_for)
        url = section.public_url
        routers.append(sms_routes(replies, TextDays(engine), clock, section.sms, public_url=url))
    return routers


def text_routes(section: NotifierSection, writer: Writer, terms: RecordTerms) -> list[APIRouter]:
    """Where Twilio tells what became of texts, if it can reach us."""
    url = status_url(section)
    if section.sms is None or url is None:
        return []
    return [sms_status_routes(TextStatuses(writer, terms), section.sms, url=url)]
