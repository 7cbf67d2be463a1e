"""How far the PBX's own records were read, over restarts of this program."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, select

from pbx_crm.db.tables import record_places, settings
from pbx_crm.db.upsert import put

Place = Mapping[str, Any]


def get(tx: Connection, pbx: str) -> Place | None:
    """Where reading goes on; None if it never began."""
    query = select(record_places.c.place).where(record_places.c.pbx == pbx)
    return tx.execute(query).scalar_one_or_none()


def keep(tx: Connection, pbx: str, place: Place, at: datetime) -> None:
    """Reading goes on from here."""
    put(tx, record_places, [{"pbx": pbx, "place": dict(place), "read_at": at}], ["pbx"])


def past(tx: Connection, pbx: str) -> Mapping[str, Any] | None:
    """How far the taking in of the past has come; None if it never began."""
    query = select(settings.c.value).where(settings.c.key == _past_key(pbx))
    return tx.execute(query).scalar_one_or_none()


def keep_past(tx: Connection, pbx: str, state: Mapping[str, Any]) -> None:
    """The past is taken in as far as this."""
    put(tx, settings, [{"key": _past_key(pbx), "value": dict(state)}], ["key"])


def _past_key(pbx: str) -> str:
    return f"backfill/{pbx}"[:64]
