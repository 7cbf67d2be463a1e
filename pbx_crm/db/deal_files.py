"""Files of deals as rows; their content lies on the disk under its digest."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

from sqlalchemy import Connection, func, insert, select

from pbx_crm.db import cuttings
from pbx_crm.db.cuttings import Cutting
from pbx_crm.db.scoped import deals_in
from pbx_crm.db.tables import bin_items, deal_files, deals
from pbx_crm.domain.deal_file import DealFile
from pbx_crm.domain.errors import NotFound
from pbx_crm.domain.person import Scope


def add(tx: Connection, new: DealFile) -> int:
    """The new file's id; the one in `new` is not looked at."""
    values = {name: value for name, value in asdict(new).items() if name != "id"}
    file_id: int = tx.execute(insert(deal_files).values(**values).returning(deal_files.c.id)).scalar_one()
    return file_id


def get(tx: Connection, deal_id: int, file_id: int, scope: Scope) -> DealFile:
    """One file of a deal; NotFound outside the viewer's scope."""
    query = select(deal_files).join(deals, deals.c.id == deal_files.c.deal_id)
    wanted = (deal_files.c.id == file_id, deal_files.c.deal_id == deal_id, deals_in(scope))
    row = tx.execute(query.where(*wanted)).first()
    if row is None:
        raise NotFound(file_id=file_id)
    return DealFile(*row)


def of_deal(tx: Connection, deal_id: int) -> list[DealFile]:
    """The deal's files, the latest first."""
    query = select(deal_files).where(deal_files.c.deal_id == deal_id).order_by(deal_files.c.id.desc())
    return [DealFile(*row) for row in tx.execute(query)]


def count(tx: Connection, deal_id: int) -> int:
    """How many files are on the deal."""
    query = select(func.count()).select_from(deal_files).where(deal_files.c.deal_id == deal_id)
    return int(tx.execute(query).scalar_one())


def take_out(tx: Connection, file: DealFile) -> Cutting:
    """The row is gone; the cutting brings it back, and its content waits on the disk meanwhile."""
    return cuttings.take_out(tx, deal_files, file.id)


def digests_in_use(tx: Connection) -> set[str]:
    """Digests that a deal's file has, or one in the bin."""
    used = set(tx.execute(select(deal_files.c.digest).distinct()).scalars())
    for cutting in tx.execute(select(bin_items.c.cutting)).scalars():
        used |= set(_digests(cutting))
    return used


def _digests(cutting: Any) -> list[str]:
    return [
        row["digest"] for name, rows in cutting.get("rows", ()) if name == deal_files.name for row in rows
    ]
