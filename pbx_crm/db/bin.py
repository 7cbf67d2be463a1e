"""The bin: what was deleted in the last thirty days, to be looked at and put back."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, Connection, delete, false, insert, or_, select, true

from pbx_crm.db.cuttings import Cutting
from pbx_crm.db.tables import bin_items, people
from pbx_crm.domain.bin import KEPT_DAYS, BinItem, BinKind
from pbx_crm.domain.errors import NotFound
from pbx_crm.domain.person import Reach, Scope

MOST = 200


@dataclass(frozen=True, slots=True)
class Thrown:
    """What goes into the bin: `owner_id` is whose it was, `by` who deletes it."""

    kind: BinKind
    subject_id: int | str
    name: str
    owner_id: int | None
    by: int | None
    at: datetime


def put(tx: Connection, thrown: Thrown, cutting: Cutting) -> int:
    """The item's id; whatever has lain there for longer than thirty days is gone for good."""
    tx.execute(delete(bin_items).where(bin_items.c.deleted_at < thrown.at - timedelta(days=KEPT_DAYS)))
    row = insert(bin_items).values(
        kind=thrown.kind,
        subject_id=str(thrown.subject_id),
        name=thrown.name[:200],
        owner_id=thrown.owner_id,
        deleted_by=thrown.by,
        deleted_at=thrown.at,
        cutting=cutting,
    )
    item_id: int = tx.execute(row.returning(bin_items.c.id)).scalar_one()
    return item_id


def listed(tx: Connection, scope: Scope, since: datetime) -> list[BinItem]:
    """What the viewer may put back, the latest first."""
    query = _items().where(_in_scope(scope), bin_items.c.deleted_at >= since)
    rows = tx.execute(query.order_by(bin_items.c.id.desc()).limit(MOST))
    return [_item(*row) for row in rows]


def take(tx: Connection, item_id: int, scope: Scope, since: datetime) -> tuple[BinItem, Cutting]:
    """The item, out of the bin; NotFound outside the viewer's scope, or if it lay there too long."""
    found = _items().where(bin_items.c.id == item_id, _in_scope(scope), bin_items.c.deleted_at >= since)
    row = tx.execute(found).first()
    if row is None:
        raise NotFound(item_id=item_id)
    # Of two who put it back at once the second finds nothing to delete.
    gone = delete(bin_items).where(bin_items.c.id == item_id).returning(bin_items.c.cutting)
    cutting: Any = tx.execute(gone).scalar_one_or_none()
    if cutting is None:
        raise NotFound(item_id=item_id)
    return _item(*row), cutting


def _items() -> Any:
    columns = (bin_items.c[name] for name in ("id", "kind", "subject_id", "name"))
    query = select(*columns, people.c.name, bin_items.c.deleted_at)
    return query.outerjoin(people, people.c.id == bin_items.c.deleted_by)


def _item(item_id: int, kind: str, subject_id: str, name: str, by: str | None, at: datetime) -> BinItem:
    return BinItem(item_id, BinKind(kind), subject_id, name, by or "", at)


def _in_scope(scope: Scope) -> ColumnElement[bool]:
    match scope.reach:
        case Reach.ALL:
            return true()
        case Reach.OWN:
            mine = bin_items.c.owner_id == scope.person_id
            return or_(mine, bin_items.c.deleted_by == scope.person_id)
        case Reach.NOTHING:
            return false()
