"""The bell of one person: what came while they looked elsewhere, and marking it read."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime

from pbx_crm.db import news
from pbx_crm.db.engine import Transaction
from pbx_crm.domain.news import KEPT, Bell, News, NewsKind, newest
from pbx_crm.domain.person import Person
from pbx_crm.services.ground import Ground


class Bells:
    """Nothing is written for it but when somebody has read it."""

    def __init__(self, ground: Ground) -> None:
        self._ground = ground

    async def of(self, viewer: Person) -> Bell:
        """The viewer's newest lines of the last two weeks, about what they may see."""
        return await self._ground.database.read(_bell, viewer, self._ground.clock())

    async def mark_seen(self, viewer: Person) -> None:
        """All lines there are by now are read, in every tab."""
        await self._ground.database.write(news.mark_seen, viewer.id, self._ground.clock())
        self._ground.live.tell({"tasks"}, {viewer.id})


def _bell(tx: Transaction, viewer: Person, now: datetime) -> Bell:
    since = now - KEPT
    lines = newest(
        news.handed(tx, viewer, since),
        news.missed(tx, viewer, since),
        news.notes(tx, viewer, since),
        news.hints(tx, viewer, since, now),
        news.lists(tx, viewer, since),
    )
    of_deals = {line.object_id for line in lines if line.kind is not NewsKind.IMPORT}
    names = news.names_of(tx, viewer, of_deals)
    told = [_named(line, names) for line in lines]
    return Bell(tuple(line for line in told if line is not None), news.seen_at(tx, viewer.id))


def _named(line: News, names: dict[int, str]) -> News | None:
    """The line with its deal's name; None about a deal that the viewer sees no more."""
    if line.kind is NewsKind.IMPORT:
        return line
    return replace(line, name=names[line.object_id]) if line.object_id in names else None
