"""Companies by their names."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime

from sqlalchemy import Connection, func, select

from pbx_crm.db.tables import companies
from pbx_crm.db.upsert import insert_new


def named(tx: Connection, name: str, now: datetime, *, is_new: bool = False) -> int:
    """The id of the company of this name, whatever its capitals: a known one, or a new one.

    `is_new` spares the search where the caller has searched.
    """
    known = None if is_new else _known(tx, name)
    if known is not None:
        return known
    made = insert_new(tx, companies, {"name": name, "created_at": now})
    # Somebody else was a moment faster: theirs is the company.
    return made if made is not None else _same(tx, name)


def named_all(tx: Connection, names: Collection[str], now: datetime) -> dict[str, int]:
    """The same for many names. Two statements, and one for each company that is new."""
    found = _exact(tx, names)
    rest = {name.lower(): name for name in names if name not in found}
    if rest:
        alike = select(companies.c.id, companies.c.name).where(func.lower(companies.c.name).in_(list(rest)))
        small = {row.name.lower(): row.id for row in tx.execute(alike.order_by(companies.c.id.desc()))}
        for lowered, name in rest.items():
            if lowered not in small:
                small[lowered] = named(tx, name, now, is_new=True)
        found |= {name: small[name.lower()] for name in names if name not in found}
    return found


def _exact(tx: Connection, names: Collection[str]) -> dict[str, int]:
    query = select(companies.c.name, companies.c.id).where(companies.c.name.in_(list(names)))
    return {name: company_id for name, company_id in tx.execute(query)}


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
