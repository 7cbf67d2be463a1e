"""Where reading of a PBX's own records stands: what it can be asked for, and what comes back."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Generic, Protocol, TypeVar

from pbx_crm.asterisk.cdr_row import CdrRow
from pbx_crm.asterisk.cel_row import CelRow

Place = Mapping[str, Any]
"""A position as plain JSON, to be kept and given back; only its source knows what is in it."""

Row = TypeVar("Row")


@dataclass(frozen=True, slots=True)
class RecordRead(Generic[Row]):
    """A stretch of rows in the order they were written."""

    rows: Sequence[tuple[Row, Place]]
    """Each with the place from which reading would begin with it."""
    following: Place
    """Where to go on."""
    broken: Counter[str] = field(default_factory=Counter)
    """What was wrong with rows that had to be left out → how often."""
    whole: bool = False
    """Whether the source knows that there is no more, however many rows came."""


CelRead = RecordRead[CelRow]
CdrRead = RecordRead[CdrRow]


class RecordSource(Protocol[Row]):
    """Live records of a PBX, in the order in which they were written."""

    def end(self) -> Place:
        """Where the next row will be written."""

    def since(self, moment: datetime) -> Place:
        """A place before every row of that moment or later; some earlier ones may follow it too."""

    def read(self, place: Place, most: int) -> RecordRead[Row]:
        """Some `most` rows from there; none if nothing was added. RecordsUnreadable says why not."""


CelSource = RecordSource[CelRow]


class CdrSource(RecordSource[CdrRow], Protocol):
    """Live call detail records, in the order in which their dials ended; rows may come again."""

    def earlier(self, place: Place, linkedids: Collection[str]) -> Sequence[CdrRow]:
        """Rows of these calls that stand before the place, as far back as a call may last."""
