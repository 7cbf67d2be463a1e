"""Where reading of a PBX's own records stands: what it can be asked for, and what comes back."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Protocol

from pbx_crm.asterisk.cel_row import CelRow

Place = Mapping[str, Any]
"""A position as plain JSON, to be kept and given back; only its source knows what is in it."""


@dataclass(frozen=True, slots=True)
class CelRead:
    """A stretch of rows in the order they were written."""

    rows: Sequence[tuple[CelRow, Place]]
    """Each with the place from which reading would begin with it."""
    following: Place
    """Where to go on."""
    broken: Counter[str] = field(default_factory=Counter)
    """What was wrong with rows that had to be left out → how often."""


class CelSource(Protocol):
    """A live CEL."""

    def end(self) -> Place:
        """Where the next row will be written."""

    def since(self, moment: datetime) -> Place:
        """A place before every row of that moment or later; some earlier ones may follow it too."""

    def read(self, place: Place, most: int) -> CelRead:
        """At most `most` rows from there; none if nothing was added. RecordsUnreadable says why not."""
