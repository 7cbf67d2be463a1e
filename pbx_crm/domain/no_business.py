"""Numbers that seem to be no clients: couriers, wrong numbers, machines. Proposed, never decided.

Nothing is learned here, only counted: what a head would look for by hand in the log of a quarter. A
missed call speaks for nothing: who tries ten times in vain may be the best client of all.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

LOOKS_BACK_DAYS = 90
LEAST_ANSWERED = 5
"""Below it a number has not shown its habit."""
HANGS_UP_SECONDS = 20
"""Nobody tells what they want to buy in less."""
ASKS_ROUND_SECONDS = 60
ASKED_SELLERS = 3
"""A client comes back to the seller they know; who is at the door asks whoever picks up."""


class Habit(StrEnum):
    """Why a number is proposed."""

    HANGS_UP = "hangs_up"
    ASKS_ROUND = "asks_round"


@dataclass(frozen=True, slots=True)
class Caller:
    """What an outside number did in the last `LOOKS_BACK_DAYS` days."""

    number: str
    """E.164."""
    answered: int
    """Calls from it that somebody took."""
    longest_seconds: float
    """Of every talk with it, also of those we began."""
    sellers: int
    """How many different people took its calls."""


@dataclass(frozen=True, slots=True)
class Proposal:
    """A number to skip, and what that would have saved."""

    caller: Caller
    habit: Habit
    name: str
    """Of the contact with this number, empty if there is none."""
    cards: int
    """Made by its calls in that time."""


def habit_of(caller: Caller) -> Habit | None:
    """What speaks against its being a client's; None where nothing does."""
    if caller.answered < LEAST_ANSWERED:
        return None
    if caller.longest_seconds < HANGS_UP_SECONDS:
        return Habit.HANGS_UP
    if caller.longest_seconds < ASKS_ROUND_SECONDS and caller.sellers >= ASKED_SELLERS:
        return Habit.ASKS_ROUND
    return None
