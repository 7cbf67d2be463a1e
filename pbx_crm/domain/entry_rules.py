"""What a head or an admin decides about log-ins, and about who opens many clients."""

from __future__ import annotations

from dataclasses import dataclass

from pbx_crm.domain.person import Person, Role

MOST_CLIENTS = 10_000
SHORTEST_KEPT_DAYS, LONGEST_KEPT_DAYS = 7, 3650


@dataclass(frozen=True, slots=True)
class EntryRules:
    """As a fresh installation has them."""

    demands_code: bool = False
    """Whether heads and admins must have a second factor."""
    clients_an_hour: int = 150
    """How many different clients one person may open within an hour unnoticed; 0: any number."""
    refused_kept_days: int = 90
    """How long the audit keeps log-ins that were refused."""

    def wants_code_of(self, person: Person) -> bool:
        """Whether this person must have a second factor."""
        return self.demands_code and (person.is_admin or person.role is Role.HEAD)
