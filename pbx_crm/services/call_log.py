"""The call log of one viewer: rows, a call's story, and calls per seller."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime

from pbx_crm.db import call_figures, call_log, call_stories, extensions
from pbx_crm.db.engine import Database, Transaction
from pbx_crm.domain.call_log import CallFilter, CallRow, CallStory, Figures, Gap, Head, LogPage, Place
from pbx_crm.domain.person import Person, Reach, Scope

PAGE_SIZE = 50


class CallLog:
    """Reads only; what a seller may not see is not counted either."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def page(self, viewer: Person, wanted: CallFilter, before: Place | None = None) -> LogPage:
        """A page of rows, newest first, with the unfilled gaps between them."""
        return await self._database.read(_page, _own(wanted, viewer), viewer.scope, before)

    async def count(self, viewer: Person, wanted: CallFilter) -> int:
        """How many calls the filter leaves this viewer."""
        return await self._database.read(call_log.count, _own(wanted, viewer), viewer.scope)

    async def row(self, viewer: Person, call_id: int) -> CallRow:
        """One line of the log; NotFound if the call is none of the viewer's business."""
        return await self._database.read(call_log.one, call_id, viewer.scope)

    async def story(self, viewer: Person, call_id: int) -> CallStory:
        """One call, leg by leg; NotFound if it is none of the viewer's business."""
        return await self._database.read(call_stories.get, call_id, viewer.scope)

    async def phones(self, viewer: Person, now: datetime) -> list[str]:
        """The extensions linked to the viewer now: a log may be empty for want of one."""
        return await self._database.read(extensions.of_person, viewer.id, now)

    async def head(self, viewer: Person, *, week: datetime, today: datetime, until: datetime) -> Head:
        """Calls per seller since the start of today and of the week, both before `until`."""
        return await self._database.read(_head, viewer.scope, week, today, until)


def _own(wanted: CallFilter, viewer: Person) -> CallFilter:
    """A seller asks about their own calls; of a colleague's the log keeps no separate list for them.

    So does a figure without a person: a report counted it for the seller who reads it.
    """
    asks_for_another = wanted.person_id is not None and wanted.person_id != viewer.id
    asks_for_all = wanted.person_id is None and wanted.figure is not None
    if viewer.scope.reach is Reach.OWN and (asks_for_another or asks_for_all):
        return replace(wanted, person_id=viewer.id)
    return wanted


def _page(tx: Transaction, wanted: CallFilter, scope: Scope, before: Place | None) -> LogPage:
    found = call_log.page(tx, wanted, scope, before=before, size=PAGE_SIZE + 1)
    rows, has_more = found[:PAGE_SIZE], len(found) > PAGE_SIZE
    following = Place(rows[-1].started_at, rows[-1].id) if has_more else None
    return LogPage(_with_gaps(rows, _gaps(tx, wanted, before, following)), following)


def _gaps(tx: Transaction, wanted: CallFilter, before: Place | None, following: Place | None) -> list[Gap]:
    """The gaps of this page: each stands once, where it began, or on the last page if it began earlier."""
    if wanted.figure or wanted.text or wanted.not_called_back:
        # A figure's list holds what was counted and nothing else.
        return []
    found = call_log.gaps_between(tx, wanted.since, before.started_at if before else wanted.until)
    return [gap for gap in found if following is None or gap.from_at >= following.started_at]


def _with_gaps(rows: list[CallRow], gaps: list[Gap]) -> tuple[CallRow | Gap, ...]:
    moments: list[tuple[datetime, CallRow | Gap]] = [(row.started_at, row) for row in rows]
    moments += [(gap.from_at, gap) for gap in gaps]
    return tuple(entry for _, entry in sorted(moments, key=lambda pair: pair[0], reverse=True))


def _head(tx: Transaction, scope: Scope, week: datetime, today: datetime, until: datetime) -> Head:
    rows = tuple(call_figures.per_person(tx, scope, week=week, today=today, until=until))
    if scope.reach is not Reach.ALL:
        return Head(rows, 0, 0, None, None)
    all_today, all_week, unlinked_today, unlinked_week = call_figures.over_all(
        tx, week=week, today=today, until=until
    )
    return Head(
        rows,
        unlinked_today,
        unlinked_week,
        _with_talk(all_today, sum(row.today.talk_seconds for row in rows)),
        _with_talk(all_week, sum(row.week.talk_seconds for row in rows)),
    )


def _with_talk(figures: Figures, talk_seconds: float) -> Figures:
    return replace(figures, talk_seconds=talk_seconds)
