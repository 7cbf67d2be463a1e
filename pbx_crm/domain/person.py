"""People of the company, their rights, and how far each of them sees."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from pbx_crm.domain.errors import NotAllowed


class Role(StrEnum):
    """What client data a person works with; setting up telephony is a separate right."""

    SELLER = "seller"
    HEAD = "head"
    NONE = "none"
    """An admin who only sets up telephony: no client data at all."""


class Reach(StrEnum):
    """How far a scope goes."""

    OWN = "own"
    ALL = "all"
    NOTHING = "nothing"


@dataclass(frozen=True, slots=True)
class Scope:
    """Whose cards, calls and clients may be seen. Every read of client data requires one."""

    reach: Reach
    person_id: int

    def covers_owner(self, owner_id: int) -> bool:
        """Whether a card of this owner may be seen."""
        match self.reach:
            case Reach.ALL:
                return True
            case Reach.OWN:
                return owner_id == self.person_id
            case Reach.NOTHING:
                return False


THE_PROGRAM = Scope(Reach.ALL, 0)
"""For what is done by rule and for nobody's eyes: intake, triggers, robots."""


def require_head(viewer: Person) -> None:
    """NotAllowed for whoever does not see everything."""
    if viewer.scope.reach is not Reach.ALL:
        raise NotAllowed


@dataclass(frozen=True, slots=True)
class Person:
    """A seller, a head, or an admin without client data."""

    id: int
    login: str
    name: str
    role: Role
    is_admin: bool = False
    is_active: bool = True
    language: str | None = None
    theme: str = "system"
    time_zone: str | None = None
    letter_keys: bool = True
    """Whether single letters are shortcuts: who speaks to the computer would press them by talking."""
    board_ltr: bool = False
    """Whether the stages stand from left to right even in a language that reads from the right."""

    @property
    def scope(self) -> Scope:
        """What this person may see: a seller own cards, a head all, an admin alone nothing."""
        if not self.is_active:
            return Scope(Reach.NOTHING, self.id)
        match self.role:
            case Role.HEAD:
                return Scope(Reach.ALL, self.id)
            case Role.SELLER:
                return Scope(Reach.OWN, self.id)
            case Role.NONE:
                return Scope(Reach.NOTHING, self.id)
