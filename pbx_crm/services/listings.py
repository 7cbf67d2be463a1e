"""Lists for programs: deals, contacts, funnels, tasks, each page within the viewer's scope."""

from __future__ import annotations

from pbx_crm.db import funnels, listings, tasks
from pbx_crm.db.engine import Database, Transaction
from pbx_crm.db.listings import Mark
from pbx_crm.domain.deal import Deal
from pbx_crm.domain.funnel import Funnel
from pbx_crm.domain.installation import Installation
from pbx_crm.domain.listing import Contact, DealFilter
from pbx_crm.domain.person import Person
from pbx_crm.domain.phone import NumberPlan
from pbx_crm.domain.task import Task


class Listings:
    """Reads only. Whoever asks for one more than they show knows whether the list goes on."""

    def __init__(self, database: Database, installation: Installation) -> None:
        self._database = database
        self._plan = NumberPlan(installation.region)

    async def deals(self, viewer: Person, wanted: DealFilter, before: Mark | None, size: int) -> list[Deal]:
        """Deals made before the mark, newest first."""
        return await self._database.read(listings.deal_page, wanted, viewer.scope, before, size)

    async def contacts(self, viewer: Person, number: str, before: Mark | None, size: int) -> list[Contact]:
        """Clients made before the mark, newest first; with a number, however written, whoever has it."""
        exact = self._plan.e164(number) or number if number else None
        return await self._database.read(listings.contact_page, exact, viewer.scope, before, size)

    async def contact(self, viewer: Person, contact_id: int) -> Contact:
        """One client; NotFound outside the viewer's scope."""
        return await self._database.read(listings.contact, contact_id, viewer.scope)

    async def tasks(self, viewer: Person, after: Mark | None, size: int, *, open_only: bool) -> list[Task]:
        """Tasks due after the mark, the soonest due first."""
        return await self._database.read(
            tasks.listed, viewer.scope, open_only=open_only, after=after, size=size
        )

    async def funnels(self) -> list[Funnel]:
        """Every funnel in use with its stages and loss reasons."""
        return await self._database.read(_funnels)


def _funnels(tx: Transaction) -> list[Funnel]:
    return [funnels.load(tx, funnel.id) for funnel in funnels.in_use(tx)]
