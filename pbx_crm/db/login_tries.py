"""Failed log-ins per name and address, and per name alone, counted before the password is looked at."""

from __future__ import annotations

from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, Connection, and_, delete, exists, select, update

from pbx_crm.db.tables import login_tries, people, sessions
from pbx_crm.db.upsert import insert_missing
from pbx_crm.domain.session import SessionKind

FREE_TRIES = 3
FREE_TRIES_EVERYWHERE = 15
"""Of one name from all addresses together: a thousand rented addresses guess no faster than five."""
EVERYWHERE = "*"
"""Stands in the place of an address for what was tried from all of them."""
FIRST_WAIT = timedelta(seconds=2)
LONGEST_WAIT = timedelta(minutes=15)
FORGOTTEN_AFTER = timedelta(hours=24)


def wait_after(failures: int, free_tries: int = FREE_TRIES) -> timedelta:
    """How long after that many failures in a row the next try is looked at: doubling, capped."""
    if failures < free_tries:
        return timedelta(0)
    doublings = min(failures - free_tries, 20)
    doubled: timedelta = FIRST_WAIT * 2**doublings
    return min(doubled, LONGEST_WAIT)


def take_try(tx: Connection, login: str, address: str, now: datetime) -> timedelta:
    """Zero if this try may be made, and counts it as failed already; else the time still to wait.

    Counting first leaves no moment in which a thousand guesses sent at once all find a clean record. An
    address at which this person is logged in waits for its own mistakes only: who guesses from elsewhere
    cannot shut them out.
    """
    places = _places(tx, login, address, now)
    counted = [(place, *_record(tx, login, place, free_tries, now)) for place, free_tries in places]
    left = max(wait for _, _, wait in counted)
    if left > timedelta(0):
        return left
    for place, failures, _ in counted:
        tx.execute(update(login_tries).where(_at(login, place)).values(failures=failures + 1, last_at=now))
    return timedelta(0)


def give_back(tx: Connection, login: str, address: str, now: datetime) -> None:
    """Uncounts a try that was right but is not the whole log-in: what went wrong before still counts."""
    for place, _ in _places(tx, login, address, now):
        counted = update(login_tries).where(_at(login, place), login_tries.c.failures > 0)
        tx.execute(counted.values(failures=login_tries.c.failures - 1))


def _places(tx: Connection, login: str, address: str, now: datetime) -> list[tuple[str, int]]:
    """Where a try counts, and how many are free there."""
    places = [(address, FREE_TRIES)]
    if not _is_at_home(tx, login, address, now):
        places.append((EVERYWHERE, FREE_TRIES_EVERYWHERE))
    return places


def _is_at_home(tx: Connection, login: str, address: str, now: datetime) -> bool:
    own = select(people.c.id).where(people.c.login == login)
    # Who has still to show a code is not at home: they may know no more than the password.
    here = sessions.c.kind == SessionKind.WEB.value, sessions.c.address == address
    living = sessions.c.person_id.in_(own), *here, sessions.c.expires_at > now
    return tx.execute(select(exists().where(*living))).scalar_one()


def _record(tx: Connection, login: str, place: str, free_tries: int, now: datetime) -> tuple[int, timedelta]:
    """Failures at this place, held until the transaction ends, and the time still to wait for them."""
    fresh = {"login": login, "address": place, "failures": 0, "last_at": now}
    insert_missing(tx, login_tries, [fresh])
    row = tx.execute(select(login_tries).where(_at(login, place)).with_for_update()).one()
    failures = 0 if now - row.last_at > FORGOTTEN_AFTER else row.failures
    left: timedelta = row.last_at + wait_after(failures, free_tries) - now
    return failures, left


def _at(login: str, place: str) -> ColumnElement[bool]:
    return and_(login_tries.c.login == login, login_tries.c.address == place)


def forget(tx: Connection, login: str, address: str) -> None:
    """Clears the record of a person who got in."""
    for place in (address, EVERYWHERE):
        tx.execute(delete(login_tries).where(_at(login, place)))


def end_stale(tx: Connection, now: datetime) -> None:
    """Clears away records nobody added to for a day."""
    tx.execute(delete(login_tries).where(login_tries.c.last_at < now - FORGOTTEN_AFTER))
