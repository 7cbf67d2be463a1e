"""Links to the wallboard: kept as hashes, and working only while their maker is a head."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Row, and_, select, update

from pbx_crm.db.tables import people, wall_links
from pbx_crm.db.upsert import insert_new
from pbx_crm.domain.errors import NotFound
from pbx_crm.domain.person import Role
from pbx_crm.domain.wallboard import WallLink, WallRules

OF_RULES = ("answer_within", "service_target", "longest_wait")


def add(
    tx: Connection, name: str, token_hash: str, maker_id: int, now: datetime, rules: WallRules
) -> int | None:
    """The new link's number; None if a link of this token stands already."""
    wanted = {column: getattr(rules, column) for column in OF_RULES}
    row = {"name": name, "token_hash": token_hash, "maker_id": maker_id, "made_at": now, **wanted}
    return insert_new(tx, wall_links, row)


def revoke(tx: Connection, link_id: int, now: datetime) -> int:
    """Takes the link back; whose it was. NotFound if there is none that still works."""
    works = (wall_links.c.id == link_id) & wall_links.c.revoked_at.is_(None)
    maker_id = tx.execute(select(wall_links.c.maker_id).where(works)).scalar_one_or_none()
    if maker_id is None:
        raise NotFound
    tx.execute(update(wall_links).where(works).values(revoked_at=now))
    return int(maker_id)


def everything(tx: Connection) -> list[WallLink]:
    """Every link that works, by name."""
    query = _links().where(_works()).order_by(wall_links.c.name, wall_links.c.id)
    return [_link(row) for row in tx.execute(query)]


def of_token(tx: Connection, token_hash: str) -> WallLink:
    """The link of this token; NotFound unless it works."""
    row = tx.execute(_links().where(_works(), wall_links.c.token_hash == token_hash)).one_or_none()
    if row is None:
        raise NotFound
    return _link(row)


def _links() -> Any:
    columns = (wall_links.c[name] for name in ("id", "name", "maker_id", "made_at", *OF_RULES))
    return select(*columns, people.c.name.label("maker")).join(people, people.c.id == wall_links.c.maker_id)


def _works() -> Any:
    # It shows what its maker may see: whoever is no head any more hands out nothing.
    return and_(wall_links.c.revoked_at.is_(None), people.c.is_active, people.c.role == Role.HEAD)


def _link(row: Row[Any]) -> WallLink:
    rules = WallRules(*(getattr(row, name) for name in OF_RULES))
    return WallLink(row.id, row.name, row.maker_id, row.maker, row.made_at, rules)
