"""What the doctor reads: calls that led nowhere, phones of nobody, and who else listens."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, Connection, func, select

from pbx_crm.db.extensions import SeenExtension, unlinked
from pbx_crm.db.tables import calls, robots, settings
from pbx_crm.db.upsert import put
from pbx_crm.domain.call import Direction

RECENTLY = timedelta(days=14)
LISTENS = "listens/"
FORGOTTEN = timedelta(days=1)
SHORTEST_CLIENT = 7
MOST = 5


@dataclass(frozen=True, slots=True)
class Seen:
    """A value that calls carry, how often, and for which PBX."""

    pbx: str
    value: str
    count: int


def unlined(tx: Connection, now: datetime) -> list[Seen]:
    """Called numbers of recent incoming calls that belong to no line, the busiest first."""
    return _count(tx, now, calls.c.did, calls.c.direction == Direction.IN, calls.c.line_id.is_(None))


def trunks(tx: Connection, now: datetime) -> list[Seen]:
    """Every trunk of recent calls."""
    return _count(tx, now, calls.c.trunk, most=100)


def unread_numbers(tx: Connection, now: datetime) -> list[Seen]:
    """Numbers of recent calls that are long enough for a client's and could not be read as one."""
    return _count(
        tx,
        now,
        calls.c.external_number,
        calls.c.e164.is_(None),
        func.length(calls.c.external_number) >= SHORTEST_CLIENT,
    )


def unlinked_phones(tx: Connection, now: datetime) -> list[SeenExtension]:
    """Phones that took part in calls lately and belong to nobody."""
    return [seen for seen in unlinked(tx, now) if seen.last_seen_at > now - RECENTLY]


def calling_robots(tx: Connection) -> int:
    """How many robots that are switched on have clients called."""
    query = select(func.count()).where(robots.c.is_active, robots.c.voice_id.is_not(None))
    return tx.execute(query).scalar_one()


def _count(
    tx: Connection,
    now: datetime,
    value: ColumnElement[str],
    *conditions: ColumnElement[bool],
    most: int = MOST,
) -> list[Seen]:
    query = (
        select(calls.c.pbx, value, func.count().label("how_many"))
        .where(calls.c.started_at > now - RECENTLY, value.is_not(None), value != "", *conditions)
        .group_by(calls.c.pbx, value)
        .order_by(func.count().desc(), value)
    )
    return [Seen(*row) for row in tx.execute(query.limit(most))]


def note_listener(tx: Connection, pbx: str, instance: str, at: datetime) -> None:
    """This process listens to this PBX; those not heard of for a day are forgotten."""
    put(tx, settings, [{"key": f"{LISTENS}{pbx}/{instance}"[:64], "value": at.isoformat()}], ["key"])
    old = [key for key, seen_at in _listeners(tx, pbx) if seen_at < at - FORGOTTEN]
    if old:
        tx.execute(settings.delete().where(settings.c.key.in_(old)))


def forget_listener(tx: Connection, pbx: str, instance: str) -> None:
    """This process listens to this PBX no more."""
    tx.execute(settings.delete().where(settings.c.key == f"{LISTENS}{pbx}/{instance}"[:64]))


def listeners(tx: Connection, pbx: str, since: datetime) -> list[str]:
    """The processes that listened to this PBX since then."""
    return [key.rpartition("/")[2] for key, seen_at in _listeners(tx, pbx) if seen_at >= since]


def _listeners(tx: Connection, pbx: str) -> list[tuple[str, datetime]]:
    query = select(settings.c.key, settings.c.value).where(
        settings.c.key.startswith(f"{LISTENS}{pbx}/", autoescape=True)
    )
    return [(key, datetime.fromisoformat(value)) for key, value in tx.execute(query)]


def try_to_write(tx: Connection, at: datetime) -> None:
    """Writes a row; whoever calls rolls it back."""
    put(tx, settings, [{"key": "doctor", "value": at.isoformat()}], ["key"])
