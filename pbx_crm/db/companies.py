"""Companies by their names."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import Connection, func, select

from pbx_crm.db.tables import companies
from pbx_crm.db.upsert import insert_new


def named(tx: Connection, name: str, now: datetime) -> int:
    """The id of the company of this name, whatever its capitals: a known one, or a new one."""
    known = _known(tx, name)
    if known is not None:
        return known
    made = insert_new(tx, companies, {"name": name, "created_at": now})
    # Somebody else was a moment faster: theirs is the company.
    return made if made is not None else _same(tx, name)


def name_of(tx: Connection, company_id: int | None) -> str:
    """What the company is called; empty for none."""
    if company_id is None:
        return ""
    query = select(companies.c.name).where(companies.c.id == company_id)
    return str(tx.execute(query).scalar_one())


def _known(tx: Connection, name: str) -> int | None:
    exact = select(companies.c.id).where(companies.c.name == name)
    if (found := tx.execute(exact).scalar_one_or_none()) is not None:
        return int(found)
    alike = select(companies.c.id).where(func.lower(companies.c.name) == name.lower())
    return tx.execute(alike.order_by(companies.c.id).limit(1)).scalar_one_or_none()


def _same(tx: Connection, name: str) -> int:
    found: int = tx.execute(select(companies.c.id).where(companies.c.name == name)).scalar_one()
    return found
