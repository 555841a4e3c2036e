"""APScheduler's SQL job store for `make bench-escalator`, as a process.

    python -m tests.load.escalator_apscheduler URL ARMED

One date job a deadline in `SQLAlchemyJobStore`, run in the scheduler's own thread; a job inserts one row
into an outbox and commits. It says "ready", then reads how many jobs shall be due, and tells how long it
took until all had run. Jobs are put into the table as the store itself would write them, but in bulk.
"""

from __future__ import annotations

import json
import pickle
import sys
import time
from datetime import UTC, datetime, timedelta
from typing import Any

from apscheduler.events import EVENT_JOB_REMOVED
from apscheduler.job import Job
from apscheduler.jobstores.sqlalchemy import SQLAlchemyJobStore
from apscheduler.schedulers.blocking import BlockingScheduler
from apscheduler.triggers.date import DateTrigger
from sqlalchemy import Engine, create_engine, text

_FAR = timedelta(days=30)
_CHUNK = 5000

_engines: list[Engine] = []


def fire(ticket: str) -> None:
    """What a due job does."""
    with _engines[0].begin() as connection:
        connection.execute(text("INSERT INTO fired (ticket) VALUES (:ticket)"), {"ticket": ticket})


class Jobs:
    """A store full of jobs, and a scheduler that runs those that are due."""

    def __init__(self, url: str, armed: int) -> None:
        self._engine = create_engine(url)
        _engines.append(self._engine)
        self._new_scheduler()
        self._number = 0
        self._ran = 0
        self._wanted = 0
        self._began = self._cpu = 0.0
        self._told: dict[str, float] = {}
        with self._engine.begin() as connection:
            connection.execute(text("CREATE TABLE fired (id bigserial PRIMARY KEY, ticket text)"))
        self._store.start(self._scheduler, "default")
        self._arm(armed, datetime.now(UTC) + _FAR)

    def _new_scheduler(self) -> None:
        """One that has been stopped does not start again."""
        self._store = SQLAlchemyJobStore(engine=self._engine)
        self._scheduler = BlockingScheduler(
            jobstores={"default": self._store},
            executors={"default": {"type": "debug"}},
            timezone=UTC,
        )
        self._scheduler.add_listener(self._count, EVENT_JOB_REMOVED)

    def run(self, due: int) -> dict[str, float]:
        """Let so many be due, and run them all."""
        self._arm(due, datetime.now(UTC))
        self._ran, self._wanted = 0, due
        self._began, self._cpu = time.perf_counter(), time.process_time()
        self._scheduler.start()
        self._new_scheduler()
        return self._told

    def _count(self, _: object) -> None:
        self._ran += 1
        if self._ran == self._wanted:
            self._told = {
                "seconds": time.perf_counter() - self._began,
                "cpu": time.process_time() - self._cpu,
                "records": self._ran,
            }
            self._scheduler.shutdown(wait=False)

    def _arm(self, count: int, at: datetime) -> None:
        rows = [self._row(at) for _ in range(count)]
        with self._engine.begin() as connection:
            for first in range(0, count, _CHUNK):
                connection.execute(self._store.jobs_t.insert(), rows[first : first + _CHUNK])

    def _row(self, at: datetime) -> dict[str, Any]:
        self._number += 1
        name = f"ticket-{self._number}"
        job = Job(
            self._scheduler,
            id=name,
            trigger=DateTrigger(at, timezone=UTC),
            executor="default",
            func=fire,
            args=(name,),
            kwargs={},
            name=name,
            misfire_grace_time=None,
            coalesce=True,
            max_instances=1,
            next_run_time=at,
        )
        state = pickle.dumps(job.__getstate__(), pickle.HIGHEST_PROTOCOL)
        return {"id": name, "next_run_time": at.timestamp(), "job_state": state}


if __name__ == "__main__":
    if __spec__ is not None:
        # a job's function is found again by the name of its module
        sys.modules[__spec__.name] = sys.modules["__main__"]
        fire.__module__ = __spec__.name
    jobs = Jobs(sys.argv[1], int(sys.argv[2]))
    print("ready", flush=True)
    for line in sys.stdin:
        print(json.dumps(jobs.run(int(line))), flush=True)
