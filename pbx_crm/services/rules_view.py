"""Rules of funnels as a page shows them: triggers and robots alike."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Generic, Protocol, TypeVar

from pbx_crm.domain.errors import NotFound
from pbx_crm.domain.funnel import Funnel
from pbx_crm.domain.person import Person


class RuleOfFunnel(Protocol):
    """What every rule has."""

    @property
    def id(self) -> int | None:
        """None for one that is not stored."""

    @property
    def funnel_id(self) -> int:
        """To whose cards it does something."""


Rule = TypeVar("Rule", bound=RuleOfFunnel)


@dataclass(frozen=True, slots=True)
class RulesView(Generic[Rule]):
    """All rules, and what a form may choose from."""

    rules: list[Rule]
    funnels: list[Funnel]
    sellers: list[Person]

    def rule(self, rule_id: int) -> Rule:
        """The rule with this id; NotFound."""
        found = next((one for one in self.rules if one.id == rule_id), None)
        if found is None:
            raise NotFound(rule_id=rule_id)
        return found

    def of_funnel(self, funnel_id: int) -> list[Rule]:
        """The funnel's rules in their order."""
        return [one for one in self.rules if one.funnel_id == funnel_id]

    def funnel(self, funnel_id: int) -> Funnel:
        """The funnel with this id; NotFound."""
        found = next((one for one in self.funnels if one.id == funnel_id), None)
        if found is None:
            raise NotFound(funnel_id=funnel_id)
        return found
