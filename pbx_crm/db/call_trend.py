"""All calls of many stretches at once: from the kept sums where the stretches are the firm's days."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Sequence
from typing import Any

from sqlalchemy import Connection, case

from pbx_crm.db import call_days, call_sums
from pbx_crm.db.call_report import NOT_COUNTED, counts_of, kept_sums, summed
from pbx_crm.db.call_sums import EVERYBODY, LENGTHS, SUMS
from pbx_crm.db.report_slices import calls_sliced, within
from pbx_crm.db.tables import call_days as kept
from pbx_crm.db.tables import calls
from pbx_crm.domain.call_report import Counts
from pbx_crm.domain.person import Scope
from pbx_crm.domain.report_filter import ReportFilter
from pbx_crm.domain.report_period import Span, parts_of


def trend(tx: Connection, wanted: ReportFilter, scope: Scope, spans: Sequence[Span]) -> list[Counts]:
    """What all calls of each span come to, each once; of one person's if it is about one. Three statements.

    The spans follow one another without a gap.
    """
    if not spans:
        return []
    zone = call_days.zone(tx)
    # Sums are kept by line and not by region.
    has_sums = zone is not None and wanted.region_id is None
    are_days = has_sums and zone is not None and not any(parts_of(span, zone).edges for span in spans)
    whole = Span(spans[0].since, spans[-1].until)
    where = [*within(whole), *calls_sliced(wanted), *([NOT_COUNTED] if are_days else [])]
    place = case(
        *((calls.c.started_at < span.until, number) for number, span in enumerate(spans)), else_=len(spans)
    )
    found = [tuple(row) for row in tx.execute(summed(wanted, scope, where, (place,)))]
    if zone is not None and are_days and (days := parts_of(whole, zone).days) is not None:
        first_days = [span.since.astimezone(zone).date() for span in spans]
        for day, *rest in tx.execute(kept_sums(wanted, scope, days, (kept.c.day,))):
            found.append((bisect_right(first_days, day) - 1, *rest))
    return _by_place(found, len(spans))


def _by_place(found: Sequence[Sequence[Any]], count: int) -> list[Counts]:
    totals = [dict.fromkeys(SUMS, 0) for _ in range(count)]
    sums = call_sums.added(found, 2)
    is_company = any(who == EVERYBODY for _, who in sums)
    for (place, who), values in sums.items():
        for name, value in zip(SUMS, values, strict=True):
            # Lengths are each person's own part; of everything else all calls, each once, have a row.
            if name in LENGTHS or not is_company or who == EVERYBODY:
                totals[place][name] += value
    return [counts_of(total) for total in totals]
