"""By what the file of a call's recording is known."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta

from sqlalchemy import Connection, and_, or_, select, update

from pbx_crm.db.tables import call_aliases, calls, legs, lines
from pbx_crm.domain.recording import RecordedCall

SAME_FILE = timedelta(days=1)
"""Two calls that a transfer or a conference joined go into one file; they are not further apart than this."""


def of_call(tx: Connection, call_id: int) -> RecordedCall:
    """What the PBX told of it. Whether the viewer may know is for the caller to ask before."""
    query = select(calls.c.pbx, calls.c.linkedid, calls.c.started_at, calls.c.recording_file)
    pbx, linkedid, started_at, file = tx.execute(query.where(calls.c.id == call_id)).one()
    aliases = tx.execute(select(call_aliases.c.linkedid).where(call_aliases.c.call_id == call_id)).scalars()
    uniqueids = tx.execute(select(legs.c.uniqueid).where(legs.c.call_id == call_id)).scalars()
    ids = dict.fromkeys((linkedid, *sorted(aliases), *sorted(uniqueids)))
    return RecordedCall(call_id, pbx, started_at, tuple(ids), file)


def overdue(tx: Connection, now: datetime, pbxes: Sequence[str], most: int) -> list[RecordedCall]:
    """Recorded calls of these PBXes, the oldest first, whose line keeps recordings no longer than that."""
    found: list[int] = []
    kept = select(lines.c.id, lines.c.recording_days).where(
        lines.c.recording_days.is_not(None), lines.c.pbx.in_(pbxes)
    )
    for line_id, days in tx.execute(kept).all():
        old = calls.c.ended_at < now - timedelta(days=days)
        query = select(calls.c.id).where(calls.c.line_id == line_id, calls.c.recorded, old)
        found += tx.execute(query.order_by(calls.c.started_at).limit(most - len(found))).scalars()
        if len(found) >= most:
            break
    return [of_call(tx, call_id) for call_id in found]


def some(tx: Connection, call_ids: Sequence[int]) -> list[RecordedCall]:
    """What the PBX told of these. Whether the viewer may know is for the caller to ask before."""
    return [of_call(tx, call_id) for call_id in call_ids]


def lately(tx: Connection, pbx: str, since: datetime, until: datetime, most: int) -> list[RecordedCall]:
    """Calls of this PBX that ended in this time and that it said it recorded, the latest first."""
    when = (calls.c.started_at >= since, calls.c.ended_at < until)
    query = select(calls.c.id).where(calls.c.pbx == pbx, calls.c.recorded, *when)
    newest = tx.execute(query.order_by(calls.c.started_at.desc()).limit(most)).scalars()
    return [of_call(tx, call_id) for call_id in list(newest)]


def any_limit(tx: Connection, pbx: str) -> bool:
    """Whether a line of this PBX keeps recordings for some days only."""
    limited = select(lines.c.id).where(lines.c.pbx == pbx, lines.c.recording_days.is_not(None))
    return tx.execute(limited.limit(1)).first() is not None


def forget(tx: Connection, call: RecordedCall) -> None:
    """The call has no recording any more, nor has another one that was recorded into the same file."""
    these = calls.c.id == call.call_id
    if call.file:
        near = calls.c.started_at.between(call.started_at - SAME_FILE, call.started_at + SAME_FILE)
        these = or_(these, and_(calls.c.pbx == call.pbx, near, calls.c.recording_file == call.file))
    tx.execute(update(calls).where(these).values(recorded=False, recording_file=None))
