"""The audit: who did what to accounts, rights and settings, and from where.

Rows are only ever added; log-ins that were refused, which anybody can cause, go after a while.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from datetime import datetime

from sqlalchemy import Connection, delete

from pbx_crm.db.tables import audit

LOGIN_REFUSED, CODE_REFUSED = "login refused", "code refused"
REFUSED = (LOGIN_REFUSED, CODE_REFUSED)


def note(
    tx: Connection,
    at: datetime,
    person_id: int | None,
    act: str,
    target: str = "",
    *,
    details: Mapping[str, object] | None = None,
    address: str | None = None,
) -> None:
    """Adds a row; `person_id` None is the command line or the program itself."""
    tx.execute(
        audit.insert().values(
            at=at,
            person_id=person_id,
            act=act,
            target=target,
            details=dict(details or {}),
            address=address,
        )
    )


def forget(tx: Connection, acts: Collection[str], *, before: datetime) -> int:
    """Deletes what is older of these acts; how many rows."""
    return tx.execute(delete(audit).where(audit.c.act.in_(acts), audit.c.at < before)).rowcount
