"""The rules of log-ins as they are stored: one setting of the house."""

from __future__ import annotations

from dataclasses import asdict

from sqlalchemy import Connection, select

from pbx_crm.db.tables import settings
from pbx_crm.db.upsert import put
from pbx_crm.domain.entry_rules import EntryRules

KEY = "entry_rules"


def get(tx: Connection) -> EntryRules:
    """What holds now; one statement."""
    found = tx.execute(select(settings.c.value).where(settings.c.key == KEY)).scalar_one_or_none()
    return EntryRules(**found) if found else EntryRules()


def change(tx: Connection, rules: EntryRules) -> None:
    """These hold from now on."""
    put(tx, settings, [{"key": KEY, "value": asdict(rules)}], keys=("key",))
