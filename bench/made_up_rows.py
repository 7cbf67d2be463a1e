"""Made-up years written into a database: calls with legs, talks and people, deals with moves, kept sums."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from sqlalchemy import Connection, insert, select

from bench.bulk import insert_many, next_id, numbers_taken, some
from bench.made_up_years import Firm, MadeUpCall, Size, Truth, Years
from pbx_crm.db.engine import Database
from pbx_crm.db.tables import call_people, calls, deals, legs, lines, loss_reasons, stage_moves, talks
from pbx_crm.services.rollups import Rollups

PBX = "made up"
CALLS_AT_ONCE = 10_000
Rows = list[dict[str, Any]]


async def write_years(database: Database, firm: Firm, size: Size) -> Truth:
    """Writes them and keeps the sums; the truth of what was written."""
    years = Years(firm, size)
    first_call = await database.read(next_id, calls)
    for several in some(years.calls(first_call), CALLS_AT_ONCE):
        await database.write(_write_calls, firm, several)
    first_deal = await database.read(next_id, deals)
    for several in some(years.deals(first_deal), CALLS_AT_ONCE):
        await database.write(_write_deals, several)
    for table in (calls, deals):
        await database.write(numbers_taken, table)
    await Rollups(database).catch_up()
    return years.truth


def add_lines(tx: Connection, count: int) -> list[int]:
    """Ids of new lines of the made-up PBX."""
    made = []
    for number in range(count):
        values = {"pbx": PBX, "name": f"Line {number}", "match_kind": "did", "match_value": f"{number}"}
        made.append(tx.execute(insert(lines).values(**values).returning(lines.c.id)).scalar_one())
    return made


def reasons_of(tx: Connection, funnel_id: int) -> list[int]:
    """Ids of the funnel's loss reasons."""
    query = select(loss_reasons.c.id).where(loss_reasons.c.funnel_id == funnel_id)
    return list(tx.execute(query).scalars())


def _write_deals(tx: Connection, several: list[tuple[dict[str, Any], Rows]]) -> None:
    insert_many(tx, deals, [row for row, _ in several])
    insert_many(tx, stage_moves, [move for _, moves in several for move in moves])


def _write_calls(tx: Connection, firm: Firm, several: list[MadeUpCall]) -> None:
    insert_many(tx, calls, [_call_row(firm, made) for made in several])
    insert_many(tx, legs, [row for made in several for row in _leg_rows(firm, made)])
    insert_many(tx, talks, [row for made in several for row in _talk_rows(firm, made)])
    insert_many(tx, call_people, [row for made in several for row in _people_rows(firm, made)])


def _call_row(firm: Firm, made: MadeUpCall) -> dict[str, Any]:
    answered_after = made.answered_after
    first = firm.sellers[made.talks[0][0]] if made.talks else None
    return {
        "id": made.id,
        "pbx": PBX,
        "linkedid": f"{made.id}.0",
        "direction": "in" if made.is_in else "out",
        "external_number": made.number,
        "e164": made.number,
        "seller_id": None if made.is_in else firm.sellers[made.rung[0]],
        "answered_id": first if made.is_in else None,
        "final_id": firm.sellers[made.talks[-1][0]] if made.talks else None,
        "line_id": firm.lines[made.line],
        "outcome": "answered" if made.talks else "missed" if made.is_in else "no_answer",
        "started_at": made.at,
        "answered_at": made.at + timedelta(seconds=answered_after) if answered_after else None,
        "ended_at": made.at + timedelta(seconds=made.length),
        "ended_by": "hangup",
        "wait_seconds": float(answered_after or made.length),
        "ring_seconds": float(answered_after or made.length),
        "talk_seconds": float(made.length - answered_after) if answered_after else 0.0,
        "hold_seconds": 0.0,
        "recorded": False,
        "late": False,
        "owner_rule": {},
        "known": 1,
    }


def _leg_rows(firm: Firm, made: MadeUpCall) -> Rows:
    if not made.is_in:
        return []
    rang_until = made.at + timedelta(seconds=made.answered_after or made.length)
    answering = made.talks[0][0] if made.talks else None
    return [
        {
            "call_id": made.id,
            "uniqueid": f"{made.id}.{place + 1}",
            "endpoint": f"PJSIP/{seller}",
            "kind": "seller",
            "extension": str(seller),
            "person_id": firm.sellers[seller],
            "started_at": made.at,
            "rang_at": made.at + timedelta(seconds=1),
            "answered_at": rang_until if seller == answering else None,
            "ended_at": made.at + timedelta(seconds=made.length) if seller == answering else rang_until,
        }
        for place, seller in enumerate(made.rung)
    ]


def _talk_rows(firm: Firm, made: MadeUpCall) -> Rows:
    return [
        {
            "call_id": made.id,
            "extension": str(seller),
            "person_id": firm.sellers[seller],
            "started_at": made.at + timedelta(seconds=since),
            "ended_at": made.at + timedelta(seconds=until),
        }
        for seller, since, until in made.talks
    ]


def _people_rows(firm: Firm, made: MadeUpCall) -> Rows:
    seconds = {seller: 0 for seller in made.rung}
    for seller, since, until in made.talks:
        seconds[seller] = seconds.get(seller, 0) + until - since
    return [
        {
            "call_id": made.id,
            "person_id": firm.sellers[seller],
            "started_at": made.at,
            "rang": made.is_in and seller in made.rung,
            "talk_seconds": float(talked),
        }
        for seller, talked in seconds.items()
    ]
