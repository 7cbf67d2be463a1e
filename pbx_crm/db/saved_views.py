"""Boards somebody gave a name: filters and order, kept with their settings."""

from __future__ import annotations

from sqlalchemy import Connection, select, update

from pbx_crm.db.tables import people

KEY = "board_views"
MOST = 20

Views = list[tuple[str, str]]


def of(tx: Connection, person_id: int) -> Views:
    """(name, query string) in the order in which they were saved."""
    settings = tx.execute(select(people.c.settings).where(people.c.id == person_id)).scalar_one_or_none()
    return [(name, query) for name, query in (settings or {}).get(KEY, ())]


def put(tx: Connection, person_id: int, name: str, query: str) -> None:
    """Saves one more at the end; one of this name is replaced, of too many the oldest goes."""
    _write(tx, person_id, name, [(name, query)])


def drop(tx: Connection, person_id: int, name: str) -> None:
    """The view of this name is gone; a second time changes nothing."""
    _write(tx, person_id, name, [])


def _write(tx: Connection, person_id: int, name: str, added: Views) -> None:
    query = select(people.c.settings).where(people.c.id == person_id).with_for_update()
    settings = dict(tx.execute(query).scalar_one())
    kept = [(known, where) for known, where in settings.get(KEY, ()) if known != name]
    views = [*kept, *added][-MOST:]
    tx.execute(update(people).where(people.c.id == person_id).values(settings=settings | {KEY: views}))
