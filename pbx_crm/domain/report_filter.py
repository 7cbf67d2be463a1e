"""What a report is narrowed to, whichever report it is."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from pbx_crm.domain.amount_band import AmountBand
from pbx_crm.domain.report_period import Span


class ReportName(StrEnum):
    """The reports there are, as addresses, commands and scripts name them."""

    CALLS = "calls"
    CARRIED = "carried"
    COLD = "cold"
    FORECAST = "forecast"
    FUNNEL = "funnel"
    HOURS = "hours"
    LINES = "lines"
    LOSSES = "losses"
    MISSED = "missed"
    PLAN = "plan"
    REGIONS = "regions"
    SOURCES = "sources"
    STAGES = "stages"
    TREND = "trend"

    @property
    def has_days(self) -> bool:
        """Whether it is about days one chooses; the others begin from now."""
        return self not in (ReportName.FORECAST, ReportName.PLAN, ReportName.STAGES)


@dataclass(frozen=True, slots=True)
class ReportFilter:
    """A stretch of time and slices; None narrows nothing."""

    span: Span
    person_id: int | None = None
    line_id: int | None = None
    funnel_id: int | None = None
    source: str | None = None
    band: AmountBand | None = None
    """Of deals: a call has no amount."""
    region_id: int | None = None
    """Where the client is from; NOWHERE: nothing is known of it."""


@dataclass(frozen=True, slots=True)
class Choices:
    """What a report can be sliced by, as (id, name)."""

    sellers: tuple[tuple[int, str], ...]
    """Empty for a seller, whose figures are their own anyway."""
    lines: tuple[tuple[int, str], ...]
    funnels: tuple[tuple[int, str], ...]
    sources: tuple[str, ...] = ()
