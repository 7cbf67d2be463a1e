"""Deleting, and taking that back for thirty days."""

from __future__ import annotations

from datetime import datetime, timedelta

from pbx_crm.db import audit, bin, companies, contacts, cuttings, deal_bin, deals
from pbx_crm.db.bin import Thrown
from pbx_crm.db.cuttings import Cutting
from pbx_crm.db.engine import Transaction
from pbx_crm.domain.bin import KEPT_DAYS, BinItem, BinKind
from pbx_crm.domain.deal import Deal, check_version
from pbx_crm.domain.person import Person
from pbx_crm.services.contacts import tell_apart
from pbx_crm.services.ground import Ground


class Bin:
    """What was deleted is gone everywhere at once, and comes back as it was."""

    def __init__(self, ground: Ground) -> None:
        self._ground = ground

    async def throw_deal(self, viewer: Person, deal_id: int, version: int) -> int:
        """The item in the bin that brings the deal back; DealChanged if it went on meanwhile."""
        now = self._ground.clock()
        deal, item_id = await self._ground.database.write(_throw_deal, viewer, deal_id, version, now)
        self._tell(deal)
        return item_id

    async def listed(self, viewer: Person) -> list[BinItem]:
        """What the viewer may put back, the latest first."""
        return await self._ground.database.read(bin.listed, viewer.scope, self._since())

    async def put_back(self, viewer: Person, item_id: int) -> BinItem:
        """It is again as it was; NotFound if the bin has it no more, RootIsGone if its deal is gone."""
        now = self._ground.clock()
        item, deal = await self._ground.database.write(_put_back, viewer, item_id, self._since(), now)
        if deal is not None:
            self._tell(deal)
        return item

    def _since(self) -> datetime:
        return self._ground.clock() - timedelta(days=KEPT_DAYS)

    def _tell(self, deal: Deal) -> None:
        topics = {f"stage-{deal.stage_id}", f"deal-{deal.id}", "tasks"}
        self._ground.live.tell(topics, {deal.owner_id})


def _throw_deal(
    tx: Transaction, viewer: Person, deal_id: int, version: int, now: datetime
) -> tuple[Deal, int]:
    deal = deals.lock(tx, deal_id, viewer.scope)
    check_version(deal, version)
    thrown = Thrown(BinKind.DEAL, deal.id, _name(tx, deal), deal.owner_id, viewer.id, now)
    item_id = bin.put(tx, thrown, deal_bin.take_out(tx, deal))
    audit.note(tx, now, viewer.id, "deal deleted", str(deal.id))
    return deal, item_id


def _name(tx: Transaction, deal: Deal) -> str:
    client = contacts.name_of(tx, deal.contact_id) if deal.contact_id is not None else ""
    numbers = contacts.numbers_of(tx, deal.contact_id) if deal.contact_id is not None else []
    known = client or companies.name_of(tx, deal.company_id) or next(iter(numbers), "")
    return " · ".join(part for part in (known, deal.title) if part)


def _put_back(
    tx: Transaction, viewer: Person, item_id: int, since: datetime, now: datetime
) -> tuple[BinItem, Deal | None]:
    item, cutting = bin.take(tx, item_id, viewer.scope, since)
    deal = _restored(tx, viewer, item, cutting, now)
    audit.note(tx, now, viewer.id, f"{item.kind} put back", item.subject_id)
    return item, deal


def _restored(tx: Transaction, viewer: Person, item: BinItem, cutting: Cutting, now: datetime) -> Deal | None:
    match item.kind:
        case BinKind.DEAL:
            deal_bin.put_back(tx, cutting)
        case BinKind.NOTE | BinKind.FILE:
            # Whoever lost the deal meanwhile has nothing to look for in it any more.
            deals.get(tx, int(item.subject_id), viewer.scope)
            cuttings.put_back(tx, cutting)
        case BinKind.MERGE:
            tell_apart(tx, viewer, cutting, now)
            return None
    return next(iter(deals.get_all(tx, [int(item.subject_id)], viewer.scope).values()), None)
