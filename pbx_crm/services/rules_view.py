"""Rules of funnels as a page shows them: triggers and robots alike."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Generic, Protocol, TypeVar

from pbx_crm.domain.errors import NotFound
from pbx_crm.domain.funnel import Funnel
from pbx_crm.domain.funnel_shape import Shift
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


def shifted(row: Sequence[Rule], rule_id: int, way: Shift) -> list[Rule]:
    """The row with this rule one place sooner or later; empty if it stands at that end already."""
    here = next(place for place, one in enumerate(row) if one.id == rule_id)
    there = here + (1 if way is Shift.DOWN else -1)
    if not 0 <= there < len(row):
        return []
    changed = list(row)
    changed[here], changed[there] = changed[there], changed[here]
    return changed


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
