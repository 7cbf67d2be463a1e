"""Balance of a funnel: whether work is piling up at one end while the other runs dry.

Hints are for a glance at the board; under ten open deals chance says more than any ratio, so nothing is said.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum

from pbx_crm.domain.funnel import Stage, StageKind

FEWEST_DEALS = 10
TOP_IS_DRY_UNDER = 0.2
"""Share of all open deals that lie in Unsorted and the first open stage."""
UNSORTED_IS_FULL_OVER = 0.5
PLENTY = 3
"""How many times as many deals the stage before the last holds, for it to be worth a hint."""


class Imbalance(StrEnum):
    """What is out of balance."""

    TOP_DRY = "top_dry"
    UNSORTED_FULL = "unsorted_full"
    FEW_NEAR_CLOSING = "few_near_closing"


@dataclass(frozen=True, slots=True)
class Hint:
    """One thing to do about the funnel's balance."""

    kind: Imbalance
    few: str = ""
    """The stage where deals are missing."""
    plenty: str = ""
    """The stage to work on."""


def hints_of(stages: Sequence[Stage], deals: Mapping[int, int]) -> list[Hint]:
    """What to say about so many deals in each stage, by stage id; stages in board order."""
    way = [stage for stage in stages if not stage.kind.is_closed and not stage.is_retired]
    counts = [deals.get(stage.id, 0) for stage in way]
    total = sum(counts)
    if total < FEWEST_DEALS or len(way) < 3:
        return []
    found = []
    if counts[0] > total * UNSORTED_IS_FULL_OVER and way[0].kind is StageKind.UNSORTED:
        found.append(Hint(Imbalance.UNSORTED_FULL, plenty=way[0].name))
    if counts[0] + counts[1] < total * TOP_IS_DRY_UNDER:
        found.append(Hint(Imbalance.TOP_DRY, few=way[1].name))
    if counts[-2] >= PLENTY * max(counts[-1], 1):
        found.append(Hint(Imbalance.FEW_NEAR_CLOSING, few=way[-1].name, plenty=way[-2].name))
    return found
