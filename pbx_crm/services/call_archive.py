"""Calls for programs: the call log's rows with the PBX's own ids and figures beside them."""

from __future__ import annotations

from dataclasses import dataclass

from pbx_crm.db import call_facts, call_log, call_stories
from pbx_crm.db.engine import Database, Transaction
from pbx_crm.domain.call_log import CallFilter, CallRow, CallStory, Place
from pbx_crm.domain.call_record import CallFacts
from pbx_crm.domain.person import Person, Scope


@dataclass(frozen=True, slots=True)
class CallRecord:
    """One call."""

    row: CallRow
    facts: CallFacts


@dataclass(frozen=True, slots=True)
class CallRecords:
    """Some calls, newest first, and where to go on."""

    records: tuple[CallRecord, ...]
    following: Place | None


class CallArchive:
    """Reads only, within the viewer's scope."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def page(self, viewer: Person, wanted: CallFilter, before: Place | None, size: int) -> CallRecords:
        """At most `size` calls older than the place."""
        return await self._database.read(_page, wanted, viewer.scope, before, size)

    async def one(self, viewer: Person, call_id: int) -> tuple[CallStory, CallFacts]:
        """One call leg by leg; NotFound if it is none of the viewer's business."""
        return await self._database.read(_one, call_id, viewer.scope)


def _page(tx: Transaction, wanted: CallFilter, scope: Scope, before: Place | None, size: int) -> CallRecords:
    found = call_log.page(tx, wanted, scope, before=before, size=size + 1)
    rows = found[:size]
    facts = call_facts.behind(tx, [row.id for row in rows])
    following = Place(rows[-1].started_at, rows[-1].id) if len(found) > size else None
    return CallRecords(tuple(CallRecord(row, facts[row.id]) for row in rows), following)


def _one(tx: Transaction, call_id: int, scope: Scope) -> tuple[CallStory, CallFacts]:
    story = call_stories.get(tx, call_id, scope)
    return story, call_facts.behind(tx, [call_id])[call_id]
