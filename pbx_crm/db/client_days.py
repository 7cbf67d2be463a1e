"""Which clients each person talked with on a day that is over, kept for reports of different clients.

Made once a day is over, beside the calls' way and not on it; a day that is not there is counted from its
calls. Whoever changes what a call of the past says of its client, its line or who talked in it forgets
the day (`forget`) in the same transaction, and it is made anew later. Days are those of `db/call_days.py`.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import ColumnElement, Connection, Select, delete, func, insert, or_, select, text

from pbx_crm.db import call_days
from pbx_crm.db.call_sums import LINE, WITH_CLIENTS, ZERO
from pbx_crm.db.tables import calls, client_days, talks
from pbx_crm.domain.clients_met import ClientsMet, Pair
from pbx_crm.domain.origin_report import NO_LINE
from pbx_crm.domain.report_period import Days

RESTS = timedelta(hours=1)
"""A day is made when it has been over for so long."""
YOUNG = timedelta(minutes=30)
"""The day of a call that began no longer ago is not made yet, whatever two machines' clocks say."""
REACH = timedelta(days=3660)
"""No report asks for more than ten years, and one call of a PBX whose clock stood at 1970 is no reason to."""
AT_ONCE = 500
# Every day that is made has this row, also one without a conversation.
IS_MADE = client_days.c.line == NO_LINE
HAS_CLIENT = or_(calls.c.contact_id.is_not(None), calls.c.e164.is_not(None))
WHO = func.coalesce(talks.c.person_id, ZERO)


@dataclass(frozen=True, slots=True)
class Kept:
    """The days of a stretch that are made, and the pairs of all of them."""

    days: frozenset[date]
    met: ClientsMet


def pairs(where: Collection[ColumnElement[bool]]) -> Select[Any]:
    """SELECT of (line, person, contact, number) of these calls' conversations, each once."""
    query = select(LINE, WHO, calls.c.contact_id, calls.c.e164).select_from(
        talks.join(calls, calls.c.id == talks.c.call_id)
    )
    return query.where(WITH_CLIENTS, HAS_CLIENT, *where).distinct()


def read(tx: Connection, days: Days, sliced: Collection[ColumnElement[bool]]) -> Kept:
    """What is kept of these days and of the lines that these conditions let through. Two statements."""
    within = (client_days.c.day >= days.first, client_days.c.day <= days.last)
    made = frozenset(tx.execute(select(client_days.c.day).where(*within, IS_MADE)).scalars())
    packed = tx.execute(select(client_days.c.met).where(*within, *sliced)).scalars()
    return Kept(made, ClientsMet.together([ClientsMet.unpacked(one) for one in packed]))


def forget(tx: Connection, moments: Iterable[datetime], now: datetime | None = None) -> None:
    """Lets go of the days of these moments. Two statements; none if all are of just now."""
    past = {moment for moment in moments if now is None or moment < now - YOUNG}
    days_zone = call_days.zone(tx) if past else None
    if days_zone is not None:
        days = sorted({moment.astimezone(days_zone).date() for moment in past})
        for begin in range(0, len(days), AT_ONCE):
            tx.execute(delete(client_days).where(client_days.c.day.in_(days[begin : begin + AT_ONCE])))


def forget_calls(tx: Connection, call_ids: Collection[int]) -> None:
    """Lets go of the days of these calls; none is none's."""
    ids = sorted(call_ids)
    for begin in range(0, len(ids), AT_ONCE):
        some = calls.c.id.in_(ids[begin : begin + AT_ONCE])
        forget(tx, tx.execute(select(calls.c.started_at).where(some)).scalars())


def forget_line(tx: Connection, line_id: int) -> None:
    """Lets go of every day on which somebody talked over this line. One statement."""
    mine = select(client_days.c.day).where(client_days.c.line == line_id)
    tx.execute(delete(client_days).where(client_days.c.day.in_(mine)))


def forget_all(tx: Connection) -> None:
    """Lets go of every day. One statement."""
    tx.execute(delete(client_days))


def to_make(tx: Connection, days_zone: ZoneInfo, now: datetime) -> list[date]:
    """The days of ten years that are over and not kept, oldest first. Three statements."""
    known = call_days.days_known(tx, days_zone)
    if known is None:
        return []
    last = (now - RESTS).astimezone(days_zone).date() - timedelta(days=1)
    made = set(tx.execute(select(client_days.c.day).where(IS_MADE)).scalars())
    asked = Days(max(known.first, last - REACH), min(known.last, last))
    return [day for day in asked if day not in made]


def make(tx: Connection, day: date, days_zone: ZoneInfo) -> None:
    """Keeps this day as its calls are now; one that is kept stays. Five statements."""
    if tx.dialect.name != "sqlite":
        # Whoever changes a call of the day meanwhile waits, and then finds a day to forget.
        tx.execute(text("LOCK TABLE client_days IN SHARE ROW EXCLUSIVE MODE"))
    is_kept = select(client_days.c.day).where(client_days.c.day == day, IS_MADE)
    if tx.execute(is_kept).first() is None and call_days.zone(tx) == days_zone:
        rows = [{"day": day, "line": line, "met": met} for line, met in _of_calls(tx, day, days_zone).items()]
        tx.execute(insert(client_days), rows)


def wrong_rows(tx: Connection, day: date, days_zone: ZoneInfo) -> int:
    """How many lines of a day that is kept are not what its calls say. Two statements."""
    query = select(client_days.c.line, client_days.c.met).where(client_days.c.day == day)
    kept = {line: met for line, met in tx.execute(query)}
    true = _of_calls(tx, day, days_zone) if kept else {}
    return sum(kept.get(line) != true.get(line) for line in kept.keys() | true.keys())


def _of_calls(tx: Connection, day: date, days_zone: ZoneInfo) -> dict[int, bytes]:
    span = Days(day, day).span(days_zone)
    begun = (calls.c.started_at >= span.since, calls.c.started_at < span.until)
    by_line: dict[int, list[Pair]] = defaultdict(list)
    for line, person, contact_id, number in tx.execute(pairs(begun)):
        by_line[line].append((person, contact_id, number))
    return {line: ClientsMet.of_rows(by_line[line]).packed for line in {NO_LINE, *by_line}}
