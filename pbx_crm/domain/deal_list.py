"""Deals as rows of a list: what stands behind a figure of a report."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from pbx_crm.domain.report_table import ReportTable


@dataclass(frozen=True, slots=True)
class DealLine:
    """One deal, within the viewer's scope."""

    id: int
    title: str
    client: str
    owner: str
    stage: str
    amount: Decimal
    currency: str
    source: str
    created_at: datetime
    stage_since: datetime


@dataclass(frozen=True, slots=True)
class Rows:
    """Which rows of a long list."""

    first: int = 0
    """How many are left out before."""
    most: int | None = None
    """None has no end."""


@dataclass(frozen=True, slots=True)
class DealPage:
    """Some of the deals behind a figure, the newest first."""

    lines: tuple[DealLine, ...]
    count: int
    """Of all."""


def table_of(lines: Sequence[DealLine]) -> ReportTable:
    """The same rows for programs."""
    columns = ("deal", "title", "client", "owner", "stage", "amount", "currency", "source")
    return ReportTable(
        (*columns, "created_at", "stage_since"),
        tuple(
            (
                *(line.id, line.title, line.client, line.owner, line.stage),
                *(f"{line.amount:f}", line.currency, line.source),
                line.created_at.isoformat(timespec="seconds"),
                line.stage_since.isoformat(timespec="seconds"),
            )
            for line in lines
        ),
    )
