"""Since when there are calls at all: what a report without one has to say."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import Connection, select

from pbx_crm.db.scoped import calls_in
from pbx_crm.db.tables import calls
from pbx_crm.domain.person import Scope


def first_call(tx: Connection, scope: Scope) -> datetime | None:
    """When the first call the viewer may see began; None where there is none. One statement."""
    query = select(calls.c.started_at).where(calls_in(scope)).order_by(calls.c.started_at).limit(1)
    return tx.execute(query).scalar_one_or_none()
