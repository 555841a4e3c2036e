"""The board for the people on duty: do the services run, keep up with the stream, and lose nothing?"""

from __future__ import annotations

from grafana_foundation_sdk.builders.dashboard import Dashboard

from .board import made
from .panels import COUNT, PER_HOUR, PER_SECOND, SECONDS, SHARE, Panel, bars, lines, number
from .promql import WINDOW, now, per_hour, per_second, share, total, within

_CHOSEN = 'service=~"$service"'


def board() -> Dashboard:
    """The board."""
    rows = {
        "Is anything wrong?": _wrong(),
        "The front door": _door(),
        "The stream": _stream(),
        "Database, clock and processes": _ground(),
        "The auditor": _auditor(),
    }
    return made(
        "operations",
        "Operations",
        "Whether the services run, keep up and lose nothing.",
        rows,
        [("service", "tierline_build_info")],
    )


def _wrong() -> list[Panel]:
    dead = now("tierline_dead_letters", "service, state", "", _CHOSEN)
    return [
        number(
            "Processes that are ready",
            f"sum(tierline_ready{{{_CHOSEN}}})",
            "Processes whose /readyz would answer 200.",
            alert="ServiceNotReady",
        ),
        number(
            "Processes that are not",
            f"count(tierline_ready{{{_CHOSEN}}}) - sum(tierline_ready{{{_CHOSEN}}})",
            "Processes that answer Prometheus and are not ready to work: /readyz says why.",
            bad=1,
            alert="ServiceNotReady",
        ),
        number("Dead letters", dead, "Events and deliveries that could not be handled and wait for somebody.", bad=1, alert="DeadLetters"),
        number(
            "Consumers halted",
            f"sum(tierline_consumer_halted{{{_CHOSEN}}})",
            "Consumers that stopped by themselves because too much could not be handled.",
            bad=1,
            alert="ConsumerHalted",
        ),
        number(
            "Events lost",
            total("tierline_sequence_gaps_total", "", _CHOSEN),
            "Holes in a ticket's numbered events. The normal number is 0.",
            bad=1,
            alert="SequenceGap",
        ),
        number(
            "Workflows in force",
            "count(count by (digest) (tierline_workflow_info))",
            "Different workflow files that the services have loaded; more than one means that somebody was not restarted.",
            bad=2,
            alert="WorkflowsDiffer",
        ),
        bars(
            "Running versions",
            f"count by (service, version) (tierline_build_info{{{_CHOSEN}}})",
            "{{service}} {{version}}",
            "Processes by service and version.",
        ),
        lines(
            "Failing workers",
            [(per_hour("tierline_worker_failures_total", "service, worker", _CHOSEN), "{{service}}: {{worker}}")],
            "Steps of a background worker that failed and were tried again, an hour.",
            unit=PER_HOUR,
            alert="WorkerFailing",
            empty="no worker has failed",
        ),
    ]  # fmt: skip


def _door() -> list[Panel]:
    requests, seconds = "tierline_http_requests_total", "tierline_http_seconds"
    taken = 'service="intake",route=~"/v1/channels/.+|unmatched",status=~"2..|5.."'
    refused = 'service="intake",route=~"/v1/channels/.+|unmatched",status=~"5.."'
    return [
        lines(
            "Requests",
            [(per_second(requests, "service, status", _CHOSEN), "{{service}} {{status}}")],
            "HTTP requests answered, a second, by status.",
            unit=PER_SECOND,
            stacked=True,
        ),
        lines(
            "Webhooks refused for our own reasons",
            [(share(f"({per_second(requests, '', refused)} or vector(0))", per_second(requests, "", taken)), "refused")],
            "5xx answers of intake, of all webhooks it should take. The objective is below 0.1 %; wrong signatures are"
            " not counted.",
            unit=SHARE,
            alert="AcceptanceBudgetBurnsFast",
        ),
        lines(
            "Time to answer",
            [
                (within(0.5, seconds, "service", _CHOSEN, over=WINDOW), "{{service}}, half"),
                (within(0.99, seconds, "service", _CHOSEN, over=WINDOW), "{{service}}, 99 of 100"),
            ],
            "Seconds from a request's head to its answer.",
            unit=SECONDS,
        ),
        bars(
            "Webhooks not let in",
            total("tierline_webhooks_rejected_total", "source, reason"),
            "{{source}}: {{reason}}",
            "By source and reason: no or a wrong signature, too old, over the source's rate or share.",
            alert="WebhooksRefused",
            empty="every webhook was let in",
        ),
        bars(
            "Turned away unread",
            total("tierline_http_turned_away_total", "service, reason", _CHOSEN),
            "{{service}}: {{reason}}",
            "Requests turned away before any route: too many at once, too large, ambiguous.",
            empty="nobody was turned away",
        ),
        bars(
            "What became of commands",
            total("tierline_commands_total", "source, outcome"),
            "{{source}}: {{outcome}}",
            "Commands of webhooks and of the API; a repeated delivery counts once, as repeated.",
        ),
        lines(
            "Texts waiting to be read",
            [(now("tierline_analysis_pending", ""), "messages")],
            "Messages whose mood, language and duplicates nobody has looked at yet, counted up to 10,000.",
        ),
        lines(
            "Deliveries whose time is not believed",
            [(per_hour("tierline_clock_skew_total", "source"), "{{source}}")],
            "Webhooks that say they happened more than 24 hours ago or two minutes ahead, an hour (rule T1).",
            unit=PER_HOUR,
            empty="every delivery's time was believed",
        ),
    ]  # fmt: skip


def _stream() -> list[Panel]:
    batch = "tierline_batch_seconds"
    return [
        lines(
            "Events not yet handled",
            [(f"sum by (service) (tierline_consumer_lag_records{{{_CHOSEN}}})", "{{service}}")],
            "Records between what a service has handled and the end of its partitions.",
            alert="ConsumerLagWithoutProgress",
        ),
        lines(
            "Events not yet published",
            [(now("tierline_outbox_pending", "service", where=_CHOSEN), "{{service}}")],
            "Events that are committed and that the broker has not acknowledged.",
            alert="OutboxOld",
        ),
        lines(
            "Age of the oldest unpublished event",
            [(now("tierline_outbox_oldest_seconds", "service", where=_CHOSEN), "{{service}}")],
            "Seconds since it was committed.",
            unit=SECONDS,
            alert="OutboxOld",
        ),
        lines(
            "How far behind the log's time is",
            [(f"max by (service) (tierline_watermark_age_seconds{{{_CHOSEN}}})", "{{service}}")],
            "Wall clock minus the instant up to which the log has been heard: deadlines later than that wait.",
            unit=SECONDS,
            alert="WatermarkBehind",
        ),
        lines(
            "Events handled",
            [(per_second("tierline_events_consumed_total", "service", _CHOSEN), "{{service}}")],
            "Events a second.",
            unit=PER_SECOND,
        ),
        lines(
            "Events published",
            [(per_second("tierline_relay_published_total", "service", _CHOSEN), "{{service}}")],
            "Events that the broker acknowledged, a second.",
            unit=PER_SECOND,
        ),
        lines(
            "A batch of events",
            [
                (within(0.5, batch, "service", _CHOSEN, over=WINDOW), "{{service}}, half"),
                (within(0.99, batch, "service", _CHOSEN, over=WINDOW), "{{service}}, 99 of 100"),
            ],
            "Seconds from taking up a batch to its commit.",
            unit=SECONDS,
        ),
        lines(
            "Repeated and late events",
            [
                (per_hour("tierline_inbox_duplicates_total", "service", _CHOSEN), "{{service}}, came again"),
                (per_hour("tierline_sequence_late_total", "service", _CHOSEN), "{{service}}, behind an applied one"),
                (per_hour("tierline_relay_failures_total", "service", _CHOSEN), "{{service}}, not published at once"),
            ],
            "Events that were dropped because they had been handled, that came out of order, or that the broker did not"
            " take at once; an hour.",
            unit=PER_HOUR,
            alert="RelayFailing",
        ),
    ]  # fmt: skip


def _ground() -> list[Panel]:
    loop = "tierline_event_loop_lag_seconds"
    return [
        lines(
            "Database connections in use",
            [(f"max by (service) (tierline_db_pool_in_use{{{_CHOSEN}}} / tierline_db_pool_size{{{_CHOSEN}}})", "{{service}}")],
            "Of those the pool may have; at 100 % work waits for a connection.",
            unit=SHARE,
            alert="PoolExhausted",
        ),
        lines(
            "Database answers",
            [(f"min by (service) (tierline_database_up{{{_CHOSEN}}})", "{{service}}")],
            "1 while the database answered when it was last asked.",
            alert="DatabaseUnreachable",
        ),
        lines(
            "Clock against the database's",
            [(f"max by (service) (abs(tierline_clock_offset_seconds{{{_CHOSEN}}}))", "{{service}}")],
            "Seconds between this machine's clock and PostgreSQL's.",
            unit=SECONDS,
            alert="ClockOffset",
        ),
        lines(
            "Held back because of a clock",
            [(f"max by (service) (tierline_clock_held{{{_CHOSEN}}})", "{{service}}")],
            "1 while a service fires no deadlines because a clock jumped.",
            alert="ClockHeld",
        ),
        lines(
            "How late the event loop is",
            [(within(0.99, loop, "service", _CHOSEN, over=WINDOW), "{{service}}, 99 of 100")],
            "Seconds by which a scheduled call ran too late: what blocks a process.",
            unit=SECONDS,
            alert="EventLoopLag",
        ),
        lines(
            "A step of a worker",
            [(within(0.99, "tierline_worker_step_seconds", "service, worker", _CHOSEN, over=WINDOW), "{{service}}: {{worker}}")],
            "Seconds; 99 of 100 steps took no longer.",
            unit=SECONDS,
        ),
    ]  # fmt: skip


def _auditor() -> list[Panel]:
    nobody = "no auditor runs: tierline audit --watch"
    return [
        number(
            "Findings of the auditor",
            now("tierline_audit_findings", "kind", ""),
            "Announcements that an independent calculation does not confirm: missing, doubled, early, false, misdated or"
            " unpaired. Must be 0.",
            bad=1,
            alert="AuditFindings",
            empty=nobody,
        ),
        number(
            "Since the last audit",
            f"time() - {now('tierline_audit_pass_timestamp_seconds', '')}",
            "Seconds since the auditor's last pass ended.",
            unit=SECONDS,
            alert="AuditorSilent",
            empty=nobody,
        ),
        number(
            "Deadlines audited",
            now("tierline_audit_due", ""),
            "Warnings and breaches that fell due in the auditor's window.",
            unit=COUNT,
            empty=nobody,
        ),
    ]
