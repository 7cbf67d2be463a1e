"""The work of an import: some rows, one short transaction, and again, so that calls never wait for it.

Each transaction holds the import's row, finds it where this worker left it, writes the rows and moves
it on. A restart reads on from there; a second worker, or a wish to stop, finds another state and ends.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime
from itertools import islice
from typing import Concatenate, ParamSpec, TypeVar

import structlog

from pbx_crm.db import companies, import_writes, imports, people, regions
from pbx_crm.db.engine import Transaction
from pbx_crm.db.import_writes import ClientDraft
from pbx_crm.domain.contact_import import (
    ClientRow,
    Import,
    ImportField,
    ImportState,
    RefusedRow,
    RowRules,
    SheetRow,
    judge,
)
from pbx_crm.domain.errors import CrmError
from pbx_crm.domain.person import Person, Role
from pbx_crm.domain.phone import NumberPlan
from pbx_crm.domain.region import by_words
from pbx_crm.domain.sentence import N_
from pbx_crm.services.ground import Ground

log = structlog.get_logger(__name__)

AT_ONCE = 200
"""Rows a transaction: a few hundredths of a second, between which calls are written."""
SEVERAL = N_("The numbers of this row belong to different clients.")
Rows = Callable[[Import], Iterator[SheetRow]]
Judged = ClientRow | RefusedRow
P = ParamSpec("P")
T = TypeVar("T")


@dataclass(slots=True)
class _Count:
    """What would come of the rows so far."""

    seen: dict[str, int] = field(default_factory=dict)
    """Numbers that earlier rows of the file will have brought: each has the number of its row."""


class ImportWork:
    """One task an import at work."""

    def __init__(self, ground: Ground) -> None:
        self._ground = ground
        self._running: dict[int, asyncio.Task[None]] = {}

    def start(self, import_id: int, rows: Rows, plan: NumberPlan) -> None:
        """Works on the import from where it stands."""
        before = self._running.get(import_id)
        task = asyncio.create_task(self._work(import_id, rows, plan, before), name=f"import {import_id}")
        self._running[import_id] = task
        task.add_done_callback(lambda done: self._forget(import_id, done))

    def _forget(self, import_id: int, done: asyncio.Task[None]) -> None:
        if self._running.get(import_id) is done:
            del self._running[import_id]

    async def finished(self, import_id: int) -> None:
        """Returns when the work on this import has ended."""
        while (task := self._running.get(import_id)) is not None:
            await asyncio.wait([task])

    async def stop(self) -> None:
        """Ends all work between two transactions."""
        for task in list(self._running.values()):
            task.cancel()
            with suppress(asyncio.CancelledError):
                await task

    async def _work(
        self, import_id: int, rows: Rows, plan: NumberPlan, before: asyncio.Task[None] | None
    ) -> None:
        if before is not None:
            await asyncio.wait([before])
        try:
            one, rules = await self._whole(_begin, import_id, plan)
            match one.state:
                case ImportState.COUNTING:
                    await self._count(one, rules, rows(one))
                case ImportState.RUNNING:
                    await self._run(one, rules, rows(one))
                case ImportState.TAKING_BACK:
                    await self._take_back(import_id)
        except Exception:
            # The file is gone, or was never a table: whoever looks is told that it failed.
            log.exception("an import failed", import_id=import_id)
            with suppress(CrmError):
                await self._whole(_fail, import_id)

    async def _whole(self, fn: Callable[Concatenate[Transaction, P], T], *args: P.args, **kw: P.kwargs) -> T:
        """What the transaction returns; it cannot be called off, so whoever stops the work waits for it."""
        writing = asyncio.ensure_future(self._ground.database.write(fn, *args, **kw))
        try:
            return await asyncio.shield(writing)
        except asyncio.CancelledError:
            await asyncio.wait([writing])
            raise

    async def _count(self, one: Import, rules: RowRules, rows: Iterator[SheetRow]) -> None:
        await asyncio.to_thread(next, rows, None)
        count, done = _Count(), 0
        while judged := await asyncio.to_thread(_some, rows, rules):
            goes_on = await self._whole(_count_some, one.id, judged, done, count)
            done += len(judged)
            if not goes_on:
                return
        await self._whole(_finish, one.id, ImportState.COUNTING, ImportState.COUNTED, done)

    async def _take_back(self, import_id: int) -> None:
        goes_on = True
        while goes_on:
            goes_on = await self._whole(_take_back_some, import_id)

    async def _run(self, one: Import, rules: RowRules, rows: Iterator[SheetRow]) -> None:
        done = one.rows_done
        await asyncio.to_thread(_skip, rows, done + 1)
        while judged := await asyncio.to_thread(_some, rows, rules):
            if not await self._whole(_make_some, one.id, judged, done, self._ground.clock()):
                return
            done += len(judged)
        await self._whole(_finish, one.id, ImportState.RUNNING, ImportState.DONE, done)


def _begin(tx: Transaction, import_id: int, plan: NumberPlan) -> tuple[Import, RowRules]:
    one = imports.get(tx, import_id, lock=True)
    if one.state is ImportState.COUNTING:
        # What was counted before a restart is known to nobody any more.
        imports.change(tx, import_id, rows_done=0)
    return one, rules_of(tx, one, plan)


def rules_of(tx: Transaction, one: Import, plan: NumberPlan) -> RowRules:
    """What the rows of this import are read by."""
    sellers: dict[str, int] = {}
    for person in sellers_of(tx):
        sellers |= {person.name.casefold(): person.id, person.login.casefold(): person.id}
    known = regions.all_known(tx) if ImportField.REGION in one.mapping else []
    return RowRules(one.mapping, plan, sellers, one.responsible_id, by_words(known))


def sellers_of(tx: Transaction) -> list[Person]:
    """Whose clients they may be."""
    return [one for one in people.everybody(tx) if one.is_active and one.role is not Role.NONE]


def _some(rows: Iterator[SheetRow], rules: RowRules) -> list[Judged]:
    return [judge(row, rules) for row in islice(rows, AT_ONCE)]


def _skip(rows: Iterator[SheetRow], count: int) -> None:
    for _ in islice(rows, count):
        pass


def _at(tx: Transaction, import_id: int, state: ImportState, done: int) -> Import | None:
    """The import, held, if it still stands where this worker left it."""
    one = imports.get(tx, import_id, lock=True)
    return one if one.state is state and one.rows_done == done else None


def _count_some(tx: Transaction, import_id: int, judged: list[Judged], done: int, count: _Count) -> bool:
    one = _at(tx, import_id, ImportState.COUNTING, done)
    if one is None:
        return False
    known = import_writes.known(tx, _numbers(judged))
    _keep(tx, one, done, [_would_be(row, known, count) for row in judged])
    return True


def _keep(tx: Transaction, one: Import, done: int, came_to: list[str | RefusedRow]) -> None:
    """Adds what these rows come to to those before; the refused ones are kept with the reason."""
    if done == 0:
        imports.forget_refusals(tx, one.id)
    counts = {} if done == 0 else dict(one.counts)
    for fate in came_to:
        _add(counts, "refused" if isinstance(fate, RefusedRow) else fate)
    imports.refuse(tx, one.id, [fate for fate in came_to if isinstance(fate, RefusedRow)])
    imports.change(tx, one.id, counts=counts, rows_done=done + len(came_to))


def _would_be(row: Judged, known: dict[str, int], count: _Count) -> str | RefusedRow:
    if isinstance(row, RefusedRow):
        return row
    # A client of an earlier row has no id yet: the row's number, negative, stands for it.
    clients = {known.get(number, count.seen.get(number)) for number in row.numbers} - {None}
    if len(clients) > 1:
        return RefusedRow(row.row, SEVERAL)
    whose = next(iter(clients), None)
    for number in row.numbers:
        count.seen.setdefault(number, -row.row.number if whose is None else whose)
    return "made" if whose is None else "known"


class _Maker:
    """What some rows make of the clients who have their numbers, and of new ones; written at the end."""

    def __init__(self, known: dict[str, ClientDraft], company_ids: Mapping[str, int]) -> None:
        self._known = known
        self._company_ids = company_ids
        self.drafts: dict[ClientDraft, None] = {}
        """Every client these rows are about, once."""

    def take(self, row: ClientRow) -> str | RefusedRow:
        """What the row comes to: made, filled or known; or why it is not used."""
        clients = {self._known[number] for number in row.numbers if number in self._known}
        if len(clients) > 1:
            return RefusedRow(row.row, SEVERAL)
        client = next(iter(clients), None) or ClientDraft()
        new = [number for number in row.numbers if number not in self._known]
        is_more = client.take(row, new, self._company_ids.get(row.company))
        self._known.update(dict.fromkeys(row.numbers, client))
        self.drafts[client] = None
        if not clients:
            return "made"
        return "filled" if is_more else "known"


def _make_some(tx: Transaction, import_id: int, judged: list[Judged], done: int, now: datetime) -> bool:
    one = _at(tx, import_id, ImportState.RUNNING, done)
    if one is None:
        return False
    names = {row.company for row in judged if isinstance(row, ClientRow) and row.company}
    maker = _Maker(import_writes.drafts(tx, _numbers(judged)), companies.named_all(tx, names, now))
    came_to = [row if isinstance(row, RefusedRow) else maker.take(row) for row in judged]
    import_writes.write(tx, import_id, list(maker.drafts), now)
    _keep(tx, one, done, came_to)
    return True


def _numbers(judged: list[Judged]) -> list[str]:
    return [number for row in judged if isinstance(row, ClientRow) for number in row.numbers]


def _add(counts: dict[str, int], name: str, by: int = 1) -> None:
    counts[name] = counts.get(name, 0) + by


def _take_back_some(tx: Transaction, import_id: int) -> bool:
    one = imports.get(tx, import_id, lock=True)
    if one.state is not ImportState.TAKING_BACK:
        return False
    looked_at, gone, kept = import_writes.take_back(tx, import_id, AT_ONCE)
    counts = dict(one.counts)
    _add(counts, "gone", gone)
    _add(counts, "kept", kept)
    values = {"counts": counts, "rows_done": one.rows_done + looked_at}
    if not looked_at:
        values["state"] = ImportState.TAKEN_BACK
    imports.change(tx, import_id, **values)
    return bool(looked_at)


def _finish(tx: Transaction, import_id: int, was: ImportState, now_is: ImportState, done: int) -> None:
    if _at(tx, import_id, was, done) is not None:
        imports.change(tx, import_id, state=now_is, rows_total=done)


def _fail(tx: Transaction, import_id: int) -> None:
    imports.change(tx, import_id, state=ImportState.FAILED)
