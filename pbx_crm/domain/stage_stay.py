"""How long a deal usually stays in a stage, so that one that lies there too long is seen."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from statistics import median

LOOK_BACK = timedelta(days=90)
FEWEST_STAYS = 10
"""Of fewer deals the middle one is chance, and a figure made of chance is refused."""


def usual_seconds(stays: Sequence[float]) -> float | None:
    """The median of the stays; None where there are too few to speak of a habit."""
    return median(stays) if len(stays) >= FEWEST_STAYS else None
