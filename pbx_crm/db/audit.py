"""The audit: who did what to accounts, rights and settings, and from where. Rows are only ever added."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from sqlalchemy import Connection

from pbx_crm.db.tables import audit


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
