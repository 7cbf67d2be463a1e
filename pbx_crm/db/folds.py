"""Which columns a person has folded; kept with their settings, for a board is read on several screens."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sqlalchemy import Connection, select, update

from pbx_crm.db.tables import people

KEY = "folded_stages"


def in_settings(settings: Mapping[str, Any] | None) -> frozenset[int]:
    """Ids of the stages that are folded by a person's settings; their row is often at hand already."""
    return frozenset((settings or {}).get(KEY, ()))


def put(tx: Connection, person_id: int, stage_id: int, *, is_folded: bool) -> None:
    """Folds or unfolds one; a second time changes nothing."""
    query = select(people.c.settings).where(people.c.id == person_id).with_for_update()
    settings = dict(tx.execute(query).scalar_one())
    folded = set(settings.get(KEY, ())) - {stage_id} | ({stage_id} if is_folded else set())
    changed = update(people).where(people.c.id == person_id)
    tx.execute(changed.values(settings=settings | {KEY: sorted(folded)}))
