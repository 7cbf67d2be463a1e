"""Companies: found, looked at, renamed."""

from __future__ import annotations

from pbx_crm.db import company_pages
from pbx_crm.db.engine import Transaction
from pbx_crm.domain.company import CompanyCard, CompanyLine
from pbx_crm.domain.errors import BadInput
from pbx_crm.domain.person import Person
from pbx_crm.domain.sentence import N_
from pbx_crm.services.ground import Ground

PAGE = 50
LONGEST_NAME = 200


class Companies:
    """A seller sees the companies of own clients and deals, the head all."""

    def __init__(self, ground: Ground) -> None:
        self._ground = ground

    async def found(
        self, viewer: Person, text: str, before: int | None = None
    ) -> tuple[list[CompanyLine], int | None]:
        """A page of companies whose name holds the text, and where the list goes on."""
        read = self._ground.database.read
        lines = await read(company_pages.found, text[:LONGEST_NAME], viewer.scope, before, PAGE + 1)
        return lines[:PAGE], lines[PAGE - 1].id if len(lines) > PAGE else None

    async def view(self, viewer: Person, company_id: int) -> CompanyCard:
        """The company's page; NotFound outside the viewer's scope."""
        return await self._ground.database.read(company_pages.card, company_id, viewer.scope)

    async def rename(self, viewer: Person, company_id: int, name: str) -> None:
        """Another name; BadInput if it is none, too long or another company's."""
        if not 0 < len(name) <= LONGEST_NAME:
            raise BadInput(reasons={"name": N_("A name is 1 to 200 characters.")})
        await self._ground.database.write(_rename, viewer, company_id, name)


def _rename(tx: Transaction, viewer: Person, company_id: int, name: str) -> None:
    company_pages.card(tx, company_id, viewer.scope)
    if company_pages.is_taken(tx, name, company_id):
        raise BadInput(reasons={"name": N_("There is a company of this name already.")})
    company_pages.rename(tx, company_id, name)
