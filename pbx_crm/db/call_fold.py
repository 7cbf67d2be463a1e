"""Sums of calls by quarters of an hour, folded into days and into hours of the firm's clock."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import Integer
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.functions import GenericFunction

from pbx_crm.db import call_sums
from pbx_crm.db.call_sums import SUMS
from pbx_crm.domain.call_hours import hour_of

QUARTER = 900
"""Seconds. No clock on earth differs from another by less."""
DAY_KEYS = ("day", "line", "who")
HOUR_KEYS = ("who", "began", "line")
BY_HOUR = ("answered", "missed")
PLACES = [SUMS.index(name) for name in BY_HOUR]
Key = tuple[Any, ...]


class QuarterHour(GenericFunction[int]):
    """`QuarterHour(moment)`: how many quarters of an hour since 1970."""

    type = Integer()
    inherit_cache = True
    name = "quarter_hour"


@compiles(QuarterHour, "sqlite")
def _on_sqlite(element: QuarterHour, compiler: Any, **options: Any) -> str:
    (moment,) = (compiler.process(clause, **options) for clause in element.clauses)
    return f"(CAST(strftime('%s', {moment}) AS INTEGER) / {QUARTER})"


@compiles(QuarterHour, "postgresql")
def _on_postgresql(element: QuarterHour, compiler: Any, **options: Any) -> str:
    (moment,) = (compiler.process(clause, **options) for clause in element.clauses)
    return f"floor(extract(epoch from {moment}) / {QUARTER})::bigint"


@dataclass(frozen=True, slots=True)
class Folded:
    """The same calls added up twice; what comes to nothing is left out."""

    days: Mapping[Key, Sequence[int]]
    """SUMS by DAY_KEYS."""
    hours: Mapping[Key, Sequence[int]]
    """BY_HOUR by HOUR_KEYS."""


def begin_of(quarter: int) -> datetime:
    """The moment this quarter of an hour begins."""
    return datetime.fromtimestamp(quarter * QUARTER, UTC)


def fold(rows: Iterable[Sequence[Any]], zone: ZoneInfo) -> Folded:
    """Rows (day, line, quarter, who, *SUMS) by day, and by hour of the zone's clock."""
    days: list[Sequence[Any]] = []
    hours: dict[Key, list[int]] = {}
    for (day, line, quarter, who), values in call_sums.added(rows, 4).items():
        days.append((day, line, who, *values))
        key = (who, hour_of(begin_of(quarter), zone), line)
        known = hours.setdefault(key, [0] * len(PLACES))
        hours[key] = [mine + values[place] for mine, place in zip(known, PLACES, strict=True)]
    told = {key: values for key, values in hours.items() if any(values)}
    return Folded(call_sums.added(days, len(DAY_KEYS)), told)
