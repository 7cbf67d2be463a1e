"""Calls per day, line and person, kept added up in the transaction that changes a call.

`calls.counted_day` says under which day a call is in the sums; without it reports count the call itself.
So the figures are exact at every moment: while a call goes on, before the sums are built and while they
are built anew. Whoever changes a call takes it out before (`take_out`) and puts it in after (`put_in`);
both pass over what is there already. The days are those of the zone in which the sums were built.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import date, datetime
from functools import cache
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import BindParameter, Connection, bindparam, delete, func, select, text, update

from pbx_crm.db import call_sums
from pbx_crm.db.call_sums import SUMS
from pbx_crm.db.prepared import fetch, write_rows
from pbx_crm.db.tables import call_days, calls, deals, settings
from pbx_crm.db.upsert import insert_missing, insert_of, put
from pbx_crm.domain.call import Direction
from pbx_crm.domain.origin_report import NO_LINE
from pbx_crm.domain.report_period import Days

Row = Mapping[str, Any]

ZONE = "days of the sums"
AT_ONCE = 200
KEYS = (calls.c.counted_day, call_sums.LINE)

IDS: BindParameter[int] = bindparam("ids", expanding=True)
NUMBERS: BindParameter[str] = bindparam("numbers", expanding=True)
STORED_ZONE = select(settings.c.value).where(settings.c.key == ZONE)
TO_COUNT = (
    select(calls.c.id, calls.c.started_at, STORED_ZONE.scalar_subquery())
    .where(calls.c.id.in_(IDS), calls.c.ended_at.is_not(None), calls.c.counted_day.is_(None))
    .with_for_update()
)
COUNTED = select(calls.c.id).where(calls.c.id.in_(IDS), calls.c.counted_day.is_not(None)).with_for_update()
OF_THESE = call_sums.per_company(KEYS, [calls.c.id.in_(IDS)])
BEGUN = (calls.c.started_at >= bindparam("since"), calls.c.started_at < bindparam("until"))
OF_DAY = call_sums.per_company(KEYS, [*BEGUN, calls.c.counted_day == bindparam("counted_on")])
COUNT_DAY = (
    update(calls).where(*BEGUN, calls.c.ended_at.is_not(None)).values(counted_day=bindparam("counted_on"))
)
LEAVE_DAY = (
    update(calls).where(*BEGUN, calls.c.counted_day == bindparam("counted_on")).values(counted_day=None)
)
FORGET_DAY = delete(call_days).where(call_days.c.day == bindparam("counted_on"))
MARK = update(calls).where(calls.c.id == bindparam("call")).values(counted_day=bindparam("counted_on"))
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
    """Adds those of these calls that are over and not in the sums yet. Four statements, one if none is."""
    for ids in _some(call_ids):
        days = [
            {"call": call_id, "counted_on": started_at.astimezone(ZoneInfo(name)).date()}
            for call_id, started_at, name in fetch(tx, TO_COUNT, {"ids": ids})
            if name is not None
        ]
        write_rows(tx, MARK, days)
        _add(tx, [row["call"] for row in days], 1)


def take_out(tx: Connection, call_ids: Collection[int]) -> None:
    """Takes those of these calls out of the sums that are in; to be done before they change."""
    for ids in _some(call_ids):
        counted = [call_id for (call_id,) in fetch(tx, COUNTED, {"ids": ids})]
        _add(tx, counted, -1)
        write_rows(tx, MARK, [{"call": call_id, "counted_on": None} for call_id in counted])


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
    write_rows(tx, _adding(tx.dialect.name), _in_order(rows))


def leave_line(tx: Connection, line_id: int) -> None:
    """What counted for this line counts for none; to be done with its calls. Three statements."""
    _alone(tx)
    mine = call_days.c.line == line_id
    columns = (call_days.c.day, call_days.c.who, *(call_days.c[name] for name in SUMS))
    rows = [{**row, "line": NO_LINE} for row in tx.execute(select(*columns).where(mine)).mappings()]
    write_rows(tx, _adding(tx.dialect.name), _in_order(rows))
    tx.execute(delete(call_days).where(mine))


def days_known(tx: Connection, days_zone: ZoneInfo) -> Days | None:
    """From the first day to the last that has a call or a sum; None without any."""
    began = tx.execute(select(func.min(calls.c.started_at), func.max(calls.c.started_at))).one()
    summed = tx.execute(select(func.min(call_days.c.day), func.max(call_days.c.day))).one()
    ends = [day for day in summed if day is not None]
    ends += [at.astimezone(days_zone).date() for at in began if at is not None]
    return Days(min(ends), max(ends)) if ends else None


def first_not_counted(tx: Connection, days_zone: ZoneInfo) -> date | None:
    """The first day that has a call which is over and not in the sums; None if there is none."""
    over = (calls.c.counted_day.is_(None), calls.c.ended_at.is_not(None))
    first = tx.execute(select(func.min(calls.c.started_at)).where(*over)).scalar_one()
    return first.astimezone(days_zone).date() if first else None


def build(tx: Connection, day: date, days_zone: ZoneInfo) -> None:
    """Makes the sums of this day anew from its calls. Four statements."""
    _alone(tx)
    asked = _asked(day, days_zone)
    write_rows(tx, FORGET_DAY, [{"counted_on": day}])
    write_rows(tx, COUNT_DAY, [asked])
    write_rows(tx, _adding(tx.dialect.name), _rows(fetch(tx, OF_DAY, asked), 1))


def tear_down(tx: Connection, day: date, days_zone: ZoneInfo) -> None:
    """Takes a whole day out of the sums; its calls are counted themselves from now on. Two statements."""
    _alone(tx)
    write_rows(tx, FORGET_DAY, [{"counted_on": day}])
    write_rows(tx, LEAVE_DAY, [_asked(day, days_zone)])


def _asked(day: date, days_zone: ZoneInfo) -> Row:
    span = Days(day, day).span(days_zone)
    return {"since": span.since, "until": span.until, "counted_on": day}


def change_zone(tx: Connection, name: str) -> None:
    """From now on days are this zone's; what was not torn down before is, at once."""
    _alone(tx)
    tx.execute(call_days.delete())
    tx.execute(update(calls).where(calls.c.counted_day.is_not(None)).values(counted_day=None))
    put(tx, settings, [{"key": ZONE, "value": name}], ["key"])


def wrong_rows(tx: Connection, day: date, days_zone: ZoneInfo) -> int:
    """How many rows of this day are not what its calls add up to; none, unless there is a fault of ours."""
    true = call_sums.added(fetch(tx, OF_DAY, _asked(day, days_zone)), 3)
    columns = (call_days.c.day, call_days.c.line, call_days.c.who, *(call_days.c[name] for name in SUMS))
    kept = call_sums.added(tx.execute(select(*columns).where(call_days.c.day == day)), 3)
    return sum(true.get(key) != kept.get(key) for key in true.keys() | kept.keys())


def _add(tx: Connection, call_ids: Sequence[int], sign: int) -> None:
    if not call_ids:
        return
    asked = {"ids": list(call_ids)}
    if tx.dialect.name != "sqlite":
        fetch(tx, HOLD_CARDS, asked)
    write_rows(tx, _adding(tx.dialect.name), _rows(fetch(tx, OF_THESE, asked), sign))


def _rows(sums: Any, sign: int) -> list[Row]:
    names = ("day", "line", "who")
    found = [
        dict(zip(names, key, strict=True))
        | {name: sign * value for name, value in zip(SUMS, values, strict=True)}
        for key, values in call_sums.added(sums, len(names)).items()
    ]
    return _in_order(found)


def _in_order(rows: Iterable[Row]) -> list[Row]:
    # Two batches at once take the rows they share in one order, so that neither waits for the other.
    return sorted(rows, key=lambda row: (row["day"], row["line"], row["who"]))


@cache
def _adding(dialect: str) -> Any:
    statement = insert_of(dialect, call_days)
    more = {name: call_days.c[name] + statement.excluded[name] for name in SUMS}
    return statement.on_conflict_do_update(index_elements=["day", "line", "who"], set_=more)


def _alone(tx: Connection) -> None:
    if tx.dialect.name != "sqlite":
        tx.execute(text("LOCK TABLE call_days IN SHARE ROW EXCLUSIVE MODE"))


def _some(call_ids: Collection[int]) -> list[list[int]]:
    ordered = sorted(set(call_ids))
    return [ordered[first : first + AT_ONCE] for first in range(0, len(ordered), AT_ONCE)]
