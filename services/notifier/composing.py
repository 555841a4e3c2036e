"""From a leased notification to the message for its one recipient, with what is known only now (D6, D9)."""

from __future__ import annotations

from dataclasses import replace
from zoneinfo import ZoneInfo

from shared.clock import Clock
from shared.policy import Noise

from .articles import Article, Articles
from .contacts import Contact, Contacts
from .domain.audience import CUSTOMER
from .domain.delivery import Outcome, Result
from .domain.desk import ticket_link
from .domain.holding import SMS
from .domain.instants import zone_named
from .domain.many import BUNDLE, Part, compose_many
from .domain.message import Message, compose
from .domain.receipt import MOST_ARTICLES, Reader, is_receipt, promises
from .domain.templates import Templates
from .leasing import Leased


class Composer:
    """Makes the words: everybody is told in their own language, if the template has it, and in their zone.

    Without `contacts` and `articles` there is no intake to ask, and no customer can be told. `zone` is that of
    those who have none of their own; `ticket_url` the pattern of a ticket's page at the desk of the staff.
    """

    def __init__(
        self,
        templates: Templates,
        clock: Clock,
        *,
        public_url: str,
        zone: ZoneInfo,
        contacts: Contacts | None = None,
        articles: Articles | None = None,
        noise: Noise | None = None,
        ticket_url: str | None = None,
    ) -> None:
        self._templates = templates
        self._clock = clock
        self._public_url = public_url.rstrip("/")
        self._zone = zone
        self._contacts = contacts
        self._articles = articles
        self._noise = noise or Noise()
        self._ticket_url = ticket_url

    async def message(self, leased: Leased) -> Message | Result:
        """The message, or the result of not having one."""
        notification = leased.notification
        if leased.others:
            return self._for_several(leased)
        if notification.template not in self._templates:
            return Result(Outcome.DEAD, f"no template {notification.template!r}")
        if notification.role == CUSTOMER:
            return await self._for_customer(leased)
        if leased.recipient is None or notification.channel not in leased.recipient.channels:
            return Result(Outcome.DEAD, f"the recipient has no {notification.channel} any more")
        ticket = ticket_link(self._ticket_url, leased.ticket) if self._ticket_url else None
        return compose(
            notification,
            self._templates,
            address=leased.recipient.channels[notification.channel],
            name=leased.recipient.name,
            subject_line=leased.subject_line,
            acknowledge_link=self._link(leased),
            now=self._clock.now(),
            language=self._templates.language(notification.template, (leased.recipient.language,)),
            zone=leased.recipient.zone or self._zone,
            latest={"ticket_link": ticket},
            links=[ticket] if ticket else [],
        )

    def _for_several(self, leased: Leased) -> Message | Result:
        """One message of all that leaves with `leased`, to one of the staff."""
        channel, person = leased.notification.channel, leased.recipient
        if person is None or channel not in person.channels:
            return Result(Outcome.DEAD, f"the recipient has no {channel} any more")
        parts = [Part(m.notification, m.subject_line, self._link(m)) for m in leased.members]
        return compose_many(
            parts,
            self._templates,
            address=person.channels[channel],
            name=person.name,
            most=self._noise.sms if channel == SMS else self._noise.messages,
            now=self._clock.now(),
            language=self._templates.language(BUNDLE, (person.language,)),
            zone=person.zone or self._zone,
            stop_link=f"{self._public_url}/u/{leased.stop_token}" if leased.stop_token else None,
        )

    def _link(self, leased: Leased) -> str | None:
        return f"{self._public_url}/a/{leased.token}" if leased.token else None

    async def _for_customer(self, leased: Leased) -> Message | Result:
        if self._contacts is None:
            return Result(Outcome.DEAD, "no intake is configured to ask for addresses")
        contact = await self._contacts.of(leased.notification.recipient_id)
        if isinstance(contact, Result):
            return contact
        reader = self._reader(leased, contact)
        now = self._clock.now()
        suggested = await self._suggestions(leased)
        survey_link = self._survey_link(leased, reader)
        message = compose(
            leased.notification,
            self._templates,
            address=contact.email or "",
            name="",
            subject_line=leased.subject_line,
            acknowledge_link=None,
            now=now,
            language=reader.language,
            zone=reader.zone,
            latest={
                **promises(leased.ticket, reader, now=now),
                "articles": tuple(map(_line, suggested)),
                "survey_link": survey_link,
            },
            links=[url for url in (survey_link, *(one.url for one in suggested)) if url],
            remark=contact.remark,
        )
        return replace(message, survey_link=survey_link)

    def _survey_link(self, leased: Leased, reader: Reader) -> str | None:
        """Its page is in the language of the message."""
        token = leased.survey_token
        return f"{self._public_url}/r/{token}?lang={reader.language}" if token else None

    def _reader(self, leased: Leased, contact: Contact) -> Reader:
        """The customer's own language if the template has it, else that in which the ticket is written."""
        wanted = (contact.language, leased.ticket.language)
        return Reader(
            language=self._templates.language(leased.notification.template, wanted),
            zone=zone_named(contact.time_zone, self._zone),
        )

    async def _suggestions(self, leased: Leased) -> list[Article]:
        told = leased.notification
        if self._articles is None or not is_receipt(told.about.fact, told.role):
            return []
        return await self._articles.named(leased.ticket.articles[:MOST_ARTICLES])


def _line(article: Article) -> str:
    return f"- {article.title}: {article.url}" if article.url else f"- {article.title}"
