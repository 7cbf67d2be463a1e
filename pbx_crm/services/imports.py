"""Lists of clients brought in: a file, what its columns mean, a count before, and the way back."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from itertools import islice
from pathlib import Path
from typing import Protocol

from pbx_crm.db import audit, imports
from pbx_crm.db.engine import Transaction
from pbx_crm.domain.contact_import import (
    BadTable,
    ClientRow,
    Import,
    ImportField,
    ImportState,
    NotNow,
    RefusedRow,
    RowRules,
    SheetRow,
    check_mapping,
    guessed,
    judge,
)
from pbx_crm.domain.deal_file import FilesAreOff
from pbx_crm.domain.errors import BadInput
from pbx_crm.domain.person import Person
from pbx_crm.domain.phone import NumberPlan
from pbx_crm.domain.sentence import N_
from pbx_crm.services.deal_files import Store
from pbx_crm.services.ground import Ground
from pbx_crm.services.import_work import ImportWork, rules_of, sellers_of

SHOWN = 20
ENDINGS = (".csv", ".tsv", ".txt", ".xlsx", ".xls", ".ods")
FROM = {
    ImportState.RUNNING: (ImportState.COUNTED,),
    ImportState.CANCELLED: (ImportState.COUNTING, ImportState.RUNNING),
    ImportState.COUNTING: (ImportState.COUNTED, ImportState.CANCELLED, ImportState.FAILED),
    ImportState.TAKING_BACK: (ImportState.DONE, ImportState.CANCELLED),
}
"""What may follow what by somebody's wish."""


class Sheets(Protocol):
    """Reads tables out of files."""

    def __call__(self, path: Path, name: str) -> Iterator[SheetRow]:
        """Every row that is not empty, the header first; BadTable."""


@dataclass(frozen=True, slots=True)
class ImportView:
    """An import's page."""

    one: Import
    preview: tuple[ClientRow | RefusedRow, ...]
    """The first rows as they will be."""
    reasons: tuple[tuple[str, int], ...]
    """How often each reason refused a row."""
    sellers: tuple[tuple[int, str], ...]


class Imports:
    """For heads only; the work itself goes on by itself and survives a restart."""

    def __init__(self, ground: Ground) -> None:
        self._ground = ground
        self._store: Store | None = None
        self._sheets: Sheets | None = None
        self._work = ImportWork(ground)

    def use(self, store: Store, sheets: Sheets) -> None:
        """Files lie there and are read so from now on; until then nothing is brought in."""
        self._store, self._sheets = store, sheets

    async def begin(self, actor: Person, name: str, content: AsyncIterator[bytes]) -> int:
        """The new import's id, its columns guessed and its rows being counted; BadTable, BadInput."""
        store, sheets = self._parts()
        if not name.lower().endswith(ENDINGS):
            raise BadTable(N_("Choose a CSV file or a workbook (.csv, .xlsx, .xls, .ods)."))
        digest, _ = await store.keep(content)
        header = await asyncio.to_thread(_header, sheets, store.path_of(digest), name)
        mapping = guessed(header)
        new = {
            "name": name[:200],
            "digest": digest,
            "by_id": actor.id,
            "at": self._ground.clock(),
            "state": ImportState.COUNTED,
            "header": list(header),
            "mapping": list(mapping),
            "counts": {},
        }
        import_id = await self._ground.database.write(imports.add, new)
        if {ImportField.NAME, ImportField.NUMBER} & set(mapping):
            await self.count(actor, import_id, mapping, None)
        return import_id

    async def latest(self) -> list[Import]:
        """The newest imports, newest first."""
        return await self._ground.database.read(imports.latest)

    async def get(self, import_id: int) -> Import:
        """How far it is; NotFound."""
        return await self._ground.database.read(imports.get, import_id)

    async def view(self, import_id: int) -> ImportView:
        """The import with its first rows as they will be; NotFound."""
        store, sheets = self._parts()
        one, rules, reasons, sellers = await self._ground.database.read(_view, import_id, self._plan)
        first = await asyncio.to_thread(_first_rows, sheets, store.path_of(one.digest), one.name)
        return ImportView(one, tuple(judge(row, rules) for row in first), reasons, sellers)

    async def count(
        self,
        actor: Person,
        import_id: int,
        mapping: tuple[ImportField, ...],
        responsible_id: int | None,
    ) -> None:
        """What would come of it is being counted, nothing is written; BadInput for a wrong mapping."""
        one = await self.get(import_id)
        check_mapping(mapping, len(one.header))
        if responsible_id is not None and not await self._ground.database.read(_may_own, responsible_id):
            raise BadInput(reasons={"responsible_id": N_("Choose a person who works here.")})
        meant = {"mapping": list(mapping), "responsible_id": responsible_id, "rows_total": 0}
        await self._turn(actor, import_id, ImportState.COUNTING, meant)

    async def run(self, actor: Person, import_id: int) -> None:
        """Clients are being made; NotNow unless it was counted."""
        await self._turn(actor, import_id, ImportState.RUNNING, {})

    async def cancel(self, actor: Person, import_id: int) -> None:
        """It stops after the rows under way; what was made stays until it is taken back."""
        write = self._ground.database.write
        await write(_turn, actor, import_id, ImportState.CANCELLED, {}, self._ground.clock())

    async def take_back(self, actor: Person, import_id: int) -> None:
        """What it made and filled in is being taken back; clients with deals or calls stay."""
        one = await self.get(import_id)
        await self._turn(
            actor, import_id, ImportState.TAKING_BACK, {"rows_total": one.count("made") + one.count("filled")}
        )

    async def refusals(self, import_id: int, after: int, most: int) -> list[tuple[int, int, list[str], str]]:
        """Refused rows behind this id, with their reasons as message ids."""
        return await self._ground.database.read(imports.refusals, import_id, after, most)

    async def resume(self) -> None:
        """Goes on with what was going on when the program stopped."""
        for import_id in await self._ground.database.read(imports.at_work):
            self._start(import_id)

    async def stop(self) -> None:
        """Returns when nothing is at work any more; it goes on at the next start."""
        await self._work.stop()

    async def sweep(self) -> None:
        """Removes files that no import names."""
        if self._store is not None:
            await self._store.sweep(await self._ground.database.read(imports.digests))

    async def finished(self, import_id: int) -> None:
        """Returns when the work on this import has ended, for whatever reason."""
        await self._work.finished(import_id)

    @property
    def _plan(self) -> NumberPlan:
        return NumberPlan(self._ground.installation.region)

    def _parts(self) -> tuple[Store, Sheets]:
        if self._store is None or self._sheets is None:
            raise FilesAreOff
        return self._store, self._sheets

    async def _turn(
        self, actor: Person, import_id: int, state: ImportState, values: Mapping[str, object]
    ) -> None:
        self._parts()
        values = {**values, "rows_done": 0}
        await self._ground.database.write(_turn, actor, import_id, state, values, self._ground.clock())
        self._start(import_id)

    def _start(self, import_id: int) -> None:
        store, sheets = self._parts()
        self._work.start(import_id, lambda one: sheets(store.path_of(one.digest), one.name), self._plan)


def _header(sheets: Sheets, path: Path, name: str) -> tuple[str, ...]:
    header = next(sheets(path, name), None)
    if header is None or header.broken:
        raise BadTable(N_("This file has no header: its first row names the columns."))
    return header.cells


def _first_rows(sheets: Sheets, path: Path, name: str) -> list[SheetRow]:
    return list(islice(sheets(path, name), 1, SHOWN + 1))


def _may_own(tx: Transaction, person_id: int) -> bool:
    return any(seller.id == person_id for seller in sellers_of(tx))


def _view(
    tx: Transaction, import_id: int, plan: NumberPlan
) -> tuple[Import, RowRules, tuple[tuple[str, int], ...], tuple[tuple[int, str], ...]]:
    one = imports.get(tx, import_id)
    rules = rules_of(tx, one, plan)
    sellers = tuple((person.id, person.name) for person in sellers_of(tx))
    return one, rules, tuple(imports.reasons(tx, import_id)), sellers


def _turn(
    tx: Transaction,
    actor: Person,
    import_id: int,
    state: ImportState,
    values: Mapping[str, object],
    now: datetime,
) -> None:
    one = imports.get(tx, import_id, lock=True)
    if one.state not in FROM[state]:
        raise NotNow(import_id=import_id)
    imports.change(tx, import_id, state=state, **values)
    audit.note(tx, now, actor.id, f"import {state}", one.name)
