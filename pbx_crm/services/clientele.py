"""What people do with clients and what lies on their cards beside the deal itself."""

from __future__ import annotations

from dataclasses import dataclass

from pbx_crm.services.bells import Bells
from pbx_crm.services.bin import Bin
from pbx_crm.services.companies import Companies
from pbx_crm.services.contacts import Contacts
from pbx_crm.services.deal_files import DealFiles
from pbx_crm.services.deal_people import DealPeople
from pbx_crm.services.gate_answers import GateAnswers
from pbx_crm.services.ground import Ground
from pbx_crm.services.imports import Imports
from pbx_crm.services.notes import Notes
from pbx_crm.services.regions import Regions


@dataclass(frozen=True, slots=True)
class Clientele:
    """One field a service."""

    notes: Notes
    people: DealPeople
    bin: Bin
    contacts: Contacts
    companies: Companies
    files: DealFiles
    imports: Imports
    gate_answers: GateAnswers
    regions: Regions
    bells: Bells

    @classmethod
    def on(cls, ground: Ground) -> Clientele:
        """The services of clients and cards, standing on this."""
        return cls(
            notes=Notes(ground),
            people=DealPeople(ground),
            bin=Bin(ground),
            contacts=Contacts(ground),
            companies=Companies(ground),
            files=DealFiles(ground),
            imports=Imports(ground),
            gate_answers=GateAnswers(ground),
            regions=Regions(ground.database),
            bells=Bells(ground),
        )
