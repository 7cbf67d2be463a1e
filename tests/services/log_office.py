"""An office of three sellers, and the log of their calls."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta

from pbx_crm.db.engine import Database, Transaction
from pbx_crm.domain.call_log import CallFilter, CallRow, Figures, Head, LogPage
from pbx_crm.domain.funnel import Funnel
from pbx_crm.domain.person import Person
from pbx_crm.services.call_log import CallLog
from tests.builders import NOW

TODAY = NOW.replace(hour=0)
WEEK = TODAY - timedelta(days=6)
TOMORROW = TODAY + timedelta(days=1)
YESTERDAY = NOW - timedelta(days=1)


@dataclass
class Office:
    """Three sellers, a head, and their log."""

    database: Database
    anna: Person
    boris: Person
    clara: Person
    olga: Person
    funnel: Funnel

    def __post_init__(self) -> None:
        self.log = CallLog(self.database)

    async def happens(self, *stories: Callable[[Transaction], object]) -> None:
        """Writes the stories' calls."""
        for story in stories:
            await self.database.write(story)

    async def rows(self, viewer: Person, wanted: CallFilter | None = None) -> list[CallRow]:
        """All calls the viewer is shown, newest first, page by page."""
        found: list[CallRow] = []
        page: LogPage | None = None
        while page is None or page.following:
            page = await self.log.page(viewer, wanted or CallFilter(), page.following if page else None)
            found += [row for row in page.rows if isinstance(row, CallRow)]
        return found

    async def head(self, viewer: Person) -> Head:
        """The figures above the log, at the tests' today."""
        return await self.log.head(viewer, week=WEEK, today=TODAY, until=TOMORROW)

    async def figures(self, viewer: Person, of: Person) -> Figures:
        """One person's figures of today."""
        return next(row.today for row in (await self.head(viewer)).people if row.person_id == of.id)
