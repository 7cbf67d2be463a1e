"""Companies: who works there and what is dealt with them, as far as a viewer sees it."""

from __future__ import annotations

from dataclasses import dataclass

from pbx_crm.domain.contact import ContactDeal, ContactLine


@dataclass(frozen=True, slots=True)
class CompanyLine:
    """A company in a list, counted as far as the viewer sees."""

    id: int
    name: str
    contacts: int
    deals: int


@dataclass(frozen=True, slots=True)
class CompanyCard:
    """The whole of a company."""

    id: int
    name: str
    contacts: tuple[ContactLine, ...]
    deals: tuple[ContactDeal, ...]
