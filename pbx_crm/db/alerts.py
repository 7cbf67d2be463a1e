"""What somebody has to set right, said once until it is: an extension linked to nobody, for instance."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from typing import Any

from sqlalchemy import Connection, select, update

from pbx_crm.db.prepared import write_rows
from pbx_crm.db.tables import alerts
from pbx_crm.db.upsert import insert_new, insert_of

LINK_EXTENSION = "link_extension"
SKIP_NUMBER = "skip_number"
MANY_CLIENTS = "many_clients"


@dataclass(frozen=True, slots=True)
class Alert:
    """One thing to set right, and since when it is wrong."""

    kind: str
    key: str
    """What it is about, `main/214`; one alert of a kind a key."""
    at: datetime
    details: Mapping[str, Any]


def raise_all(tx: Connection, raised: Iterable[Alert]) -> None:
    """Shows these; one that stands already keeps its time, one set right before begins anew."""
    rows = [
        {"kind": alert.kind, "key": alert.key, "at": alert.at, "details": dict(alert.details)}
        for alert in raised
    ]
    write_rows(tx, _raise(tx.dialect.name), rows)


def raise_new(tx: Connection, alert: Alert) -> bool:
    """Shows this one, if it was never raised before; whether it was not."""
    row = {"kind": alert.kind, "key": alert.key, "at": alert.at, "details": dict(alert.details)}
    return insert_new(tx, alerts, row) is not None


@cache
def _raise(dialect: str) -> Any:
    statement = insert_of(dialect, alerts)
    anew = {"at": statement.excluded.at, "details": statement.excluded.details, "cleared_at": None}
    was_cleared = alerts.c.cleared_at.is_not(None) & (alerts.c.cleared_at < statement.excluded.at)
    return statement.on_conflict_do_update(index_elements=["kind", "key"], set_=anew, where=was_cleared)


def clear(tx: Connection, kind: str, key: str, at: datetime) -> None:
    """It is set right."""
    standing = (alerts.c.kind == kind, alerts.c.key == key, alerts.c.cleared_at.is_(None))
    tx.execute(update(alerts).where(*standing).values(cleared_at=at))


def standing(tx: Connection) -> list[Alert]:
    """What is still to be set right, the newest first."""
    rows = tx.execute(select(alerts).where(alerts.c.cleared_at.is_(None)).order_by(alerts.c.at.desc()))
    return [Alert(row.kind, row.key, row.at, row.details) for row in rows]


def of_kind(tx: Connection, kind: str) -> list[Alert]:
    """What of this kind is still to be set right, the newest first."""
    here = (alerts.c.kind == kind, alerts.c.cleared_at.is_(None))
    rows = tx.execute(select(alerts).where(*here).order_by(alerts.c.at.desc(), alerts.c.id.desc()))
    return [Alert(row.kind, row.key, row.at, row.details) for row in rows]
