"""Switches of the house: what is off until the head wants it."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import Connection, select

from pbx_crm.db.tables import settings
from pbx_crm.db.upsert import put

PREFIX = "switch_"


def is_on(tx: Connection, name: str) -> bool:
    """Whether the head has switched this on; nothing is on by itself."""
    found = tx.execute(select(settings.c.value).where(settings.c.key == PREFIX + name)).scalar_one_or_none()
    return found is True


def which_on(tx: Connection, names: Sequence[str]) -> frozenset[str]:
    """Those of these switches that are on. One statement."""
    keys = [PREFIX + name for name in names]
    rows = tx.execute(select(settings.c.key, settings.c.value).where(settings.c.key.in_(keys)))
    return frozenset(key.removeprefix(PREFIX) for key, value in rows if value is True)


def switch(tx: Connection, name: str, *, is_on: bool) -> None:
    """On or off from now on."""
    put(tx, settings, [{"key": PREFIX + name, "value": is_on}], keys=("key",))
