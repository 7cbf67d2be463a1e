"""Failed log-ins per name and address, counted before the password is looked at."""

from __future__ import annotations

from datetime import datetime, timedelta

from sqlalchemy import Connection, and_, delete, select, update

from pbx_crm.db.tables import login_tries
from pbx_crm.db.upsert import insert_missing

FREE_TRIES = 3
FIRST_WAIT = timedelta(seconds=2)
LONGEST_WAIT = timedelta(minutes=15)
FORGOTTEN_AFTER = timedelta(hours=24)


def wait_after(failures: int) -> timedelta:
    """How long after that many failures in a row the next try is looked at: doubling, capped."""
    if failures < FREE_TRIES:
        return timedelta(0)
    doublings = min(failures - FREE_TRIES, 20)
    doubled: timedelta = FIRST_WAIT * 2**doublings
    return min(doubled, LONGEST_WAIT)


def take_try(tx: Connection, login: str, address: str, now: datetime) -> timedelta:
    """Zero if this try may be made, and counts it as failed already; else the time still to wait.

    Counting first leaves no moment in which a thousand guesses sent at once all find a clean record.
    """
    fresh = {"login": login, "address": address, "failures": 0, "last_at": now}
    insert_missing(tx, login_tries, [fresh])
    here = and_(login_tries.c.login == login, login_tries.c.address == address)
    row = tx.execute(select(login_tries).where(here).with_for_update()).one()
    failures = 0 if now - row.last_at > FORGOTTEN_AFTER else row.failures
    left: timedelta = row.last_at + wait_after(failures) - now
    if left > timedelta(0):
        return left
    tx.execute(update(login_tries).where(here).values(failures=failures + 1, last_at=now))
    return timedelta(0)


def forget(tx: Connection, login: str, address: str) -> None:
    """Clears the record of a person who got in."""
    tx.execute(delete(login_tries).where(login_tries.c.login == login, login_tries.c.address == address))


def end_stale(tx: Connection, now: datetime) -> None:
    """Clears away records nobody added to for a day."""
    tx.execute(delete(login_tries).where(login_tries.c.last_at < now - FORGOTTEN_AFTER))
