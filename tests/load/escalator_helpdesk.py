"""django-helpdesk for `make bench-escalator`, as a process: `python -m tests.load.escalator_helpdesk DSN OPEN`.

Its own `escalate_tickets` on PostgreSQL, as its documentation runs it from cron, with Django's mail backend
that keeps messages in memory. It says "ready", then reads how many tickets shall be due, and tells what
escalating them took and what it left behind: a change of priority, a follow-up, a change row and a mail
rendered for each.
"""

from __future__ import annotations

import json
import sys
import time
from datetime import timedelta
from typing import Any

import django
from django.conf import settings
from django.core import mail
from django.core.management import call_command
from django.utils import timezone

_APPS = (
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.sites",
    "django.contrib.messages",
    "django.contrib.admin",
    "django.contrib.humanize",
    "rest_framework",
    "helpdesk",
)

#: Days after which a ticket of the queue is escalated, and how old the due ones are.
_ESCALATE_DAYS = 1
_OLD = timedelta(days=3)


def begin(dsn: dict[str, Any]) -> None:
    """Set Django up and make the tables."""
    settings.configure(
        INSTALLED_APPS=_APPS,
        DATABASES={"default": {"ENGINE": "django.db.backends.postgresql", **dsn}},
        EMAIL_BACKEND="django.core.mail.backends.locmem.EmailBackend",
        DEFAULT_AUTO_FIELD="django.db.models.AutoField",
        ROOT_URLCONF="tests.load.escalator_helpdesk_urls",
        SITE_ID=1,
        HELPDESK_TEAMS_MODEL="auth.Group",  # its own default is another app; nothing here has a team
        HELPDESK_TEAMS_MIGRATION_DEPENDENCIES=[],
        USE_TZ=True,
        SECRET_KEY="bench",
        SESSION_SERIALIZER="django.contrib.sessions.serializers.JSONSerializer",
        TEMPLATES=[
            {"BACKEND": "django.template.backends.django.DjangoTemplates", "APP_DIRS": True}
        ],
    )
    django.setup()
    call_command("migrate", verbosity=0)
    call_command("loaddata", "emailtemplate.json", verbosity=0)


def open_tickets(count: int, *, due: bool) -> None:
    """Put tickets into the queue, looked at now or long ago."""
    from helpdesk.models import Queue, Ticket

    queue, _ = Queue.objects.get_or_create(
        slug="support",
        defaults={
            "title": "Support",
            "escalate_days": _ESCALATE_DAYS,
            "email_address": "support@desk.example",
        },
    )
    at = timezone.now() - (_OLD if due else timedelta(0))
    tickets = [
        Ticket(
            title=f"It does not work {n}",
            queue=queue,
            last_escalation=at,
            priority=4,
            status=Ticket.OPEN_STATUS,
            submitter_email=f"customer-{n}@acme.example",
        )
        for n in range(count)
    ]
    Ticket.objects.bulk_create(tickets, batch_size=1000)


def escalate(due: int) -> dict[str, float]:
    """Let so many fall due, and escalate them."""
    from helpdesk.models import TicketChange

    open_tickets(due, due=True)
    mail.outbox = []
    before = TicketChange.objects.count()
    began, cpu = time.perf_counter(), time.process_time()
    call_command("escalate_tickets", verbosity=0)
    return {
        "seconds": time.perf_counter() - began,
        "cpu": time.process_time() - cpu,
        "records": TicketChange.objects.count() - before,
        "messages": len(mail.outbox),
    }


if __name__ == "__main__":
    begin(json.loads(sys.argv[1]))
    open_tickets(int(sys.argv[2]), due=False)
    print("ready", flush=True)
    for line in sys.stdin:
        print(json.dumps(escalate(int(line))), flush=True)
