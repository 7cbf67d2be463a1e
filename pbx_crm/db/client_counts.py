"""Different clients talked with: of days that are kept from what is kept, of all others from their calls."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement, Connection, Select, String, and_, case, cast, func, literal, or_, select

from pbx_crm.db import call_days, client_days
from pbx_crm.db.call_sums import WITH_CLIENTS
from pbx_crm.db.report_slices import calls_sliced, sums_sliced, within
from pbx_crm.db.tables import calls, talks
from pbx_crm.db.tables import client_days as kept
from pbx_crm.domain.clients_met import ClientsMet
from pbx_crm.domain.report_filter import ReportFilter
from pbx_crm.domain.report_period import Span, parts_of, stretches

MOST_STRETCHES = 50
"""Of days that are not kept, in one statement; where they lie scattered all are counted from the calls."""
# One client may have several numbers, and a number may belong to no client yet.
CLIENT = case(
    (calls.c.contact_id.is_not(None), literal("client ") + cast(calls.c.contact_id, String)),
    else_=calls.c.e164,
)


@dataclass(frozen=True, slots=True)
class Clients:
    """How many different clients somebody talked with."""

    per_person: Mapping[int, int]
    """Under 0 those of phones linked to none, where all are counted."""
    in_all: int
    """Each once; 0 unless all are counted."""


def count(tx: Connection, wanted: ReportFilter, whose: Sequence[ColumnElement[bool]] | None) -> Clients:
    """The clients of the conversations; `whose` are conditions on `talks`, None counts everybody's.

    At most four statements.
    """
    # One person's are few. Days are kept by line: which region a call is of may change with its client.
    if whose is not None or wanted.region_id is not None:
        return _counted(tx, wanted, whose)
    return _kept(tx, wanted) or _counted(tx, wanted, None)


def _kept(tx: Connection, wanted: ReportFilter) -> Clients | None:
    """From what is kept; None if that is of no use."""
    firm = call_days.zone(tx)
    parts = parts_of(wanted.span, firm) if firm is not None else None
    if firm is None or parts is None or parts.days is None:
        return None
    found = client_days.read(tx, parts.days, sums_sliced(kept.c.line, wanted))
    missing = stretches(day for day in parts.days if day not in found.days)
    loose = [*parts.edges, *(days.span(firm) for days in missing)]
    if not found.days or len(loose) > MOST_STRETCHES:
        return None
    met = ClientsMet.together([found.met, _loose(tx, wanted, loose)])
    return Clients(*met.counted())


def _loose(tx: Connection, wanted: ReportFilter, spans: Sequence[Span]) -> ClientsMet:
    if not spans:
        return ClientsMet.of_rows(())
    begun = or_(*(and_(*within(span)) for span in spans))
    rows = tx.execute(client_days.pairs([begun, *calls_sliced(wanted)]))
    return ClientsMet.of_rows((person, contact_id, number) for _, person, contact_id, number in rows)


def _counted(tx: Connection, wanted: ReportFilter, whose: Sequence[ColumnElement[bool]] | None) -> Clients:
    per_person = _talked_with([client_days.WHO], wanted).where(*whose or ()).group_by(client_days.WHO)
    in_all = tx.execute(_talked_with([], wanted)).scalar_one() if whose is None else 0
    return Clients({person: clients for person, clients in tx.execute(per_person)}, in_all)


def _talked_with(columns: Sequence[ColumnElement[Any]], wanted: ReportFilter) -> Select[Any]:
    """Distinct clients of the conversations; from the talks, since few calls have more than one."""
    query = select(*columns, func.count(CLIENT.distinct()))
    query = query.select_from(talks.join(calls, calls.c.id == talks.c.call_id))
    return query.where(WITH_CLIENTS, *within(wanted.span), *calls_sliced(wanted))
