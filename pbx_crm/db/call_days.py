"""Calls per day and per hour, line and person, kept added up in the transaction that changes a call.

`calls.counted_day` says under which day a call is in the sums; without it reports count the call itself.
So the figures are exact at every moment: while a call goes on, before the sums are built and while they
are built anew. Whoever changes a call takes it out before (`take_out`) and puts it in after (`put_in`);
both pass over what is there already. The days are those of the zone in which the sums were built. The sums
by hours (`call_hours`) hold the same calls and are written beside those by days.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import date, datetime
from functools import cache
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import (
    BindParameter,
    ColumnElement,
    Connection,
    Table,
    bindparam,
    delete,
    func,
    select,
    text,
    update,
)

from pbx_crm.db import call_sums
from pbx_crm.db.call_fold import BY_HOUR, DAY_KEYS, HOUR_KEYS, Key, QuarterHour, fold
from pbx_crm.db.call_sums import SUMS
from pbx_crm.db.prepared import fetch, run, write_rows
from pbx_crm.db.tables import call_days, call_hours, calls, deals, settings
from pbx_crm.db.upsert import insert_missing, insert_of, put
from pbx_crm.domain.call import Direction
from pbx_crm.domain.origin_report import NO_LINE
from pbx_crm.domain.report_period import Days

Row = Mapping[str, Any]

ZONE = "days of the sums"
AT_ONCE = 200
KEYS = (calls.c.counted_day, call_sums.LINE)
FINE_KEYS = (*KEYS, QuarterHour(calls.c.started_at))

IDS: BindParameter[int] = bindparam("ids", expanding=True)
NUMBERS: BindParameter[str] = bindparam("numbers", expanding=True)
STORED_ZONE = select(settings.c.value).where(settings.c.key == ZONE)
TO_COUNT = (
    select(calls.c.id, calls.c.started_at, STORED_ZONE.scalar_subquery())
    .where(calls.c.id.in_(IDS), calls.c.ended_at.is_not(None), calls.c.counted_day.is_(None))
    .with_for_update()
)
COUNTED = (
    select(calls.c.id, STORED_ZONE.scalar_subquery())
    .where(calls.c.id.in_(IDS), calls.c.counted_day.is_not(None))
    .with_for_update()
)
OF_THESE = call_sums.per_company(FINE_KEYS, [calls.c.id.in_(IDS)])
BEGUN = (calls.c.started_at >= bindparam("since"), calls.c.started_at < bindparam("until"))
OF_DAY = call_sums.per_company(FINE_KEYS, [*BEGUN, calls.c.counted_day == bindparam("counted_on")])
COUNT_DAY = (
    update(calls).where(*BEGUN, calls.c.ended_at.is_not(None)).values(counted_day=bindparam("counted_on"))
)
LEAVE_DAY = (
    update(calls).where(*BEGUN, calls.c.counted_day == bindparam("counted_on")).values(counted_day=None)
)
FORGET_DAY = delete(call_days).where(call_days.c.day == bindparam("counted_on"))
FORGET_HOURS = delete(call_hours).where(
    call_hours.c.began >= bindparam("since"), call_hours.c.began < bindparam("until")
)
MARK = update(calls).where(calls.c.id.in_(IDS)).values(counted_day=bindparam("counted_on"))
NOT_COUNTED = (
    select(calls.c.id, calls.c.started_at)
    .where(calls.c.counted_day.is_(None), calls.c.ended_at.is_not(None))
    .order_by(calls.c.started_at)
    .limit(bindparam("most"))
)
# A sum of a card's calls and a change of the card's owner at once: the later of the two must see both.
HOLD_CARDS = (
    select(deals.c.id)
    .where(deals.c.id.in_(select(calls.c.deal_id).where(calls.c.id.in_(IDS))))
    .order_by(deals.c.id)
    .with_for_update(read=True)
)
LATER_DIALLED = select(calls.c.id).where(
    calls.c.e164.in_(NUMBERS),
    calls.c.started_at > bindparam("since"),
    calls.c.direction == Direction.OUT,
    calls.c.counted_day.is_not(None),
)
CARDS_CALLS = (
    select(*KEYS, func.count())
    .where(
        calls.c.deal_id == bindparam("deal"),
        calls.c.direction == Direction.IN,
        calls.c.counted_day.is_not(None),
    )
    .group_by(*KEYS)
)


def zone(tx: Connection) -> ZoneInfo | None:
    """Whose days the sums are by; None while none was chosen, and nothing is summed up. One statement."""
    stored = fetch(tx, STORED_ZONE)
    return ZoneInfo(stored[0][0]) if stored else None


def choose_zone(tx: Connection, name: str) -> None:
    """The zone of the days from now on, unless there is one already: another takes building anew."""
    insert_missing(tx, settings, [{"key": ZONE, "value": name}])


def put_in(tx: Connection, call_ids: Collection[int]) -> None:
    """Adds those of these calls that are over and not in the sums yet. Five statements, one if none is."""
    for ids in _some(call_ids):
        found = [row for row in fetch(tx, TO_COUNT, {"ids": ids}) if row[2] is not None]
        if not found:
            continue
        days_zone = ZoneInfo(found[0][2])
        of_day = defaultdict[date | None, list[int]](list)
        for call_id, started_at, _ in found:
            of_day[started_at.astimezone(days_zone).date()].append(call_id)
        _mark(tx, of_day)
        _add(tx, [row[0] for row in found], 1, days_zone)


def take_out(tx: Connection, call_ids: Collection[int]) -> None:
    """Takes those of these calls out of the sums that are in; to be done before they change."""
    for ids in _some(call_ids):
        counted = [tuple(row) for row in fetch(tx, COUNTED, {"ids": ids})]
        if counted:
            mine = [call_id for call_id, _ in counted]
            _add(tx, mine, -1, ZoneInfo(counted[0][1]))
            _mark(tx, {None: mine})


def _mark(tx: Connection, of_day: Mapping[date | None, list[int]]) -> None:
    for day, ids in of_day.items():
        run(tx, MARK, {"ids": ids, "counted_on": day})


def not_counted(tx: Connection, most: int) -> list[tuple[int, datetime]]:
    """Id and beginning of calls that are over and in no sum, the oldest first, so many at most."""
    return [(call_id, at) for call_id, at in fetch(tx, NOT_COUNTED, {"most": most})]


def conversations(tx: Connection, call_ids: Collection[int]) -> list[tuple[str, datetime]]:
    """Number and moment of each of these calls that was answered."""
    query = select(calls.c.e164, calls.c.answered_at).where(calls.c.id.in_(call_ids))
    return [(number, at) for number, at in tx.execute(query) if number is not None and at is not None]


def dialled_later(tx: Connection, numbers: Collection[str], since: datetime) -> list[int]:
    """Calls in the sums to these numbers after `since`: whether they were cold hangs on what was before."""
    if not numbers:
        return []
    asked = {"numbers": sorted(numbers), "since": since}
    return [call_id for (call_id,) in fetch(tx, LATER_DIALLED, asked)]


def hand_over(tx: Connection, deal_id: int, from_id: int, to_id: int) -> None:
    """The calls of a card count as its new owner's; the card is that person's already. Two statements."""
    shifted = fetch(tx, CARDS_CALLS, {"deal": deal_id})
    nothing = dict.fromkeys(SUMS, 0)
    rows = [
        {"day": day, "line": line, "who": who, **nothing, "owned": sign * count}
        for day, line, count in shifted
        for who, sign in ((from_id, -1), (to_id, 1))
    ]
    write_rows(tx, _adding_days(tx.dialect.name), _in_order(rows, DAY_KEYS))


def leave_line(tx: Connection, line_id: int) -> None:
    """What counted for this line counts for none; to be done with its calls. Six statements."""
    _alone(tx)
    for table, adding, keys in (
        (call_days, _adding_days, DAY_KEYS),
        (call_hours, _adding_hours, HOUR_KEYS),
    ):
        mine = table.c.line == line_id
        rows = [{**row, "line": NO_LINE} for row in tx.execute(select(table).where(mine)).mappings()]
        write_rows(tx, adding(tx.dialect.name), _in_order(rows, keys))
        tx.execute(delete(table).where(mine))


def days_known(tx: Connection, days_zone: ZoneInfo) -> Days | None:
    """From the first day to the last that has a call or a sum; None without any."""
    began = tx.execute(select(func.min(calls.c.started_at), func.max(calls.c.started_at))).one()
    summed = tx.execute(select(func.min(call_days.c.day), func.max(call_days.c.day))).one()
    ends = [day for day in summed if day is not None]
    ends += [at.astimezone(days_zone).date() for at in began if at is not None]
    return Days(min(ends), max(ends)) if ends else None


def build(tx: Connection, day: date, days_zone: ZoneInfo) -> None:
    """Makes the sums of this day anew from its calls. Six statements."""
    _alone(tx)
    asked = _asked(day, days_zone)
    _forget(tx, asked)
    write_rows(tx, COUNT_DAY, [asked])
    _write(tx, fetch(tx, OF_DAY, asked), 1, days_zone)


def tear_down(tx: Connection, day: date, days_zone: ZoneInfo) -> None:
    """Takes a whole day out of the sums; its calls are counted themselves from now on. Three statements."""
    _alone(tx)
    asked = _asked(day, days_zone)
    _forget(tx, asked)
    write_rows(tx, LEAVE_DAY, [asked])


def _forget(tx: Connection, asked: Row) -> None:
    write_rows(tx, FORGET_DAY, [{"counted_on": asked["counted_on"]}])
    write_rows(tx, FORGET_HOURS, [{"since": asked["since"], "until": asked["until"]}])


def _asked(day: date, days_zone: ZoneInfo) -> Row:
    span = Days(day, day).span(days_zone)
    return {"since": span.since, "until": span.until, "counted_on": day}


def change_zone(tx: Connection, name: str) -> None:
    """From now on days are this zone's; what was not torn down before is, at once."""
    _alone(tx)
    tx.execute(call_days.delete())
    tx.execute(call_hours.delete())
    tx.execute(update(calls).where(calls.c.counted_day.is_not(None)).values(counted_day=None))
    put(tx, settings, [{"key": ZONE, "value": name}], ["key"])


def wrong_rows(tx: Connection, day: date, days_zone: ZoneInfo) -> int:
    """How many rows of this day are not what its calls add up to; none, unless there is a fault of ours."""
    asked = _asked(day, days_zone)
    true = fold(fetch(tx, OF_DAY, asked), days_zone)
    of_days = select(*_columns(call_days, DAY_KEYS, SUMS)).where(call_days.c.day == day)
    of_hours = select(*_columns(call_hours, HOUR_KEYS, BY_HOUR)).where(
        call_hours.c.began >= asked["since"], call_hours.c.began < asked["until"]
    )
    return _different(true.days, tx.execute(of_days)) + _different(true.hours, tx.execute(of_hours))


def _different(true: Mapping[Key, Sequence[int]], kept: Iterable[Sequence[Any]]) -> int:
    stored = {tuple(row[:3]): list(row[3:]) for row in kept if any(row[3:])}
    return sum(list(true.get(key, ())) != stored.get(key, []) for key in true.keys() | stored.keys())


def _columns(table: Table, keys: Iterable[str], sums: Iterable[str]) -> list[ColumnElement[Any]]:
    return [table.c[name] for name in (*keys, *sums)]


def _add(tx: Connection, call_ids: Sequence[int], sign: int, days_zone: ZoneInfo) -> None:
    asked = {"ids": list(call_ids)}
    if tx.dialect.name != "sqlite":
        fetch(tx, HOLD_CARDS, asked)
    _write(tx, fetch(tx, OF_THESE, asked), sign, days_zone)


def _write(tx: Connection, sums: Iterable[Sequence[Any]], sign: int, days_zone: ZoneInfo) -> None:
    folded = fold(sums, days_zone)
    write_rows(tx, _adding_days(tx.dialect.name), _rows(folded.days, DAY_KEYS, SUMS, sign))
    write_rows(tx, _adding_hours(tx.dialect.name), _rows(folded.hours, HOUR_KEYS, BY_HOUR, sign))


def _rows(
    sums: Mapping[Key, Sequence[int]], keys: Sequence[str], names: Sequence[str], sign: int
) -> list[Row]:
    found = [
        dict(zip(keys, key, strict=True))
        | {name: sign * value for name, value in zip(names, values, strict=True)}
        for key, values in sums.items()
    ]
    return _in_order(found, keys)


def _in_order(rows: Iterable[Row], keys: Sequence[str]) -> list[Row]:
    # Two batches at once take the rows they share in one order, so that neither waits for the other.
    return sorted(rows, key=lambda row: tuple(row[name] for name in keys))


@cache
def _adding_days(dialect: str) -> Any:
    return _adding(dialect, call_days, DAY_KEYS, SUMS)


@cache
def _adding_hours(dialect: str) -> Any:
    return _adding(dialect, call_hours, HOUR_KEYS, BY_HOUR)


def _adding(dialect: str, table: Table, keys: Sequence[str], names: Sequence[str]) -> Any:
    statement = insert_of(dialect, table)
    more = {name: table.c[name] + statement.excluded[name] for name in names}
    return statement.on_conflict_do_update(index_elements=list(keys), set_=more)


def _alone(tx: Connection) -> None:
    if tx.dialect.name != "sqlite":
        tx.execute(text("LOCK TABLE call_days IN SHARE ROW EXCLUSIVE MODE"))


def _some(call_ids: Collection[int]) -> list[list[int]]:
    ordered = sorted(set(call_ids))
    return [ordered[first : first + AT_ONCE] for first in range(0, len(ordered), AT_ONCE)]
