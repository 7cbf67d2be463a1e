"""Files on deals: sent, given back, deleted; off until the head switches them on."""

from __future__ import annotations

from collections.abc import AsyncIterator, Collection
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Protocol

from pbx_crm.db import audit, bin, deal_files, deals, house
from pbx_crm.db.bin import Thrown
from pbx_crm.db.engine import Transaction
from pbx_crm.domain.bin import BinKind
from pbx_crm.domain.deal import Deal
from pbx_crm.domain.deal_file import MOST_FILES, DealFile, FilesAreOff, good_name
from pbx_crm.domain.errors import BadInput
from pbx_crm.domain.person import Person
from pbx_crm.domain.sentence import N_
from pbx_crm.services.ground import Ground

SWITCH = "files"


class Store(Protocol):
    """Where contents lie, under their digests."""

    most_bytes: int

    async def keep(self, content: AsyncIterator[bytes]) -> tuple[str, int]:
        """Digest and size of what was kept; BadInput if it is too large."""

    def path_of(self, digest: str) -> Path:
        """Where the content lies."""

    async def sweep(self, used: Collection[str]) -> int:
        """Removes what no row names any more."""


@dataclass(frozen=True, slots=True)
class FileState:
    """Whether files may be sent, and how large they may be."""

    is_on: bool
    has_folder: bool
    most_bytes: int


class DealFiles:
    """Every method is one transaction; contents are on the disk before their row is written."""

    def __init__(self, ground: Ground) -> None:
        self._ground = ground
        self._store: Store | None = None

    def use(self, store: Store) -> None:
        """Contents lie there from now on; until then there are no files."""
        self._store = store

    async def state(self) -> FileState:
        """What the card and the settings page say of files."""
        is_on = await self._ground.database.read(house.is_on, SWITCH)
        store = self._store
        return FileState(is_on and store is not None, store is not None, store.most_bytes if store else 0)

    async def switch(self, actor: Person, is_on: bool) -> None:
        """Files may be sent from now on, or no more; what is there stays and is given back."""
        await self._ground.database.write(_switch, actor, is_on, self._ground.clock())

    async def add(self, viewer: Person, deal_id: int, raw_name: str, content: AsyncIterator[bytes]) -> None:
        """The file is on the deal; FilesAreOff, or BadInput for its kind, its size or too many."""
        name, store = good_name(raw_name), self._store
        await self._ground.database.read(_check_room, viewer, deal_id)
        if store is None:
            raise FilesAreOff
        digest, size = await store.keep(content)
        if size == 0:
            raise BadInput(reasons={"file": N_("This file is empty.")})
        new = DealFile(0, deal_id, name, size, digest, viewer.id, self._ground.clock())
        self._tell(await self._ground.database.write(_add, viewer, new))

    async def get(self, viewer: Person, deal_id: int, file_id: int) -> tuple[DealFile, Path]:
        """The file and where its content lies; NotFound outside the viewer's scope."""
        found = await self._ground.database.read(deal_files.get, deal_id, file_id, viewer.scope)
        if self._store is None:
            raise FilesAreOff
        return found, self._store.path_of(found.digest)

    async def of_deal(self, viewer: Person, deal_id: int) -> list[DealFile]:
        """The deal's files, the latest first; NotFound outside the viewer's scope."""
        return await self._ground.database.read(_of_deal, viewer, deal_id)

    async def delete(self, viewer: Person, deal_id: int, file_id: int) -> int:
        """The item in the bin that brings the file back."""
        now = self._ground.clock()
        deal, item_id = await self._ground.database.write(_delete, viewer, deal_id, file_id, now)
        self._tell(deal)
        return item_id

    async def sweep(self) -> int:
        """Removes contents that neither a deal nor the bin names any more."""
        if self._store is None:
            return 0
        return await self._store.sweep(await self._ground.database.read(deal_files.digests_in_use))

    def _tell(self, deal: Deal) -> None:
        self._ground.live.tell({f"deal-{deal.id}"}, {deal.owner_id})


def _switch(tx: Transaction, actor: Person, is_on: bool, now: datetime) -> None:
    house.switch(tx, SWITCH, is_on=is_on)
    audit.note(tx, now, actor.id, "files switched on" if is_on else "files switched off")


def _check_room(tx: Transaction, viewer: Person, deal_id: int) -> Deal:
    deal = deals.get(tx, deal_id, viewer.scope)
    if not house.is_on(tx, SWITCH):
        raise FilesAreOff
    if deal_files.count(tx, deal_id) >= MOST_FILES:
        raise BadInput(reasons={"file": N_("At most 100 files on a deal.")})
    return deal


def _add(tx: Transaction, viewer: Person, new: DealFile) -> Deal:
    deal = _check_room(tx, viewer, new.deal_id)
    deal_files.add(tx, new)
    deals.touch(tx, deal.id, new.at)
    return deal


def _of_deal(tx: Transaction, viewer: Person, deal_id: int) -> list[DealFile]:
    deals.get(tx, deal_id, viewer.scope)
    return deal_files.of_deal(tx, deal_id)


def _delete(tx: Transaction, viewer: Person, deal_id: int, file_id: int, now: datetime) -> tuple[Deal, int]:
    deal = deals.lock(tx, deal_id, viewer.scope)
    file = deal_files.get(tx, deal_id, file_id, viewer.scope)
    thrown = Thrown(BinKind.FILE, deal_id, file.name, deal.owner_id, viewer.id, now)
    return deal, bin.put(tx, thrown, deal_files.take_out(tx, file))
