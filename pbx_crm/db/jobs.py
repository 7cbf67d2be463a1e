"""Jobs as rows: each is taken by one process at a time, and gone once it is done."""

from __future__ import annotations

from dataclasses import asdict
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, delete, or_, select, update

from pbx_crm.db.tables import jobs
from pbx_crm.db.upsert import insert_new
from pbx_crm.domain.job import LEASE, Failure, Job, NewJob, Trouble, next_try

MOST_TOLD = 20


def add(tx: Connection, new: NewJob) -> bool:
    """Whether the job is new; one with this key waits already otherwise."""
    return insert_new(tx, jobs, {**asdict(new), "payload": dict(new.payload)}) is not None


def stand(tx: Connection, kind: str, now: datetime) -> None:
    """There is one standing job of this kind, due now if it is new or was given up."""
    if not add(tx, NewJob(kind, kind, now, {})):
        given_up = (jobs.c.key == kind, jobs.c.given_up_at.is_not(None))
        tx.execute(update(jobs).where(*given_up).values(given_up_at=None, due_at=now, taken_until=None))


def take(tx: Connection, now: datetime, most: int) -> list[Job]:
    """At most so many jobs that are due and nobody's, the longest due first; they are the taker's now."""
    table = jobs.c
    nobodys = or_(table.taken_until.is_(None), table.taken_until < now)
    query = (
        select(table.id, table.kind, table.key, table.payload, table.tries)
        .where(table.due_at <= now, table.given_up_at.is_(None), nobodys)
        .order_by(table.due_at, table.id)
        .limit(most)
        .with_for_update(skip_locked=True)
    )
    until = now + LEASE
    taken = [Job(*row, taken_until=until) for row in tx.execute(query)]
    which = jobs.c.id.in_([job.id for job in taken])
    if taken:
        tx.execute(update(jobs).where(which).values(taken_until=until))
    return taken


def finish(tx: Connection, job: Job, again_at: datetime | None) -> None:
    """The job is gone, or waits for then; one that was lost to another process meanwhile is left to it."""
    mine = (jobs.c.id == job.id, jobs.c.taken_until == job.taken_until)
    if again_at is None:
        tx.execute(delete(jobs).where(*mine))
        return
    tx.execute(update(jobs).where(*mine).values(due_at=again_at, taken_until=None, tries=0, error=""))


def fail(tx: Connection, job: Job, failure: Failure, now: datetime) -> bool:
    """Whether the job is given up; otherwise it waits for its next try."""
    again_at = next_try(job, now)
    values: dict[str, Any] = {"tries": job.tries + 1, "taken_until": None, "error": failure.written()}
    values |= {"given_up_at": now} if again_at is None else {"due_at": again_at}
    mine = (jobs.c.id == job.id, jobs.c.taken_until == job.taken_until)
    tx.execute(update(jobs).where(*mine).values(**values))
    return again_at is None


def troubled(tx: Connection, kind: str) -> list[Trouble]:
    """The jobs of this kind that have failed, the newest first, twenty at most."""
    table = jobs.c
    query = select(table.payload, table.error, table.tries, table.due_at, table.given_up_at)
    failed = query.where(table.kind == kind, table.tries > 0).order_by(table.id.desc()).limit(MOST_TOLD)
    return [
        Trouble(row.payload, Failure.read(row.error), row.tries, None if row.given_up_at else row.due_at)
        for row in tx.execute(failed)
    ]
