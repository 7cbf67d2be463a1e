"""Stretches in which a PBX was not heard, and until when it was heard last."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import Connection, func, select, update

from pbx_crm.db.tables import calls, gaps, settings
from pbx_crm.db.upsert import insert_new, put


def note(tx: Connection, pbx: str, from_at: datetime, to_at: datetime, cause: str) -> bool:
    """Whether this gap is new; one that is known by its beginning stays as it is."""
    row = {"pbx": pbx, "from_at": from_at, "to_at": to_at, "cause": cause}
    return insert_new(tx, gaps, row) is not None


def between(tx: Connection, pbx: str, since: datetime, until: datetime) -> list[tuple[datetime, datetime]]:
    """Beginnings and ends of the gaps of this PBX that touch this stretch of time, filled ones too."""
    query = select(gaps.c.from_at, gaps.c.to_at).where(
        gaps.c.pbx == pbx, gaps.c.from_at <= until, gaps.c.to_at >= since
    )
    return [(from_at, to_at) for from_at, to_at in tx.execute(query)]


def not_filled(tx: Connection, pbx: str) -> list[tuple[datetime, datetime]]:
    """Beginnings and ends of the gaps of this PBX that nothing has filled yet."""
    query = select(gaps.c.from_at, gaps.c.to_at).where(
        gaps.c.pbx == pbx, gaps.c.filled_at.is_(None), gaps.c.to_at.is_not(None)
    )
    return [(from_at, to_at) for from_at, to_at in tx.execute(query)]


def fill(tx: Connection, pbx: str, until: datetime, at: datetime) -> int:
    """Marks the gaps that ended by `until` as filled; says how many."""
    hollow = (gaps.c.pbx == pbx, gaps.c.filled_at.is_(None), gaps.c.to_at <= until)
    return tx.execute(update(gaps).where(*hollow).values(filled_at=at)).rowcount


def unfilled(tx: Connection) -> int:
    """How many gaps nothing has filled yet."""
    return tx.execute(select(func.count()).where(gaps.c.filled_at.is_(None))).scalar_one()


def open_calls(tx: Connection) -> dict[str, int]:
    """How many calls go on just now, by PBX."""
    query = select(calls.c.pbx, func.count()).where(calls.c.ended_at.is_(None)).group_by(calls.c.pbx)
    return {pbx: count for pbx, count in tx.execute(query)}


def heard(tx: Connection, pbx: str, at: datetime) -> None:
    """Remembers that this PBX was heard until then, also over a restart of this program."""
    put(tx, settings, [{"key": _key(pbx), "value": at.isoformat()}], ["key"])


def last_heard(tx: Connection, pbx: str) -> datetime | None:
    """Until when this PBX was heard before; None if it never was."""
    stored = tx.execute(select(settings.c.value).where(settings.c.key == _key(pbx))).scalar_one_or_none()
    return datetime.fromisoformat(stored) if stored else None


def _key(pbx: str) -> str:
    return f"heard/{pbx}"[:64]
