"""By what the file of a call's recording is known."""

from __future__ import annotations

from sqlalchemy import Connection, select

from pbx_crm.db.tables import call_aliases, calls, legs
from pbx_crm.domain.recording import RecordedCall


def of_call(tx: Connection, call_id: int) -> RecordedCall:
    """What the PBX told of it. Whether the viewer may know is for the caller to ask before."""
    query = select(calls.c.pbx, calls.c.linkedid, calls.c.started_at, calls.c.recording_file)
    pbx, linkedid, started_at, file = tx.execute(query.where(calls.c.id == call_id)).one()
    aliases = tx.execute(select(call_aliases.c.linkedid).where(call_aliases.c.call_id == call_id)).scalars()
    uniqueids = tx.execute(select(legs.c.uniqueid).where(legs.c.call_id == call_id)).scalars()
    ids = dict.fromkeys((linkedid, *sorted(aliases), *sorted(uniqueids)))
    return RecordedCall(call_id, pbx, started_at, tuple(ids), file)
