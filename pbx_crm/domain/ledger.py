"""The ledger of a day: every Linkedid the PBX wrote down, and what became of it in the CRM."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any, Protocol

from pbx_crm.domain.call import Call, Direction

SETTLED_AFTER = timedelta(minutes=5)
"""A call that ended later than this before the closing may still be on its way into the CRM."""


class Fate(StrEnum):
    """What became of a Linkedid."""

    DEAL = "deal"
    """It made a card."""
    JOINED = "joined"
    """It belongs to a card that was there, or to a call that is."""
    SKIPPED = "skipped"
    """A skip rule kept it from making a card."""
    INTERNAL = "internal"
    LOGGED = "logged"
    """It is in the call log, and was to make no card: outgoing, or a line without cards."""
    NO_CALL = "no call"
    """A channel that calls nobody: listening in, one's own mailbox, a pickup."""
    GOES_ON = "goes on"
    """It has not ended, or just now."""
    GAP = "gap"
    """Not in the CRM, and a gap that is not filled yet says why."""
    MISSING = "missing"


class WrittenDown(Protocol):
    """A Linkedid that the PBX wrote down."""

    @property
    def linkedid(self) -> str:
        """Its name."""

    @property
    def began(self) -> datetime:
        """Its first moment."""

    @property
    def call(self) -> Call | None:
        """The call it is part of; None if it is none."""


@dataclass(frozen=True, slots=True)
class Entry:
    """A line of the ledger."""

    linkedid: str
    began: datetime
    fate: Fate
    call_id: int | None = None
    """The call on record it is, or belongs to."""


@dataclass(frozen=True, slots=True)
class DayLedger:
    """All of a day on one PBX."""

    entries: tuple[Entry, ...]

    @property
    def counts(self) -> Counter[Fate]:
        """How many of each fate."""
        return Counter(entry.fate for entry in self.entries)

    @property
    def missing(self) -> list[Entry]:
        """Those nobody can account for."""
        return [entry for entry in self.entries if entry.fate is Fate.MISSING]


def close_day(
    written: Sequence[WrittenDown],
    stored: Mapping[str, Mapping[str, Any]],
    births: Mapping[int, str | None],
    gaps: Sequence[tuple[datetime, datetime]],
    now: datetime,
) -> DayLedger:
    """The ledger of what was written down.

    `stored` are rows of calls by Linkedid, those of before a merge too; `births` says of a deal which
    call made it; `gaps` are the ones not filled.
    """
    return DayLedger(
        tuple(
            Entry(w.linkedid, w.began, _fate(w, stored, births, gaps, now), _call_id(w, stored))
            for w in written
        )
    )


def _call_id(written: WrittenDown, stored: Mapping[str, Mapping[str, Any]]) -> int | None:
    names = (written.linkedid, *((written.call.linkedid,) if written.call is not None else ()))
    return next((int(stored[name]["id"]) for name in names if name in stored), None)


def _fate(
    written: WrittenDown,
    stored: Mapping[str, Mapping[str, Any]],
    births: Mapping[int, str | None],
    gaps: Sequence[tuple[datetime, datetime]],
    now: datetime,
) -> Fate:
    row = stored.get(written.linkedid)
    if row is not None:
        return _fate_of_row(written.linkedid, row, births)
    call = written.call
    if call is None:
        return Fate.NO_CALL
    if call.linkedid != written.linkedid and call.linkedid in stored:
        return Fate.JOINED
    if call.ended_at is None or call.ended_at > now - SETTLED_AFTER:
        return Fate.GOES_ON
    in_gap = any(began <= call.ended_at and call.started_at <= ended for began, ended in gaps)
    return Fate.GAP if in_gap else Fate.MISSING


def _fate_of_row(linkedid: str, row: Mapping[str, Any], births: Mapping[int, str | None]) -> Fate:
    if row["linkedid"] != linkedid:
        return Fate.JOINED
    if row["ended_at"] is None:
        return Fate.GOES_ON
    if row["deal_id"] is not None:
        return Fate.DEAL if births.get(row["deal_id"]) == f"{row['pbx']}/{linkedid}" else Fate.JOINED
    if row["skipped_by"]:
        return Fate.SKIPPED
    return Fate.INTERNAL if row["direction"] == Direction.INTERNAL else Fate.LOGGED
